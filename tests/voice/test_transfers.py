"""Handing a call over: on a scripted line in virtual time, and on softphones over real SIP.

The softphone that is called is asked by our line to call another one, which takes the call or does
not; the exchange's log says what the telephones did.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from campana.domain.attempt import EventType
from campana.domain.script import End, Say, Script, Transfer
from campana.domain.transfer import TransferOutcome, Transferred, refusal
from campana.voice.call import run_call
from campana.voice.call_result import CallResult
from campana.voice.driver import Placement, Trunk
from campana.voice.speech import Speech
from tests.voice.peers import Exchange, LineProcess
from tests.voice.scripted import Deed, Events, LoopClock, ScriptedDriver
from tests.voice.virtual_time import run

ON_SIP = [pytest.mark.voice, pytest.mark.timeout(240), pytest.mark.xdist_group("exchange")]

DESK = "+12025550161"
ANSWERED = Transferred(outcome=TransferOutcome.ANSWERED, status=200)
SCRIPT = Script(
    greeting="Hello.",
    steps=(
        Transfer(id="desk", to=DESK, text="One moment.", timeout_seconds=10, otherwise="later"),
        *(Say(id=name, text="Nobody is there.") for name in ("later", "still")),
        End(id="end", result="later"),
    ),
)


def call(
    desk: tuple[float, Transferred], *deeds: Deed, may_transfer: bool = True
) -> tuple[CallResult, Events]:
    events = Events()

    async def work() -> CallResult:
        speech = Speech(engine=None, reason="tones will do")
        result = await run_call(
            ScriptedDriver(*deeds, ring=0.1, desks={DESK: desk}),
            Placement(
                attempt_id=UUID(int=1),
                to="+12025550101",
                trunk=Trunk(host="127.0.0.1"),
                caller_id="+12025550100",
            ),
            SCRIPT,
            {},
            speech=speech,
            recording=None,
            clock=LoopClock(),
            emit=events.append,
            may_transfer=lambda to: may_transfer and to == DESK,
        )
        speech.close()
        return result

    return run(work()), events


def came_of(result: CallResult) -> list[tuple[TransferOutcome, int | None]]:
    return [(each.outcome, each.status) for each in result.handovers]


def test_whoever_takes_it_has_it() -> None:
    result, events = call((4.0, ANSWERED))
    assert (result.end, result.reason, result.is_transferred) == ("answered", "transferred", True)
    assert came_of(result) == [(TransferOutcome.ANSWERED, 200)]
    [handover] = result.handovers
    assert (handover.step, handover.to) == ("desk", DESK)
    told = [event for event in events if event.type.startswith("transfer")]
    assert [event.type for event in told] == [EventType.TRANSFERRING, EventType.TRANSFER_ENDED]
    assert (told[0].detail["to"], told[1].detail["outcome"]) == (DESK, "answered")


def test_who_refuses_it_leaves_it_with_the_bot() -> None:
    result, _ = call((1.0, refusal(486)))
    assert (result.reason, result.result, result.finished) == ("script", "later", True)
    assert came_of(result) == [(TransferOutcome.REFUSED, 486)]
    assert not result.is_transferred


def test_who_takes_it_after_its_time_has_it_all_the_same() -> None:
    result, _ = call((10.3, ANSWERED))
    assert result.reason == "transferred"
    assert "Nobody is there." in [line.text for line in result.transcript]
    assert came_of(result) == [(TransferOutcome.ANSWERED, 200)]


def test_a_call_that_ends_before_the_report_leaves_it_unknown() -> None:
    result, events = call((8.0, ANSWERED), (6.0, "hang_up", ""))
    assert (result.reason, result.is_transferred) == ("callee", False)
    assert came_of(result) == [(TransferOutcome.UNKNOWN, None)]
    assert EventType.TRANSFER_ENDED not in events.types()


def test_nobody_is_asked_whom_the_rules_do_not_allow() -> None:
    result, _ = call((0.0, ANSWERED), may_transfer=False)
    assert came_of(result) == [(TransferOutcome.BARRED, None)]
    assert result.result == "later"


CALLEES = {"desk": "+12025550101", "busy desk": "+12025550102", "empty desk": "+12025550103"}
DESKS = {"desk": DESK, "busy desk": "+12025550162", "empty desk": "+12025550163"}
PLAN = {
    "numbers": {
        DESKS["desk"]: [{"do": "answer"}],
        DESKS["busy desk"]: [{"do": "busy"}],
        DESKS["empty desk"]: [{"do": "ring"}],
    },
    "default": [{"do": "answer"}],
}


class Calls:
    """One call to each kind of desk, all placed at once."""

    def __init__(self, directory: Path) -> None:
        self.exchange = Exchange(PLAN, directory)
        self.line = LineProcess()
        for name, to in CALLEES.items():
            self.line.place(name, to=to, port=self.exchange.port, script=name)

    def seen_at(self, number: str) -> list[str]:
        """What the telephone of that number did, whoever called it."""
        seen = self.exchange.everything()
        return [str(each["event"]) for each in seen if each["number"] == number]


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    made = Calls(tmp_path_factory.mktemp("transfers"))
    try:
        yield made
        made.line.close()
        made.exchange.close()
    finally:
        made.line.kill()


class TestOnSoftphones:
    pytestmark = ON_SIP

    def test_the_callee_talks_to_who_answers_there(self, calls: Calls) -> None:
        result = calls.line.result("desk")
        assert (result["reason"], result["transfers"]) == (
            "transferred", [[DESK, "answered", 200]],
        )  # fmt: skip
        assert result["said"] == ["Hello.", "One moment."]
        [referred] = [
            each for each in calls.exchange.everything()
            if (each["event"], each["number"]) == ("referred", CALLEES["desk"])
        ]  # fmt: skip
        assert referred["to"] == f"sip:{DESK}@127.0.0.1:{calls.exchange.port}"
        assert calls.seen_at(DESK)[:2] == ["invite", "answered"]
        assert "transfer_ended" in calls.line.events("desk")

    def test_a_desk_that_is_busy_sends_them_back_to_the_bot(self, calls: Calls) -> None:
        result = calls.line.result("busy desk")
        assert result["transfers"] == [[DESKS["busy desk"], "refused", 486]]
        assert (result["reason"], result["result"]) == ("script", "later")
        assert result["said"][-1] == "Nobody is there."
        assert calls.seen_at(DESKS["busy desk"]) == ["invite", "refused"]

    def test_a_desk_where_nobody_answers_is_not_waited_for_for_ever(self, calls: Calls) -> None:
        result = calls.line.result("empty desk")
        assert result["transfers"] == [[DESKS["empty desk"], "no_answer", None]]
        assert (result["reason"], result["result"]) == ("script", "transfer_failed")
        assert "invite" in calls.seen_at(DESKS["empty desk"])
