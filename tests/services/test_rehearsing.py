"""Calls that flows conduct on the sandbox: played as their callees behave, once each."""

from __future__ import annotations

from typing import Any

import pytest

from campana.domain.content import Text
from campana.domain.disposition import Disposition
from campana.services.claimed import content_of
from tests.services.test_conducting import NODES, VOICE, TalkOf, talk_of
from tests.support.campaign import ANA

__all__ = ["talk_of"]

ASK: dict[str, Any] = {"type": "gather", "timeoutSeconds": 6, "onTimeout": "silent"}
ENDS: dict[str, Any] = {
    "end": {"type": "end", "status": "completed"},
    "silent": {"type": "end", "status": "declined"},
    "gone": {"type": "end", "status": "no_answer"},
    "lost": {"type": "end", "status": "callback_request"},
}
SPOKEN: dict[str, Any] = {
    "a": {"type": "say", "text": "Hello.", "next": "coming", "onNoAnswer": "gone"},
    "coming": {
        **ASK,
        "text": "Can you come?",
        "answer": {"type": "yes_no"},
        "cases": {"yes": "many", "no": "desk"},
        "onHangUp": "gone",
        "onNotUnderstood": "lost",
    },
    "many": {**ASK, "text": "How many?", "maxDigits": 2, "finishOn": "#", "next": "end"},
    "desk": {**NODES["through"], "next": "end", "onFailure": "gone"},
    **ENDS,
}
GOODBYE = "You will not be called again. Goodbye."


@pytest.mark.parametrize(
    ("outcome", "does", "became", "target", "said"),
    [
        ("completed", "Yes, please.\n12", "completed", "completed",
         ["Hello.", "Can you come?", "Yes, please.", "How many?", "12"]),
        ("completed", "1\n3#", "completed", "completed",
         ["Hello.", "Can you come?", "1", "How many?", "3#"]),
        ("completed", "1", "completed", "declined",
         ["Hello.", "Can you come?", "1", "How many?", "How many?"]),
        ("completed", "No.", "transferred", "completed", ["Hello.", "Can you come?", "No."]),
        ("completed", "What?\nWhat?\n7", "completed", "callback_request",
         ["Hello.", "Can you come?", "What?", "Sorry, I did not understand. Can you come?", "What?",
          "Please press 1 for yes, or 2 for no.", "7"]),
        ("hung_up", "", "hung_up", "no_answer", ["Hello.", "Can you come?"]),
        ("completed", "Stop calling me.", "opt_out", "opt_out",
         ["Hello.", "Can you come?", "Stop calling me.", GOODBYE]),
        ("busy", "1", "busy", "no_answer", None),
    ],
)  # fmt: skip
async def test_a_flow_meets_what_the_callee_does(
    outcome: str,
    does: str,
    became: str,
    target: str,
    said: list[str] | None,
    talk_of: TalkOf,
) -> None:
    talk = await talk_of(SPOKEN)
    [claimed] = await talk.claim(VOICE)
    assert content_of(claimed) == Text(body="Hello.")
    await talk.accept([claimed])
    for key in ("1", "1", "2"):
        await talk.report(claimed, Disposition(outcome), key=key, does=does)
    assert await talk.scene.rows("select disposition from attempts") == [(became,)]
    assert await talk.targets() == [("finished", target)]
    assert await talk.claim(VOICE) == []
    [[transcript]] = await talk.scene.rows("select transcript from voice_calls")
    found = [each["text"] for each in transcript] if transcript else None
    assert found == said
    suppressed = await talk.scene.rows("select address from suppressions")
    assert suppressed == ([(ANA,)] if became == "opt_out" else [])


async def test_a_flow_goes_on_when_nobody_takes_the_call_over(talk_of: TalkOf) -> None:
    nodes = {**SPOKEN, "desk": {**SPOKEN["desk"], "onFailure": "coming"}}
    talk = await talk_of(nodes)
    [claimed] = await talk.claim(VOICE)
    await talk.accept([claimed])
    told = {"does": "No.\n1\n3", "transfer": "no_answer"}
    await talk.report(claimed, Disposition.COMPLETED, **told)
    assert await talk.scene.rows("select disposition from attempts") == [("completed",)]
    assert await talk.targets() == [("finished", "completed")]
    [[transfers]] = await talk.scene.rows("select transfers from voice_calls")
    assert [(each["step"], each["outcome"]) for each in transfers] == [("desk", "no_answer")]


async def test_words_count_for_nothing_where_none_are_asked_for(talk_of: TalkOf) -> None:
    talk = await talk_of({"a": {**NODES["menu"], "text": "Press."}, **NODES})
    [claimed] = await talk.claim(VOICE)
    await talk.accept([claimed])
    await talk.report(claimed, Disposition.COMPLETED, does="Stop calling me.\n1")
    assert await talk.scene.rows("select disposition from attempts") == [("completed",)]
    assert await talk.scene.rows("select address from suppressions") == []
