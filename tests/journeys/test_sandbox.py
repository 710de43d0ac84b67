"""From a CSV to the end on the sandbox, by the command line alone, judged by the sandbox's log."""

from __future__ import annotations

from pathlib import Path

import pytest

from campana.sandbox.plan import Behavior, Plan
from tests.journeys.served import served, until
from tests.support.people import reserved_numbers
from tests.support.sandbox import SECRET, sandbox

pytestmark = pytest.mark.slow

PEOPLE = reserved_numbers()[:20]
BUSY_AT_FIRST, DECLINES = PEOPLE[0], PEOPLE[1]


@pytest.mark.timeout(600)
def test_a_campaign_on_the_sandbox_by_the_command_line(folder: Path) -> None:
    well = Behavior(outcome="completed")
    plan = Plan(
        people={
            **dict.fromkeys(PEOPLE, (well,)),
            BUSY_AT_FIRST: (Behavior(outcome="busy"), well),
            DECLINES: (Behavior(outcome="declined"),),
        }
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
