"""`campana table`, `campana credential` and `campana channel`: on a fresh database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from campana.cli import app

Campana = Callable[..., Result]
SECRET = "a-token-nobody-guesses"


@pytest.fixture
def campana(conninfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Campana:
    """Run `campana …` in this process."""
    monkeypatch.setenv("CAMPANA_DATABASE_URL", conninfo)
    monkeypatch.setenv("CAMPANA_DATA_DIR", str(tmp_path / "state"))

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words])

    return run


def told(result: Result) -> object:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_table_and_a_credential_come_change_and_go(campana: Campana, tmp_path: Path) -> None:
    rows, secret = tmp_path / "branches.csv", tmp_path / "crm.yaml"
    rows.write_text("city,fee\nLima,3\n")
    put = campana("table", "put", "branches", rows, "--json")
    assert told(put) == json.loads(campana("table", "list", "--json").stdout)[0]
    assert "1 rows by fee" in campana("table", "put", "branches", rows, "--key", "fee").stdout
    rows.write_text("City name\nLima\n")
    wrong = campana("table", "put", "branches", rows)
    assert (wrong.exit_code, "such as city_name" in wrong.output) == (1, True)
    assert campana("table", "delete", "branches").exit_code == 0
    assert campana("table", "delete", "branches").exit_code == 1

    secret.write_text(f"name: crm\nkind: bearer\ntoken: {SECRET}\n")
    made = told(campana("credential", "add", "-f", secret, "--json"))
    secret.write_text(f"name: crm\nkind: query\nparameter: key\nvalue: {SECRET}\n")
    replaced = campana("credential", "replace", "crm", "-f", secret)
    assert replaced.exit_code == 0, replaced.output
    listed = campana("credential", "list", "--json")
    assert [each["kind"] for each in json.loads(listed.stdout)] == ["query"]
    assert SECRET not in replaced.output + listed.output + str(made)
    assert campana("credential", "delete", "crm").exit_code == 0


def test_a_channel_is_paused_resumed_and_tested(campana: Campana, tmp_path: Path) -> None:
    file = tmp_path / "channel.yaml"
    file.write_text(
        "name: Line\nkind: sandbox\nchannelType: SMS\n"
        "config: {url: 'http://127.0.0.1:9', secret: a-secret-of-the-sandbox}\n"
    )
    assert campana("channel", "create", "-f", file).exit_code == 0
    assert campana("allow-countries", "US", "--default", "US").exit_code == 0
    assert "is paused" in campana("channel", "pause", "Line", "--reason", "fraud").stdout
    told_of = json.loads(campana("channel", "pause", "Line", "--json").stdout)
    assert (told_of["pausedBy"], told_of["pauseReason"]) == ("the command line", "fraud")
    refused = campana("channel", "send-test", "Line", "+12025550142", "--text", "Hello")
    assert (refused.exit_code, "paused" in refused.output) == (1, True)
    assert "is in use" in campana("channel", "resume", "Line").stdout
    sent = campana("channel", "send-test", "Line", "+12025550142", "--text", "Hello", "--json")
    assert [told(sent)] == told(campana("channel", "tests", "Line", "--json"))
