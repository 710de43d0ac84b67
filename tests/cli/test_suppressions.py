"""`campana suppressions` as a person runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from campana.cli.suppressions import app
from tests.support.people import ANA, BRUNO

Campana = Callable[..., Result]


@pytest.fixture
def campana(conninfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Campana:
    """Run `campana suppressions …` in this process, on a fresh database."""
    monkeypatch.setenv("CAMPANA_DATABASE_URL", conninfo)
    monkeypatch.setenv("CAMPANA_DATA_DIR", str(tmp_path / "state"))

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words])

    return run


def test_imports_numbers_and_finds_them_again(campana: Campana, tmp_path: Path) -> None:
    file = tmp_path / "never.csv"
    file.write_text("(201) 555-0101\n12\n")
    done = campana("import", file, "--reason", "asked", "--country", "us", "--source", "old system")
    assert done.exit_code == 0, done.output
    import_id = done.stdout.split("campana suppressions errors ")[1].split()[0]
    [refused] = json.loads(campana("errors", import_id, "--json").stdout)
    assert (refused["row"], refused["value"]) == (2, "12")
    assert "12" in campana("errors", import_id).stdout
    ana, bruno = json.loads(campana("check", ANA, BRUNO, "--json").stdout)
    assert (ana["isSuppressed"], bruno["isSuppressed"]) == (True, False)
    assert ana["suppressions"][0]["source"] == "old system"
    shown = campana("check", ANA, BRUNO).stdout
    assert "asked" in shown
    assert "nothing" in shown


def test_the_same_file_again_changes_nothing(campana: Campana, tmp_path: Path) -> None:
    file = tmp_path / "never.csv"
    file.write_text(f"phone\n{ANA}\n")
    told = [
        json.loads(
            campana("import", file, "--reason", "r", "--expires", "2099-01-31", "--json").stdout
        )
        for _ in range(2)
    ]
    assert [(each["accepted"], each["duplicate"]) for each in told] == [(1, 0), (0, 1)]


def test_what_is_wrong_is_said(campana: Campana, tmp_path: Path) -> None:
    file = tmp_path / "never.csv"
    file.write_text("name\nAna\n")
    refused = campana("import", file, "--reason", "r")
    assert refused.exit_code == 1
    assert "no column is named like a phone number or an e-mail" in refused.output
    assert campana("import", file, "--reason", "r", "--expires", "soon").exit_code == 2
    assert campana("import", file, "--reason", "r", "--country", "usa").exit_code == 2
    assert campana("check", "nobody").exit_code == 1
