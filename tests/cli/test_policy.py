"""`campana policy` and `campana prices` as a person runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from campana.cli import prices
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
    file.write_bytes("caps: [] # números\n".encode("latin-1"))
    assert campana("set", "-f", str(file)) == (1, f"campana: {file} is not UTF-8.\n")
    assert json.loads(campana("show")[1])["caps"] == [CAP]


def test_a_price_table_is_set_shown_and_refused(
    conninfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPANA_DATABASE_URL", conninfo)
    monkeypatch.setenv("CAMPANA_DATA_DIR", str(tmp_path / "state"))
    file = tmp_path / "prices.csv"
    file.write_text("channelType,prefix,per,amount\nVoice,US,minute,0.015\n")
    done = CliRunner().invoke(prices.app, ["set", str(file)])
    assert (done.exit_code, done.output) == (0, "1 prices are in force.\n")
    shown = CliRunner().invoke(prices.app, ["show", "--json"])
    assert json.loads(shown.output) == [
        {"channelType": "Voice", "prefix": "US", "per": "minute", "amount": "0.015000"}
    ]
    assert "0.015" in CliRunner().invoke(prices.app, ["show"]).output
    file.write_text("channelType,prefix,per,amount\nVoice,US,minute,cheap\n")
    refused = CliRunner().invoke(prices.app, ["set", str(file)])
    assert (refused.exit_code, "line 2" in refused.output) == (1, True)
    file.write_bytes("channelType,prefix,per,amount\nVoice,US,minute,1 €\n".encode("cp1252"))
    refused = CliRunner().invoke(prices.app, ["set", str(file)])
    assert (refused.exit_code, refused.output) == (1, f"campana: {file} is not UTF-8.\n")
