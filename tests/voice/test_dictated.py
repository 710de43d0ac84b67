"""A call conducted step by step: what is heard, what the keys answer, and who it is handed to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from campana.domain.dictation import (
    Came,
    Collect,
    Hold,
    Order,
    Pressed,
    PutThrough,
    Silence,
    Speak,
    Spoken,
)
from campana.domain.transfer import TransferOutcome, Transferred, refusal
from campana.voice.call import run_call
from campana.voice.call_result import CallResult
from campana.voice.dictated import Dictation
from campana.voice.driver import NoAnswer, Placement, Trunk
from campana.voice.speech import Speech
from tests.voice.scripted import Deed, Events, LoopClock, ScriptedDriver
from tests.voice.virtual_time import run

DESK = "+12025550161"
HELLO = Speak(step="hello", text="Hello.")
MENU = Collect(step="menu", text="Press a key.", most=2, finish_on="#", seconds=5.0)
DESKED = PutThrough(step="desk", to=DESK, seconds=10.0)


def call(
    orders: Sequence[Order],
    *deeds: Deed,
    desk: tuple[float, Transferred] | None = None,
    may_transfer: bool = True,
    longest: timedelta = timedelta(hours=1),
    fails: NoAnswer | None = None,
) -> tuple[CallResult, list[Came | None]]:
    """These orders one after another, and what came of each."""
    told: list[Came | None] = []

    async def following(came: Came | None) -> Order | None:
        told.append(came)
        return orders[len(told) - 1] if len(told) <= len(orders) else None

    async def work() -> CallResult:
        speech = Speech(engine=None, reason="tones will do")
        desks = {DESK: desk} if desk is not None else None
        result = await run_call(
            ScriptedDriver(*deeds, ring=0.1, desks=desks, fails=fails),
            Placement(
                attempt_id=UUID(int=1),
                to="+12025550101",
                trunk=Trunk(host="127.0.0.1"),
                caller_id="+12025550100",
            ),
            Dictation(next=following, opening="Hello.", longest=longest),
            {},
            speech=speech,
            recording=None,
            clock=LoopClock(),
            emit=Events().append,
            may_transfer=lambda to: may_transfer and to == DESK,
        )
        speech.close()
        return result

    return run(work()), told


@pytest.mark.parametrize(
    ("deeds", "came"),
    [
        ([(4.0, "press", "1"), (5.0, "press", "2")], Pressed(keys="12")),
        ([(4.0, "press", "1"), (5.0, "press", "#")], Pressed(keys="1")),
        ([(4.0, "press", "#")], Pressed(keys="")),
        ([(4.0, "press", "1")], Pressed(keys="1")),
        ([], Silence()),
    ],
)
def test_keys_answer_until_there_are_enough(deeds: list[Deed], came: Came) -> None:
    result, told = call([MENU], *deeds)
    assert told == [None, came]
    assert (result.end, result.reason, result.finished) == ("answered", "script", True)


def test_a_key_cuts_short_what_asks_for_it_and_nothing_else() -> None:
    # The first comes while the greeting is said; the other two while the menu is.
    keys: list[Deed] = [(0.4, "press", "9")]
    result, told = call([HELLO, MENU, Hold(seconds=1.0)], *keys)
    assert told == [None, Spoken(), Silence(), None]
    assert result.keys == "9"
    begun = result.transcript[-1].at_ms / 1000
    early: list[Deed] = [(begun + 0.05, "press", "1"), (begun + 0.1, "press", "2")]
    result, told = call([HELLO, MENU], *early)
    assert told == [None, Spoken(), Pressed(keys="12")]
    assert [line.text for line in result.transcript] == ["Hello.", "Press a key.", "1", "2"]


def test_who_hangs_up_ends_it_where_it_was() -> None:
    result, told = call([HELLO, MENU], (3.0, "hang_up", ""))
    assert told == [None, Spoken()]
    assert (result.reason, result.finished) == ("callee", False)


def test_the_longest_time_ends_it() -> None:
    result, _ = call([Hold(seconds=60.0)], longest=timedelta(seconds=5))
    assert result.reason == "time_limit"


def test_nobody_answers_and_nobody_is_asked_what_to_say() -> None:
    result, told = call([HELLO], fails=NoAnswer(reason="nobody answered"))
    assert (result.end, told) == ("no_answer", [])


def test_whoever_takes_it_has_it_and_who_does_not_leaves_it() -> None:
    taken = Transferred(outcome=TransferOutcome.ANSWERED, status=200)
    result, _ = call([DESKED], desk=(2.0, taken))
    assert (result.reason, result.is_transferred) == ("transferred", True)
    result, told = call([DESKED, HELLO], desk=(1.0, refusal(486)))
    assert told == [None, refusal(486), Spoken()]
    assert (result.reason, result.is_transferred) == ("script", False)
    _, told = call([DESKED], desk=(1.0, taken), may_transfer=False)
    assert told == [None, Transferred(outcome=TransferOutcome.BARRED)]
