"""From a CSV to the end on the sandbox, by the command line alone, judged by the sandbox's log."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from campana.sandbox.plan import Behavior, Plan, Seconds
from tests.journeys.served import served, until
from tests.support.people import reserved_numbers
from tests.support.sandbox import SECRET, sandbox

pytestmark = pytest.mark.slow

PEOPLE = reserved_numbers()[:20]
CONFIRMS, STOPS, LEAVES = reserved_numbers()[20:23]
FLOW = {
    "name": "Visit",
    "nodes": {
        "begin": {"type": "start", "next": "coming"},
        "coming": {
            "type": "gather",
            "text": "Can you come?",
            "answer": {"type": "yes_no"},
            "next": "end",
            "timeoutSeconds": 6,
            "onTimeout": "gone",
            "onHangUp": "back",
        },
        "back": {
            "type": "wait_inbound_call",
            "timeoutSeconds": 3600,
            "onTimeout": "gone",
            "next": "again",
        },
        "again": {
            "type": "gather",
            "text": "You called?",
            "cases": {"1": "told"},
            "timeoutSeconds": 6,
            "onTimeout": "gone",
        },
        "told": {"type": "end", "status": "callback_request"},
        "end": {"type": "end", "status": "completed"},
        "gone": {"type": "end", "status": "no_answer"},
    },
}
BUSY_AT_FIRST, DECLINES = PEOPLE[0], PEOPLE[1]


@pytest.mark.timeout(600)
def test_a_campaign_on_the_sandbox_by_the_command_line(folder: Path) -> None:
    well = Behavior(outcome="completed")
    plan = Plan(
        people={
            **dict.fromkeys(PEOPLE, (well,)),
            BUSY_AT_FIRST: (Behavior(outcome="busy"), well),
            DECLINES: (Behavior(outcome="declined"),),
            CONFIRMS: (Behavior(outcome="completed", does=("Yes, please.",)),),
            STOPS: (Behavior(outcome="completed", does=("Stop calling me.",)),),
            LEAVES: (Behavior(outcome="hung_up", calls=("1",)),),
        },
        # They call when their flow has certainly heard that they hung up.
        seconds=Seconds(think=(5.0, 5.0)),
    )
    with sandbox(folder, plan) as running, served(folder, voice_processes=0) as campana:
        campana.run("allow-countries", "US", "--default", "US")
        channel = {
            "name": "trial",
            "kind": "sandbox",
            "channelType": "Voice",
            "rate": 20,
            "lines": 100,
            "config": {"url": running.url, "secret": SECRET},
        }
        campana.make("channel", channel)
        file = folder / "people.csv"
        file.write_text("name,phone\n" + "".join(f"P{n},{p}\n" for n, p in enumerate(PEOPLE)))
        campana.json("lists", "import", "people", str(file), "--country", "US")
        campaign = campana.make(
            "campaign",
            {
                "name": "Trial",
                "type": "VoiceBot",
                "channelType": "Voice",
                "contactList": "people",
                "channel": "trial",
                "window": {"always": True},
                "cadence": {"busy": {"attempts": 2, "delaySeconds": 1}},
                "voiceBot": {
                    "greeting": "Hello.",
                    "steps": [{"type": "end", "id": "end", "text": "Bye."}],
                },
            },
        )
        campana.run("campaign", "launch", campaign["id"])
        until(lambda: campana.json("campaign", "show", campaign["id"])["status"] == "Completed")
        progress = campana.json("campaign", "show", campaign["id"])["progress"]
        assert progress["dispositions"] == {"completed": 19, "declined": 1}
        sends = [line["to"] for line in running.lines("send")]
        assert sorted(sends) == sorted([*PEOPLE, BUSY_AT_FIRST])
        assert SECRET not in (folder / "serve.log").read_text()
        assert SECRET not in campana.run("channel", "list", "--json")
        # A flow that calls is tried there too.
        flow = folder / "visit.yaml"
        flow.write_text(yaml.safe_dump(FLOW))
        campana.run("flow", "push", str(flow), "--publish")
        file.write_text(f"name,phone\nP0,{CONFIRMS}\nP1,{STOPS}\nP2,{LEAVES}\n")
        campana.json("lists", "import", "visitors", str(file), "--country", "US")
        visit = {"name": "Visit", "type": "Flow", "channelType": "Voice", "channel": "trial"}
        visit |= {"contactList": "visitors", "flow": {"id": "Visit"}, "window": {"always": True}}
        campaign = campana.make("campaign", visit)
        campana.run("campaign", "launch", campaign["id"])
        until(lambda: campana.json("campaign", "show", campaign["id"])["status"] == "Completed")
        progress = campana.json("campaign", "show", campaign["id"])["progress"]
        assert progress["dispositions"] == {"completed": 1, "opt_out": 1, "callback_request": 1}
        calls = {line["to"]: line["text"] for line in running.lines("send") if "text" in line}
        assert calls == dict.fromkeys((CONFIRMS, STOPS, LEAVES), "Can you come?")
