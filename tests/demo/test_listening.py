"""Which reply what the bot said calls for."""

from __future__ import annotations

import pytest

from campana.demo.listening import reply_to
from campana.demo.plan import Reply

COMING = Reply(to="Can you come on Tuesday at three?", play=("yes.wav",))
DAY = Reply(to="Which day would be better?", play=("thursday.wav",))
ELSE = Reply(play=("stop.wav",))


@pytest.mark.parametrize(
    ("heard", "reply"),
    [
        ("Hello Maria, this is the clinic. Can you come on Tuesday at 3?", COMING),
        ("Sorry, I did not understand. Which day would be better?", DAY),
        ("Which day would be butter?", DAY),
        ("Please press 1 for yes, or 2 for no.", None),
        ("Thank you. Goodbye.", None),
        ("", None),
    ],
)
def test_the_question_that_was_heard_is_replied_to(heard: str, reply: Reply | None) -> None:
    assert reply_to(heard, [COMING, DAY]) == reply


def test_whatever_no_reply_is_for_gets_the_one_for_everything_else() -> None:
    assert reply_to("Thank you. Goodbye.", [COMING, ELSE]) == ELSE
    assert reply_to("Can you come on Tuesday at three?", [ELSE, COMING]) == COMING
    assert reply_to("", [ELSE]) is None
