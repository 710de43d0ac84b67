"""Kill -9 in the middle of calling, judged by the softphones' log and the file of people alone."""

from __future__ import annotations

import itertools
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from campana.demo.plan import Behavior, Plan
from tests.journeys.served import Served, exchange, served, until
from tests.support.people import reserved_numbers

pytestmark = pytest.mark.slow

PEOPLE = 300
KILLS = 20

BOT = {
    "greeting": "Hello.",
    "steps": [
        {"type": "ask", "id": "q", "text": "Press one.", "keys": {"1": "end"}},
        {"type": "end", "id": "end", "text": "Bye."},
    ],
}


def behaviors(index: int) -> tuple[Behavior, ...]:
    """Every tenth is busy at first, every fifteenth declines, every twentieth does not answer."""
    answers = Behavior(press=("1",), silence_seconds=0.3)
    if index % 10 == 0:
        return Behavior(do="busy"), answers
    if index % 15 == 1:
        return (Behavior(do="decline"),)
    if index % 20 == 3:
        return (Behavior(do="ring"),)
    return (answers,)


@pytest.mark.voice
@pytest.mark.timeout(1200)
def test_kill_20_times_in_300_calls_invites_nobody_twice_and_loses_nobody(folder: Path) -> None:
    people = reserved_numbers()[:PEOPLE]
    plan = Plan(numbers={number: behaviors(index) for index, number in enumerate(people)})
    with (
        exchange(folder, plan) as phones,
        served(folder, voice_processes=2, voice_lines=30, web_processes=0) as campana,
    ):
        campana.ready_to_call(port=phones.port, people=people, rate=12, burst=2, lines=40)
        campaign = campana.make(
            "campaign",
            {
                "name": "Kill",
                "type": "VoiceBot",
                "channelType": "Voice",
                "contactList": "people",
                "channel": "exchange",
                "window": {"always": True},
                "cadence": {
                    "busy": {"attempts": 2, "delaySeconds": 2},
                    "noAnswer": {"attempts": 1, "delaySeconds": 2},
                },
                "voiceBot": BOT,
            },
        )
        campana.run("campaign", "launch", campaign["id"])
        until(phones.events)
        kill(campana)
        # Whoever was called when a worker died waits for the sweeper, and for a busy machine.
        until(
            lambda: campana.json("campaign", "show", campaign["id"])["status"] == "Completed",
            patience=600,
        )
        progress = campana.json("campaign", "show", campaign["id"])["progress"]
        judge(phones.events(), people, progress)


def kill(campana: Served) -> None:
    """Kill -9 one of the children, twenty times, each time another one as chance would have it."""
    for turn in itertools.count():
        children = campana.children()
        victim = children[turn * 7919 % 13 % len(children)]
        victim.kill()
        if turn + 1 == KILLS:
            return
        until(lambda gone=victim: not gone.is_running())
        until(lambda: len(campana.children()) >= 3)
        time.sleep(0.5 + turn * 37 % 11 / 8)


def judge(
    events: Sequence[Mapping[str, Any]], people: Sequence[str], progress: Mapping[str, Any]
) -> None:
    """What the softphones saw, against whom the file names."""
    invited: dict[str, list[str]] = defaultdict(list)
    invites: dict[str, int] = defaultdict(int)
    answered: set[str] = set()
    again_after_answer: list[str] = []
    for event in events:
        number = event["number"]
        if event["event"] == "invite":
            invites[event["attempt"]] += 1
            invited[number].append(event["attempt"])
            if number in answered:
                again_after_answer.append(number)
        elif event["event"] == "answered":
            answered.add(number)
    unknown = progress["dispositions"].get("unknown", 0)
    twice = [attempt for attempt, count in invites.items() if count > 1]
    never = set(people) - set(invited)
    assert twice == [], "an attempt was put on the network twice"
    assert again_after_answer == [], "a person who had answered was called again"
    assert set(invited) <= set(people), "somebody was called who is not in the file"
    assert len(never) <= unknown, "somebody was never called, and nobody says so"
    assert progress["targets"] == {
        "waiting": 0,
        "attempting": 0,
        "talking": 0,
        "finished": len(people),
    }
    assert sum(progress["dispositions"].values()) == len(people)
    assert all(len(attempts) <= 2 for attempts in invited.values())
    # The kills did hit calls: else this test would prove nothing.
    assert unknown > 0
    print(f"{len(events)} events, {unknown} unknown, {len(never)} never invited")  # noqa: T201
