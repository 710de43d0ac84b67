"""To whom a call may be handed over, what a bot says around it, and what a final code means."""

from __future__ import annotations

import pytest

from campana.domain.answers import YesNo
from campana.domain.dialog import resume, start
from campana.domain.script import (
    TRANSFER_FAILED_TEXT,
    TRANSFER_TEXT,
    Ask,
    End,
    Ended,
    Heard,
    Key,
    Script,
    Spoken,
    Timeout,
    Transfer,
    TransferEnded,
    Transferring,
    Turn,
    texts,
)
from campana.domain.transfer import TransferOutcome, forbidden, refusal, wrong_with

DESK = "+12025550160"
PBX = "pbx.example.com"


@pytest.mark.parametrize(
    ("to", "why"),
    [
        (DESK, None),
        ("+442079460160", "country"),
        ("+19005550123", "premium"),
        ("+881612345678", "satellite"),
        ("12025550160", "must be a number such as"),
        (f"sip:desk@{PBX}", None),
        (f"sip:1001@{PBX}:5070", None),
        ("sip:desk@PBX.example.com", None),
        (f"sip:{DESK}@{PBX}", None),
        (f"sip:+442079460160@{PBX}", "country"),
        (f"sip:+19005550123@{PBX}", "premium"),
        (f"sip:0019005550123@{PBX}", "plus"),
        (f"sip:0-0.1*9005550123@{PBX}", "plus"),
        (f"sip:+1-900-555-0123@{PBX}", "premium"),
        ("sip:desk@elsewhere.example.com", f"must be at the host of one of .*: {PBX}"),
        (f"sip:desk@{PBX};transport=tcp", "must be a number such as"),
        (f"sip:desk@{PBX}?Replaces=1", "must be a number such as"),
        (f"sip:desk@{PBX}\r\nX: 1", "must be a number such as"),
        (f"{DESK}\n", "must be a number such as"),
        ("", "must be a number such as"),
    ],
)
def test_a_call_is_handed_over_only_to_whom_could_be_called(to: str, why: str | None) -> None:
    found = forbidden(to, countries={"US"}, hosts={PBX})
    if why is None:
        assert found is None
        return
    with pytest.raises(AssertionError, match=why):
        raise AssertionError(found)


def test_a_name_needs_a_trunk_to_be_at() -> None:
    found = forbidden(f"sip:desk@{PBX}", countries={"US"}, hosts=())
    assert found is not None
    assert wrong_with(f"sip:desk@{PBX}") is None


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (486, TransferOutcome.REFUSED),
        (603, TransferOutcome.REFUSED),
        (405, TransferOutcome.REFUSED),
        (None, TransferOutcome.REFUSED),
        (408, TransferOutcome.NO_ANSWER),
        (480, TransferOutcome.NO_ANSWER),
        (487, TransferOutcome.NO_ANSWER),
    ],
)
def test_a_final_code_says_whether_it_rang(status: int | None, outcome: TransferOutcome) -> None:
    assert (refusal(status).outcome, refusal(status).status) == (outcome, status)


STEPS = (
    Ask(id="q", text="Can you come?", answer=YesNo(yes="desk"), reprompts=0),
    Transfer(id="desk", to=DESK, text="Hold on, {{ contact.first_name }}.", otherwise="sorry"),
    End(id="sorry", text="Nobody is there.", result="sorry"),
)
SCRIPT = Script(greeting="Hello.", steps=STEPS)
NOBODY, SOMEBODY = TransferEnded(is_answered=False), TransferEnded(is_answered=True)


def said(turn: Turn) -> list[str]:
    return [utterance.text for utterance in turn.say]


def after(script: Script, *heard: Heard) -> Turn:
    turn = start(script, fields={"contact.first_name": "Ana"})
    for each in heard:
        turn = resume(script, turn.state, each)
    return turn


def test_a_step_hands_over_after_its_words() -> None:
    turn = after(SCRIPT, Spoken(text="Yes."))
    assert said(turn) == ["Hold on, Ana."]
    assert turn.then == Transferring(step="desk", to=DESK, seconds=25.0)
    assert after(SCRIPT, Spoken(text="Yes."), SOMEBODY).then == Ended()


def test_when_nobody_takes_it_the_step_says_where_to_go_on() -> None:
    turn = after(SCRIPT, Spoken(text="Yes."), NOBODY)
    assert (said(turn), turn.then) == (["Nobody is there."], Ended(result="sorry"))


def test_without_a_way_on_it_says_so_and_ends() -> None:
    script = Script(greeting="Hello.", steps=(Transfer(id="desk"),), transfer_to=DESK)
    assert said(after(script)) == ["Hello.", TRANSFER_TEXT]
    turn = after(script, NOBODY)
    assert (said(turn), turn.then) == ([TRANSFER_FAILED_TEXT], Ended(result="transfer_failed"))
    assert {TRANSFER_TEXT, TRANSFER_FAILED_TEXT} <= set(texts(script))
    assert TRANSFER_TEXT not in texts(Script(greeting="Hello.", steps=STEPS[2:]))


@pytest.mark.parametrize(
    "heard",
    [
        (Spoken(text="Well."), Spoken(text="Hm.")),
        (Spoken(text="Well."), Timeout()),
        (Timeout(), Key(key="9")),
    ],
)
def test_who_is_not_understood_comes_to_a_person(heard: tuple[Heard, ...]) -> None:
    script = Script(greeting="Hello.", steps=STEPS, transfer_to="+12025550161")
    turn = after(script, *heard)
    assert said(turn) == [TRANSFER_TEXT]
    assert turn.then == Transferring(step="q", to="+12025550161", seconds=25.0)
    failed = resume(script, turn.state, NOBODY)
    assert (said(failed), failed.then) == ([TRANSFER_FAILED_TEXT], Ended(result="transfer_failed"))


def test_silence_comes_to_nobody() -> None:
    script = Script(greeting="Hello.", steps=STEPS, transfer_to=DESK)
    assert after(script, Timeout(), Timeout()).then == Ended()


def test_a_question_that_knows_where_to_go_on_goes_there() -> None:
    ask = Ask(id="q", text="Press 1.", keys={"1": "end"}, reprompts=0, otherwise="end")
    script = Script(greeting="Hello.", steps=(ask, End(id="end", result="x")), transfer_to=DESK)
    assert after(script, Key(key="5")).then == Ended(result="x")
