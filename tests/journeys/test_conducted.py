"""A flow that holds calls of its own, on real telephones, judged by what those witnessed.

A softphone speaks, or presses its key, only when it has heard speech and then silence. Where each
way of the flow ends says what was understood.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

pytest.importorskip("ctranslate2")
pytest.importorskip("hibari")

from campana.demo import voices
from campana.demo.plan import Behavior, Plan
from tests.journeys.served import Exchange, Served, exchange, served, until
from tests.support.folders import whole_folder
from tests.voice.ears.speaking import say

pytestmark = [pytest.mark.long, pytest.mark.voice, pytest.mark.timeout(600)]

TALKS, STOPS, PRESSES, IS_BUSY, WAITS, COMES_AFTER = (f"+12025550{n}" for n in range(101, 107))
DESK = "+12025550160"
SAYS = {TALKS: ("Yes, that works for me.", "After lunch, please."), STOPS: ("Stop calling me.",)}
ASK: Any = {"type": "gather", "timeoutSeconds": 20, "onTimeout": "gone", "onHangUp": "gone"}
ENDS: Any = {
    "end": {"type": "end", "status": "completed"},
    "gone": {"type": "end", "status": "no_answer"},
}
VISIT: Any = {
    "begin": {"type": "start", "next": "coming"},
    "coming": {
        **ASK,
        "text": "Can you come to the clinic on Tuesday?",
        "answer": {"type": "yes_no"},
        "cases": {"yes": "part", "no": "desk"},
    },
    "part": {
        **ASK,
        "text": "In the morning or in the afternoon?",
        "answer": {
            "type": "choice",
            "options": [
                {"value": "morning"},
                {"value": "afternoon", "phrases": ["afternoon", "after lunch"]},
            ],
        },
        "cases": {"morning": "gone", "afternoon": "thanks"},
    },
    "thanks": {"type": "say", "text": "Thank you.", "next": "end", "onNoAnswer": "gone"},
    "desk": {
        "type": "voice_transfer",
        "to": DESK,
        "timeoutSeconds": 30,
        "next": "with_desk",
        "onFailure": "gone",
    },
    "with_desk": {"type": "end", "status": "transferred"},
    **ENDS,
}
MENU: Any = {
    "begin": {"type": "start", "next": "menu"},
    "menu": {**ASK, "text": "Press one to confirm.", "cases": {"1": "thanks"}},
    "thanks": VISIT["thanks"],
    **ENDS,
}


@dataclass(frozen=True)
class Town:
    """A whole Campana and its telephones."""

    campana: Served
    phones: Exchange

    def seen(self, *events: str) -> list[tuple[str, str]]:
        """What the telephones saw, of these."""
        found = self.phones.events()
        return [(each["event"], each["number"]) for each in found if each["event"] in events]

    def launch(self, name: str, nodes: Mapping[str, Any], *, people: list[str], lines: int) -> str:
        """A campaign of a flow on a channel of its own; its id."""
        file = self.campana.folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump({"name": name, "nodes": dict(nodes)}))
        self.campana.run("flow", "push", str(file), "--publish")
        rows = self.campana.folder / f"{name}.csv"
        rows.write_text("name,phone\n" + "".join(f"P{n},{p}\n" for n, p in enumerate(people)))
        self.campana.json("lists", "import", name, str(rows), "--country", "US")
        config = {
            "trunks": [{"host": "127.0.0.1", "port": self.phones.port}],
            "callerIds": ["+12025550100"],
            "ringSeconds": 3,
        }
        channel: dict[str, Any] = {"name": name, "kind": "voice_sip", "config": config}
        self.campana.make("channel", {**channel, "rate": 5, "lines": lines})
        document: dict[str, Any] = {"name": name, "type": "Flow", "channelType": "Voice"}
        document |= {"contactList": name, "channel": name, "flow": {"id": name}}
        campaign = self.campana.make("campaign", {**document, "window": {"always": True}})
        self.campana.run("campaign", "launch", campaign["id"])
        return campaign["id"]

    def dispositions(self, campaign_id: str) -> dict[str, int]:
        """How everybody ended, once everybody has."""
        until(lambda: self.campana.json("campaign", "show", campaign_id)["status"] == "Completed")
        return self.campana.json("campaign", "show", campaign_id)["progress"]["dispositions"]


def behaviors(folder: Path) -> dict[str, tuple[Behavior, ...]]:
    """Two speak, one presses a key, one is busy; two press a wrong key first."""
    found = {
        PRESSES: (Behavior(press=("2",), silence_seconds=0.3),),
        IS_BUSY: (Behavior(do="busy"),),
        DESK: (Behavior(do="hang_up", hang_up_after=2.0),),
        **dict.fromkeys((WAITS, COMES_AFTER), (Behavior(press=("9", "1"), silence_seconds=0.3),)),
    }
    for number, texts in SAYS.items():
        files = [folder / f"{number}-{n}.wav" for n, _ in enumerate(texts)]
        for file, text in zip(files, texts, strict=True):
            voices.write(file, say(text, quiet=0.2))
        found[number] = (Behavior(play=tuple(map(str, files))),)
    return found


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with (
        whole_folder() as folder,
        exchange(folder, Plan(numbers=behaviors(folder))) as phones,
        served(folder, voice_processes=1, voice_lines=5, web_processes=0) as campana,
    ):
        campana.run("allow-countries", "US", "--default", "US")
        yield Town(campana, phones)


def test_people_are_called_once_and_understood_and_who_wants_no_more_is_left_alone(
    town: Town,
) -> None:
    people = [TALKS, STOPS, PRESSES, IS_BUSY]
    campaign = town.launch("Visit", VISIT, people=people, lines=5)
    assert town.dispositions(campaign) == {
        "completed": 1,
        "opt_out": 1,
        "transferred": 1,
        "no_answer": 1,
    }
    assert sorted(town.seen("invite", "pressed", "referred")) == [
        *(("invite", number) for number in (*people, DESK)),
        ("pressed", PRESSES),
        ("referred", PRESSES),
    ]
    checked = town.campana.json("suppressions", "check", STOPS, TALKS)
    assert [each["isSuppressed"] for each in checked] == [True, False]


def test_a_worker_killed_in_the_middle_takes_its_call_along_and_no_other(town: Town) -> None:
    people = [WAITS, COMES_AFTER]
    campaign = town.launch("Menu", MENU, people=people, lines=1)
    # The only line is taken by one of them, who has heard the question and pressed a wrong key.
    [(_, first)] = until(lambda: [each for each in town.seen("pressed") if each[1] in people])
    [worker] = [each for each in town.campana.children() if is_voice(each)]
    worker.kill()
    assert town.dispositions(campaign) == {"completed": 1, "no_answer": 1}
    invited = [number for _, number in town.seen("invite") if number in people]
    assert invited == [first, *(number for number in people if number != first)]


def is_voice(process: psutil.Process) -> bool:
    return "voice" in process.cmdline()
