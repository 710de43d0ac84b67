"""`campana contacts` and `campana retention`, as a person runs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from campana.cli import contacts, lists, retention, suppressions
from tests.support.people import ANA

Campana = Callable[..., Result]


@pytest.fixture
def campana(conninfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Campana:
    """Run `campana …` in this process, on a fresh database."""
    monkeypatch.setenv("CAMPANA_DATABASE_URL", conninfo)
    monkeypatch.setenv("CAMPANA_DATA_DIR", str(tmp_path / "state"))
    app = typer.Typer()
    for group in (contacts.app, lists.app, retention.app, suppressions.app):
        app.add_typer(group)

    def run(*words: str | Path, typed: str | None = None) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words], input=typed)

    return run


def test_a_person_is_shown_exported_and_erased(campana: Campana, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(f"phone,first name,external id,balance\n{ANA},Ana,P-1001,12.50\n")
    assert campana("lists", "import", "Patients", file, "--country", "US").exit_code == 0
    shown = campana("contacts", "show", "+1 201 555 0101").stdout
    assert ANA in shown
    assert "balance" in shown
    found = json.loads(campana("contacts", "show", "P-1001", "--json").stdout)
    assert (found["firstName"], found["history"]) == ("Ana", [])
    known = json.loads(campana("contacts", "export", found["id"]).stdout)
    assert [each["externalId"] for each in known["contacts"]] == ["P-1001"]
    assert known["attempts"] == []

    kept = campana("contacts", "erase", ANA, "--reason", "asked by letter", typed="n\n")
    assert (kept.exit_code, "1 contacts and 0 attempts" in kept.stdout) == (1, True)
    assert campana("contacts", "show", ANA).exit_code == 0
    erased = campana("contacts", "erase", ANA, "--reason", "Ana asked", "--yes", "--json")
    assert erased.exit_code == 0, erased.output
    told = json.loads(erased.stdout)
    assert (told["state"], told["reason"]) == ("done", "… asked")
    gone = campana("contacts", "show", ANA)
    assert gone.exit_code == 1
    assert "nobody has this number" in gone.stderr
    [checked] = json.loads(campana("suppressions", "check", ANA, "--json").stdout)
    assert checked["isSuppressed"]


def test_retention_is_replaced_whole(campana: Campana, tmp_path: Path) -> None:
    file = tmp_path / "retention.yaml"
    file.write_text("recordingDays: null\neventDays: 7\n")
    assert campana("retention", "set", "-f", file).exit_code == 0
    assert json.loads(campana("retention", "show").stdout) == {
        "recordingDays": None,
        "transcriptDays": 90,
        "attemptDays": 395,
        "messageDays": 395,
        "sessionDays": 395,
        "importRowDays": 90,
        "eventDays": 7,
    }
    file.write_text("recordingDays: 0\n")
    refused = campana("retention", "set", "-f", file)
    assert refused.exit_code == 1
    assert "/recordingDays" in refused.stderr
