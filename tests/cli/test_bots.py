"""`campana bot validate`, `push`, `publish`, `list` and `show`: bots kept in the database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from campana.cli import bots
from campana.cli.bots import app
from campana.domain.script import Script
from campana.web.bot_examples import TEXT

CAMPAIGN = """\
name: January
type: VoiceBot
channelType: Voice
voiceBot:
  greeting: Hello.
  steps:
    - {id: done, type: end}
"""

Campana = Callable[..., Result]


@pytest.fixture
def campana(conninfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Campana:
    """Run `campana bot …` in this process, on a fresh database."""
    monkeypatch.setenv("CAMPANA_DATABASE_URL", conninfo)
    monkeypatch.setenv("CAMPANA_DATA_DIR", str(tmp_path / "state"))

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words])

    return run


def test_a_file_becomes_a_draft_and_a_version_and_is_shown_as_typed(
    campana: Campana, tmp_path: Path
) -> None:
    file = tmp_path / "bot.yaml"
    file.write_text(TEXT, "utf-8")
    pushed = campana("push", file)
    assert pushed.exit_code == 0, pushed.output
    assert "Appointment reminder, draft 1" in pushed.stdout
    first = json.loads(campana("publish", "Appointment reminder", "--json").stdout)
    assert first["number"] == 1
    file.write_text(TEXT.replace("Tuesday", "Wednesday"), "utf-8")
    second = json.loads(campana("push", file, "--publish", "--json").stdout)
    assert second["version"] == 2
    [listed] = json.loads(campana("list", "--json").stdout)
    assert listed["publishedVersion"] == 2
    assert campana("show", listed["id"], "--version", "1").stdout == TEXT
    assert "Wednesday" in campana("show", listed["id"]).stdout
    shown = json.loads(campana("show", listed["id"], "--version", "2", "--json").stdout)
    assert shown["hash"] == json.loads(campana("validate", file, "--json").stdout)["hash"]


def test_the_bot_of_a_campaign_is_kept_under_its_name(campana: Campana, tmp_path: Path) -> None:
    file = tmp_path / "campaign.yaml"
    file.write_text(CAMPAIGN, "utf-8")
    assert campana("push", file, "--publish").exit_code == 0
    assert campana("show", "January").stdout.startswith("name: January\ngreeting: Hello.\n")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (TEXT.replace("id: done", "id: done, next: gone"), ":5: /steps/0/next: "),
        (CAMPAIGN.replace("type: end", "type: ends"), ":7: /voiceBot/steps/0/type: "),
        ("name: [\n", ":2: "),
        ("- a\n", ":1: must be an object"),
    ],
)
def test_what_is_wrong_is_said_by_line(
    campana: Campana, tmp_path: Path, text: str, line: str
) -> None:
    file = tmp_path / "bot.yaml"
    file.write_text(text, "utf-8")
    said = campana("validate", file)
    assert said.exit_code == 1
    assert f"{file}{line}" in said.output


def test_what_cannot_be_used_is_kept_and_says_why(campana: Campana, tmp_path: Path) -> None:
    file = tmp_path / "bot.yaml"
    file.write_text(TEXT.replace("id: done, type: end", "id: a, type: say, next: b"), "utf-8")
    pushed = campana("push", file, "--publish")
    assert pushed.exit_code == 1
    assert "/steps/0/next" in pushed.output
    [listed] = json.loads(campana("list", "--json").stdout)
    assert listed["publishedVersion"] is None
    file.write_text("greeting: Hello.\n", "utf-8")
    assert "a name" in campana("push", file).output


def test_the_bot_that_is_tried_is_the_one_that_is_named(
    campana: Campana, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to the calls, which tests/bottest makes."""
    tried: list[str] = []

    def note(script: Script, *_: object, **__: object) -> list[object]:
        tried.append(script.greeting)
        return []

    monkeypatch.setattr(bots, "_tried", note)
    file = tmp_path / "bot.yaml"
    for word in ("one", "two", "three"):
        file.write_text(TEXT.replace("greeting: Hello", f"greeting: {word}"), "utf-8")
        publish = ["--publish"] if word != "three" else []
        assert campana("push", file, *publish).exit_code == 0
    name = "Appointment reminder"
    pin = tmp_path / "pin.yaml"
    pin.write_text(f"name: X\nvoiceBot: {{id: {name}, version: 1}}\n", "utf-8")
    for words in ([name], [name, "--version", "1"], [name, "--draft"], [file], [pin]):
        assert campana("test", *words).exit_code == 0, words
    assert [each.split()[0] for each in tried] == ["two", "one", "three", "three", "one"]
    for words in (["nobody"], [name, "--version", "9"]):
        refused = campana("test", *words)
        assert refused.exit_code == 1
        assert "no bot" in refused.output
    assert campana("test", file, "--draft").exit_code == 2
