"""`campana campaign why|preflight|retry|add` and `channel change` as a person runs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from campana.cli import app
from tests.support.people import csv_of

Campana = Callable[..., Result]

CHANNEL = """
name: Main line
kind: voice_sip
rate: 2
lines: 5
config:
  trunks: [{host: 127.0.0.1, port: 5060}]
  callerIds: ["+12025550100"]
"""
CAMPAIGN = """
name: Reminder
type: VoiceBot
channelType: Voice
contactList: People
channel: Main line
window: {always: true}
voiceBot:
  greeting: Hello.
  steps: [{type: end, id: bye, text: Goodbye.}]
"""


@pytest.fixture
def campana(conninfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Campana:
    """Run `campana …` in this process, on a fresh database with a channel and two people."""
    monkeypatch.setenv("CAMPANA_DATABASE_URL", conninfo)
    monkeypatch.setenv("CAMPANA_DATA_DIR", str(tmp_path / "state"))

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words])

    people, channel = tmp_path / "people.csv", tmp_path / "channel.yaml"
    people.write_bytes(csv_of(["phone"], [["+12015550101"], ["+13125550102"]]))
    channel.write_text(CHANNEL)
    for words in (
        ("allow-countries", "US"),
        ("lists", "import", "People", people),
        ("channel", "create", "-f", channel),
    ):
        done = run(*words)
        assert done.exit_code == 0, done.output
    return run


def drafted(campana: Campana, tmp_path: Path, text: str = CAMPAIGN) -> str:
    file = tmp_path / "campaign.yaml"
    file.write_text(text)
    done = campana("campaign", "create", "-f", file, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)["id"]


def test_a_campaign_is_looked_at_launched_stopped_and_asked(
    campana: Campana, tmp_path: Path
) -> None:
    made = drafted(campana, tmp_path)
    told = campana("campaign", "preflight", made)
    assert told.exit_code == 0, told.output
    assert "2 people" in told.stdout
    shown = json.loads(campana("campaign", "preflight", made, "--json").stdout)
    assert (shown["isReady"], shown["people"], shown["eligible"]) == (True, 2, 2)
    assert sum(each["attempts"] for each in shown["planned"]) == 2

    assert "It is a draft" in campana("campaign", "why", made).stdout
    assert campana("campaign", "launch", made).exit_code == 0
    assert json.loads(campana("campaign", "why", made, "--json").stdout)["code"] == "no_worker"
    assert campana("campaign", "pause", made, "--hang-up").exit_code == 0
    assert "It was paused by the command line" in campana("campaign", "why", made).stdout

    nobody = campana("campaign", "retry", made, "busy", "unknown")
    assert (nobody.exit_code, nobody.stdout) == (
        0,
        "Nobody finished like that: nobody has finished yet.\n",
    )
    refused = campana("campaign", "retry", made, "completed")
    assert refused.exit_code == 1
    assert "nobody is tried again after completed" in refused.output
    assert campana("campaign", "add", made, "People").exit_code == 0
    assert campana("campaign", "add", made, "Others").exit_code == 1


def test_a_clone_can_be_launched_beside_the_first(campana: Campana, tmp_path: Path) -> None:
    made = drafted(campana, tmp_path)
    assert campana("campaign", "launch", made).exit_code == 0
    cloned = json.loads(campana("campaign", "clone", made, "--json").stdout)
    assert (cloned["name"], cloned["status"]) == ("Copy of Reminder", "Paused")
    assert cloned["id"] != made
    assert campana("campaign", "launch", cloned["id"]).exit_code == 0
    assert campana("campaign", "clone", "camp_none").exit_code == 1


def test_a_campaign_that_has_ended_is_archived_and_brought_back(
    campana: Campana, tmp_path: Path
) -> None:
    made = drafted(campana, tmp_path)
    refused = campana("campaign", "archive", made)
    assert refused.exit_code == 1
    assert "a draft cannot be archived: delete it instead" in refused.output
    assert campana("campaign", "cancel", made).exit_code == 0
    for _ in range(2):
        shown = campana("campaign", "archive", made)
        assert (shown.exit_code, shown.stdout) == (0, f"{made}  Reminder: Completed, archived\n")
    assert json.loads(campana("campaign", "show", made, "--json").stdout)["archived"] is True
    back = json.loads(campana("campaign", "unarchive", made, "--json").stdout)
    assert (back["state"], back["archived"]) == ("Cancelled", False)


def test_a_draft_that_cannot_be_launched_fails_and_says_why(
    campana: Campana, tmp_path: Path
) -> None:
    made = drafted(campana, tmp_path, "name: N\ntype: VoiceBot\nchannelType: Voice\n")
    told = campana("campaign", "preflight", made)
    assert told.exit_code == 1
    assert "cannot be launched: /channel: how to contact them is not chosen" in told.stdout


def test_a_channel_is_changed(campana: Campana) -> None:
    done = campana("channel", "change", "Main line", "--rate", "0.5", "--daily-attempts", "100")
    assert done.exit_code == 0, done.output
    assert done.stdout == "Main line: 0.5 a second, 1 at once, 5 lines, 100 a day\n"
    done = campana("channel", "change", "Main line", "--daily-attempts", "0", "--json")
    assert json.loads(done.stdout)["dailyAttempts"] is None
    refused = campana("channel", "change", "Main line", "--lines", "0")
    assert refused.exit_code == 1
    assert "/lines: must be at least 1" in refused.output


def test_a_channel_whose_account_cannot_be_used_fails_the_command(campana: Campana) -> None:
    told = campana("channel", "test", "Main line")
    assert told.exit_code == 1
    assert told.stdout.startswith("Main line cannot be used as it is: ")
    assert json.loads(campana("channel", "test", "Main line", "--json").stdout)["isWell"] is False
    assert campana("channel", "test", "nobody's").exit_code == 1
