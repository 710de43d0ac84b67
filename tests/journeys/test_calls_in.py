"""People who call a flow that waits for them: a whole Campana, and telephones that ring it."""

from __future__ import annotations

import contextlib
from typing import Any

import psutil
import pytest
import yaml

from tests.journeys.served import Served, served, until
from tests.support.caller import Caller
from tests.support.folders import whole_folder
from tests.voice.peers import free_port

pytestmark = [pytest.mark.long, pytest.mark.voice, pytest.mark.timeout(600)]

OURS, ANA, BRUNO, CARLA, NOBODY = (f"+1202555010{n}" for n in range(5))
FLOW: Any = {
    "name": "Call us",
    "nodes": {
        "begin": {"type": "start", "next": "call"},
        "call": {
            "type": "wait_inbound_call",
            "timeoutSeconds": 3600,
            "onTimeout": "gone",
            "next": "menu",
        },
        "menu": {
            "type": "gather",
            "text": "Press one to confirm.",
            "cases": {"1": "thanks"},
            "timeoutSeconds": 20,
            "onTimeout": "gone",
            "onHangUp": "gone",
        },
        "thanks": {"type": "say", "text": "Thank you.", "next": "end", "onNoAnswer": "gone"},
        "end": {"type": "end", "status": "completed"},
        "gone": {"type": "end", "status": "no_answer"},
    },
}


def launched(campana: Served) -> str:
    """A campaign that waits for the calls of three people; its id."""
    file = campana.folder / "flow.yaml"
    file.write_text(yaml.safe_dump(FLOW))
    campana.run("flow", "push", str(file), "--publish")
    rows = campana.folder / "people.csv"
    rows.write_text("name,phone\n" + "".join(f"P,{n}\n" for n in (ANA, BRUNO, CARLA)))
    campana.run("allow-countries", "US", "--default", "US")
    campana.json("lists", "import", "people", str(rows), "--country", "US")
    trunk = {"host": "127.0.0.1", "port": 9, "inbound": {"country": "US"}}
    config = {"trunks": [trunk], "callerIds": [OURS]}
    campana.make("channel", {"name": "trunk", "kind": "voice_sip", "rate": 5, "config": config})
    campaign = campana.make(
        "campaign",
        {
            "name": "Call us",
            "type": "Flow",
            "channelType": "Voice",
            "contactList": "people",
            "channel": "trunk",
            "flow": {"id": "Call us"},
            "window": {"always": True},
        },
    )
    campana.run("campaign", "launch", campaign["id"])
    return campaign["id"]


def is_open(gate: tuple[str, int]) -> bool:
    """Does the door answer us as one that it knows?"""
    with Caller(gate, called=OURS) as caller, contextlib.suppress(TimeoutError):
        caller.send(caller.request("OPTIONS"))
        return caller.receive(patience=0.5).first.startswith("SIP/2.0 200")
    return False


def rings(gate: tuple[str, int], number: str, **how: str) -> int:
    """What a call of this number comes to."""
    with Caller(gate, **{"called": OURS, "number": number, **how}) as caller:
        return caller.rings()


def holder(campana: Served, port: int) -> psutil.Process:
    """The worker that has the port."""
    [found] = [child for child in campana.children() if port in ports_of(child)]
    return found


def ports_of(process: psutil.Process) -> set[int]:
    """Where it listens for datagrams; nowhere when it has just ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return {each.laddr.port for each in process.net_connections("udp") if each.laddr}
    return set()


def test_who_is_waited_for_is_answered_once_and_nobody_else() -> None:
    gate = ("127.0.0.1", free_port())
    with (
        whole_folder() as folder,
        served(
            folder, voice_processes=2, voice_lines=5, web_processes=0, voice_inbound_port=gate[1]
        ) as campana,
    ):
        campaign = launched(campana)

        def progress() -> Any:
            return campana.json("campaign", "show", campaign)["progress"]

        until(lambda: progress()["targets"]["talking"] == 3)
        until(lambda: is_open(gate))
        assert rings(gate, ANA, source="127.0.0.2") == 403
        assert rings(gate, NOBODY) == 603
        assert rings(gate, ANA, called="+12025550177") == 404
        assert rings(gate, "anonymous") == 433
        assert progress()["targets"]["talking"] == 3

        # As a trunk of the country writes it; the trunk vouches for it, whoever they say they are.
        with Caller(gate, called="2025550100", number="777", asserted="2025550101") as ana:
            assert ana.rings() == 200
            assert ana.heard()
            assert rings(gate, ANA) == 486
            ana.press("1")
            ana.until_over()
        until(lambda: progress()["dispositions"] == {"completed": 1})
        assert rings(gate, ANA) == 603

        with (
            Caller(gate, called=OURS, number=BRUNO) as first,
            Caller(gate, called=OURS, number=BRUNO) as second,
        ):
            for each in (first, second):
                each.invite()
            assert sorted([first.final(), second.final()]) == [200, 486]
            (first if first.statuses[-1] == 200 else second).hang_up()
            until(lambda: progress()["dispositions"] == {"completed": 1, "no_answer": 1})

        campana.run("campaign", "pause", campaign)
        assert rings(gate, CARLA) == 480
        campana.run("campaign", "resume", campaign)
        with Caller(gate, called=OURS, number=CARLA) as carla:
            assert carla.rings() == 200
            assert carla.heard()
            worker = holder(campana, gate[1])
            worker.kill()
            # Another worker has the door at once, and the call is taken up when its owner is gone.
            until(lambda: is_open(gate))
            assert holder(campana, gate[1]) != worker
            assert rings(gate, NOBODY) == 603
            until(lambda: campana.json("campaign", "show", campaign)["status"] == "Completed")
        assert progress()["dispositions"] == {"completed": 1, "no_answer": 2}
