"""`campana flow push`, `publish` and `list`: flows kept in the database."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from campana.cli.flows import app

EXAMPLE = Path(__file__).parents[2] / "docs" / "flows" / "appointment.yaml"

Campana = Callable[..., Result]


@pytest.fixture
def campana(conninfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Campana:
    """Run `campana flow …` in this process, on a fresh database."""
    monkeypatch.setenv("CAMPANA_DATABASE_URL", conninfo)
    monkeypatch.setenv("CAMPANA_DATA_DIR", str(tmp_path / "state"))

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words])

    return run


def test_a_file_becomes_a_draft_and_a_version(campana: Campana, tmp_path: Path) -> None:
    pushed = campana("push", EXAMPLE)
    assert pushed.exit_code == 0, pushed.output
    assert "Appointment reminder, draft 1" in pushed.stdout
    first = json.loads(campana("publish", "Appointment reminder", "--json").stdout)
    assert first["number"] == 1
    changed = tmp_path / "changed.yaml"
    changed.write_text(EXAMPLE.read_text("utf-8").replace("See you then", "Till then"))
    second = json.loads(campana("push", changed, "--publish", "--json").stdout)
    assert second["version"] == 2
    [listed] = json.loads(campana("list", "--json").stdout)
    assert listed["publishedVersion"] == 2


def test_what_cannot_be_run_is_kept_and_says_why(campana: Campana, tmp_path: Path) -> None:
    file = tmp_path / "half.yaml"
    file.write_text("name: Half\nnodes:\n  begin: {type: start, next: nowhere}\n")
    pushed = campana("push", file, "--publish")
    assert pushed.exit_code == 1
    assert "/nodes/begin/next" in pushed.output
    assert [each["name"] for each in json.loads(campana("list", "--json").stdout)] == ["Half"]


@pytest.mark.timeout(180)
def test_no_command_waits_for_what_reads_flows() -> None:
    program = "import sys, campana.cli; print('liquid' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "False"
