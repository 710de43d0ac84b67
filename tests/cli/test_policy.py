"""`campana policy` as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from campana.cli.policy import app

CAP = {"per": "number", "attempts": 3, "days": 7}


def test_a_policy_is_set_shown_and_refused(
    conninfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPANA_DATABASE_URL", conninfo)
    monkeypatch.setenv("CAMPANA_DATA_DIR", str(tmp_path / "state"))
    file = tmp_path / "policy.yaml"

    def campana(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, list(words))
        return result.exit_code, result.output

    file.write_text("caps:\n- {per: number, attempts: 3, days: 7}\n")
    assert campana("set", "-f", str(file))[0] == 0
    status, shown = campana("show")
    assert (status, json.loads(shown)["caps"]) == (0, [CAP])
    file.write_text("caps:\n- {per: number, attempts: 0, days: 7}\n")
    status, told = campana("set", "-f", str(file))
    assert (status, "/caps/0/attempts" in told) == (1, True)
    assert json.loads(campana("show")[1])["caps"] == [CAP]
