"""A model that hands the call over: to whom the bot's author named, if the bot has the tool."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campana.domain.prompted import EndTool, TransferTool
from campana.domain.script import Script
from campana.domain.speaking import Words
from campana.domain.transfer import TransferOutcome, Transferred, refusal
from tests.voice.test_model_talk import BYE, SCRIPT, conversation, tool

DESK, OTHER = "+12025550160", "+12025550161"
ANSWERED = Transferred(outcome=TransferOutcome.ANSWERED, status=200)
RINGS = (Words(text="I will ask."), tool("transfer"))


def having(*tools: TransferTool) -> Script:
    assert SCRIPT.prompt is not None
    prompt = replace(SCRIPT.prompt, tools=(EndTool(results=("booked",)), *tools), result=None)
    return replace(SCRIPT, prompt=prompt, transfer_to=DESK)


GOODBYE = (BYE[0], tool("end", '{"result": "booked"}'))


def test_whoever_takes_it_has_it() -> None:
    had = conversation(RINGS, script=having(TransferTool()), desks={DESK: (3.0, ANSWERED)})
    [handover] = had.talk.notes.handovers
    assert (handover.step, handover.to, handover.outcome) == ("transfer", DESK, "answered")
    assert had.said == ["Hello.", "I will ask.", SCRIPT.transfer_text]
    assert len(had.mind.asked) == 1
    assert had.talk.notes.talked is not None
    assert [(each.name, each.outcome) for each in had.talk.notes.talked.used] == [
        ("transfer", "done")
    ]


def test_a_tool_may_ring_for_somebody_else_than_the_bot_does() -> None:
    script = having(TransferTool(to=OTHER))
    had = conversation(RINGS, script=script, desks={OTHER: (1.0, ANSWERED)})
    assert [each.to for each in had.talk.notes.handovers] == [OTHER]


@pytest.mark.parametrize(
    ("told", "may_transfer", "outcome"),
    [(refusal(486), True, "refused"), (ANSWERED, False, "barred")],
)
def test_when_nobody_takes_it_the_model_is_told_and_goes_on(
    told: Transferred, may_transfer: bool, outcome: str
) -> None:
    had = conversation(
        RINGS,
        GOODBYE,
        script=having(TransferTool()),
        desks={DESK: (1.0, told)},
        may_transfer=may_transfer,
    )
    assert [each.outcome for each in had.talk.notes.handovers] == [outcome]
    role, text = had.mind.told()[-1]
    assert (role, "nobody took the call" in text) == ("tool", True)
    assert (had.talk.notes.result, had.said[-1]) == ("booked", "Goodbye.")


def test_stop_calling_me_counts_while_it_rings() -> None:
    had = conversation(
        RINGS,
        script=having(TransferTool()),
        says=[(8.0, 1.0, "Stop calling me.")],
        desks={DESK: (20.0, ANSWERED)},
    )
    assert had.talk.notes.result == "opt_out"
    assert had.said[-1] == SCRIPT.opt_out_text


def test_what_is_said_while_it_rings_is_told_to_the_model() -> None:
    had = conversation(
        RINGS,
        GOODBYE,
        script=having(TransferTool()),
        says=[(8.0, 1.0, "How long will it take?")],
        desks={DESK: (10.0, refusal(480))},
    )
    assert [text for role, text in had.mind.told() if role == "user"][-1] == (
        "How long will it take?"
    )
    assert had.talk.notes.result == "booked"


def test_nobody_is_rung_for_more_than_twice() -> None:
    had = conversation(
        RINGS,
        RINGS,
        RINGS,
        GOODBYE,
        script=having(TransferTool()),
        desks={DESK: (1.0, refusal(486))},
    )
    assert len(had.talk.notes.handovers) == 2
    assert had.talk.notes.result == "booked"
    assert "do without" in had.mind.told()[-1][1]


def test_without_the_tool_the_bots_own_desk_is_rung_for_by_no_words() -> None:
    had = conversation(
        RINGS, GOODBYE, script=having(), desks={DESK: (1.0, ANSWERED), OTHER: (1.0, ANSWERED)}
    )
    assert had.talk.notes.handovers == []
    assert "no such tool" in had.mind.told()[-1][1]


def test_who_interrupts_is_not_put_through() -> None:
    had = conversation(
        RINGS,
        GOODBYE,
        script=having(TransferTool()),
        says=[(3.5, 1.0, "No, wait, please.")],
        desks={DESK: (1.0, ANSWERED)},
    )
    assert had.talk.notes.handovers == []
    assert had.talk.notes.result == "booked"
