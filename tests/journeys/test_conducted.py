"""A flow that holds calls of its own, on real telephones, judged by what those witnessed.

A softphone presses its key only when it has heard speech and then silence.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from campana.demo.plan import Behavior, Plan
from tests.journeys.served import exchange, served, until

pytestmark = [pytest.mark.slow, pytest.mark.voice, pytest.mark.timeout(600)]

PRESSES_ONE, PRESSES_TWO, IS_BUSY = "+12025550101", "+12025550102", "+12025550103"
DESK = "+12025550160"
FLOW: Any = {
    "name": "Visit",
    "nodes": {
        "begin": {"type": "start", "next": "menu"},
        "menu": {
            "type": "gather",
            "text": "Press one to confirm, two to talk to us.",
            "cases": {"1": "thanks", "2": "desk"},
            "timeoutSeconds": 20,
            "onTimeout": "gone",
            "onHangUp": "gone",
        },
        "thanks": {"type": "say", "text": "Thank you.", "next": "end", "onNoAnswer": "gone"},
        "desk": {
            "type": "voice_transfer",
            "to": DESK,
            "timeoutSeconds": 30,
            "next": "with_desk",
            "onFailure": "gone",
        },
        "end": {"type": "end", "status": "completed"},
        "with_desk": {"type": "end", "status": "transferred"},
        "gone": {"type": "end", "status": "busy"},
    },
}


def test_people_are_called_once_hear_the_flow_and_are_asked(folder: Path) -> None:
    plan = Plan(
        numbers={
            PRESSES_ONE: (Behavior(press=("1",), silence_seconds=0.3),),
            PRESSES_TWO: (Behavior(press=("2",), silence_seconds=0.3),),
            IS_BUSY: (Behavior(do="busy"),),
            DESK: (Behavior(do="hang_up", hang_up_after=2.0),),
        }
    )
    with (
        exchange(folder, plan) as phones,
        served(folder, voice_processes=1, voice_lines=5, web_processes=0) as campana,
    ):
        people = [PRESSES_ONE, PRESSES_TWO, IS_BUSY]
        campana.ready_to_call(port=phones.port, people=people, rate=5, lines=5)
        file = folder / "visit.yaml"
        file.write_text(yaml.safe_dump(FLOW))
        campana.run("flow", "push", str(file), "--publish")
        campaign = campana.make(
            "campaign",
            {
                "name": "Visit",
                "type": "Flow",
                "channelType": "Voice",
                "contactList": "people",
                "channel": "exchange",
                "window": {"always": True},
                "flow": {"id": "Visit"},
            },
        )
        campana.run("campaign", "launch", campaign["id"])
        until(lambda: campana.json("campaign", "show", campaign["id"])["status"] == "Completed")
        progress = campana.json("campaign", "show", campaign["id"])["progress"]
    seen = [
        (each["event"], each["number"])
        for each in phones.events()
        if each["event"] in {"invite", "pressed", "referred"}
    ]
    assert sorted(seen) == [
        *(("invite", number) for number in (*people, DESK)),
        *(("pressed", number) for number in (PRESSES_ONE, PRESSES_TWO)),
        ("referred", PRESSES_TWO),
    ]
    assert progress["dispositions"] == {"completed": 1, "transferred": 1, "busy": 1}
