"""From a CSV to the end on the sandbox, by the command line alone, judged by the sandbox's log."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from campana.domain.campaign import ChannelType
from campana.sandbox.plan import Behavior, Plan, Seconds
from tests.journeys.served import Served, served, until
from tests.support.people import reserved_numbers
from tests.support.sandbox import SECRET, Sandboxed, sandbox

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


WRITTEN_TO, PUT_THROUGH = reserved_numbers()[30:50], reserved_numbers()[50:70]
NOTE = {
    "name": "Note",
    "nodes": {
        "begin": {"type": "start", "next": "note"},
        "note": {"type": "send_message", "text": "We open on Monday.", "next": "end"},
        "end": {"type": "end", "status": "delivered"},
    },
}
DESK = {
    "greeting": "Hello.",
    "transferTo": "+12025550199",
    "steps": [{"type": "transfer", "id": "desk"}],
}
AT_FIRST = 12
"""Of them the channel's day has room for so many: it cannot be over before it is stopped."""


@pytest.mark.timeout(600)
def test_complaints_and_calls_that_nobody_takes_over_stop_a_campaign(folder: Path) -> None:
    """Each stops its own, and who lets it go on when that is over brings it to its end."""
    plan = Plan(
        mix={ChannelType.SMS: {"delivered": 1}, ChannelType.VOICE: {"abandoned": 1}},
        complaints={ChannelType.SMS: 1},
    )
    with sandbox(folder, plan) as running, served(folder, voice_processes=0) as campana:
        campana.run("allow-countries", "US", "--default", "US")
        flow = folder / "note.yaml"
        flow.write_text(yaml.safe_dump(NOTE))
        campana.run("flow", "push", str(flow), "--publish")
        note = {"type": "Flow", "flow": {"id": "Note"}, "breakers": {"maxComplaintRate": 0}}
        desk = {"type": "VoiceBot", "voiceBot": DESK}
        desk["breakers"] = {"minimum": 10, "maxAbandonedTransferRate": 0.2}
        written = _launched(running, campana, "SMS", WRITTEN_TO, note)
        called = _launched(running, campana, "Voice", PUT_THROUGH, desk)
        reasons = [until(lambda each=each: _tripped(campana, each)) for each in (written, called)]
        assert re.search(r"[0-9]+ complaints? of [0-9]+ attempts in a day: above 0%", reasons[0])
        assert re.search(
            r"abandoned transfer rate of 100% \(([0-9]+) of \1 transfers\) is above 20%", reasons[1]
        )
        # Whoever complained is contacted no more, by anybody.
        known = campana.json("suppressions", "check", *WRITTEN_TO)
        assert {each["source"] for one in known for each in one["suppressions"]} == {"complaint"}

        running.change(complaints={}, mix={"SMS": {"delivered": 1}, "Voice": {"transferred": 1}})
        for name, campaign in (("sms", written), ("voice", called)):
            campana.run("channel", "change", name, "--daily-attempts", "0")
            campana.run("campaign", "resume", campaign)
        for campaign in (written, called):
            until(lambda each=campaign: _shown(campana, each)["status"] == "Completed")
        found = _shown(campana, called)["progress"]["dispositions"]
        assert 10 <= found["completed"] <= AT_FIRST
        assert found == {"completed": found["completed"], "transferred": 20 - found["completed"]}
        # A complaint changes nothing of how the message arrived.
        assert _shown(campana, written)["progress"]["dispositions"] == {"delivered": 20}


def _launched(
    running: Sandboxed, campana: Served, channel_type: str, people: Sequence[str], campaign: Any
) -> str:
    """A campaign to these people on a channel of its own, under way; its id."""
    name = channel_type.lower()
    channel = {"name": name, "kind": "sandbox", "channelType": channel_type, "rate": 20}
    channel |= {
        "lines": 100,
        "dailyAttempts": AT_FIRST,
        "config": {"url": running.url, "secret": SECRET},
    }
    campana.make("channel", channel)
    file = campana.folder / f"{name}.csv"
    file.write_text("name,phone\n" + "".join(f"P{n},{each}\n" for n, each in enumerate(people)))
    campana.json("lists", "import", name, str(file), "--country", "US")
    document = {"name": name, "channelType": channel_type, "contactList": name, "channel": name}
    made = campana.make("campaign", {**document, "window": {"always": True}, **campaign})
    campana.run("campaign", "launch", made["id"])
    return str(made["id"])


def _shown(campana: Served, campaign: str) -> Any:
    return campana.json("campaign", "show", campaign)


def _tripped(campana: Served, campaign: str) -> str | None:
    """Why it has stopped by itself; None while it has not."""
    shown = _shown(campana, campaign)
    assert shown["status"] != "Completed", shown
    if shown["state"] != "Tripped":
        return None
    return str(campana.json("campaign", "why", campaign)["sentence"])
