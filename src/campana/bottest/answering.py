"""The right answer to each question of a script: words or keys, and what it should come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import assert_never

from campana.domain.answers import Choice, Day, FreeText, Number, YesNo
from campana.domain.placeholders import render
from campana.domain.script import Ask, Script

YES, DAY, WORDS = "Yes, that works for me.", "Next Thursday, please.", "I have no questions."
_THURSDAY = 3
_TRIED = (5, 1, 10, 2, 20, 50, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class RightAnswer:
    """What a willing callee says or presses at a question."""

    step: str
    asked: str
    """The question as it is said to them."""
    words: str = ""
    keys: str = ""
    value: str | None = None
    """What is to be kept; None where anything is."""
    is_day: bool = False

    def is_met_by(self, value: str) -> bool:
        """Is this the answer that was meant?"""
        if self.is_day:
            return date.fromisoformat(value).weekday() == _THURSDAY
        return self.value is None or _same(self.value, value)


def right_answers(script: Script, fields: Mapping[str, str]) -> list[RightAnswer]:
    """One for each question, in the order of the script."""
    asks = [step for step in script.steps if isinstance(step, Ask)]
    return [_right(ask, render(ask.text, fields)) for ask in asks]


def _right(ask: Ask, asked: str) -> RightAnswer:
    match ask.answer:
        case None:
            key = min(ask.keys, default="1")
            return RightAnswer(step=ask.id, asked=asked, keys=key, value=key)
        case YesNo():
            return RightAnswer(step=ask.id, asked=asked, words=YES, value="yes")
        case Choice(options=options):
            first = options[0]
            said = f"{first.phrases[0].capitalize()}, please."
            return RightAnswer(step=ask.id, asked=asked, words=said, value=first.value)
        case Number(digits=int(digits)):
            keys = "4729183650"[:digits].ljust(digits, "0")
            return RightAnswer(step=ask.id, asked=asked, keys=keys, value=keys)
        case Number() as number:
            figure = _figure(number)
            return RightAnswer(step=ask.id, asked=asked, words=f"{figure}.", value=str(figure))
        case Day(direction="future"):
            return RightAnswer(step=ask.id, asked=asked, words=DAY, is_day=True)
        case Day():
            return RightAnswer(step=ask.id, asked=asked, words="Yesterday.")
        case FreeText():
            return RightAnswer(step=ask.id, asked=asked, words=WORDS)
        case _:
            assert_never(ask.answer)


def _figure(number: Number) -> Decimal:
    """A plain one that is allowed."""
    least, most = number.least, number.most
    for tried in map(Decimal, _TRIED):
        if (least is None or tried >= least) and (most is None or tried <= most):
            return tried
    return least if least is not None else most if most is not None else Decimal(5)


def _same(wanted: str, kept: str) -> bool:
    try:
        return wanted == kept or Decimal(wanted) == Decimal(kept)
    except InvalidOperation:
        return False
