"""The kinds of answers that a question of a VoiceBot takes, as people write them."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from campana.domain import answers

Text = Annotated[str, Meta(min_length=1, max_length=2000)]
StepId = Annotated[str, Meta(min_length=1, max_length=60, pattern="^[A-Za-z0-9_-]+$")]
Variable = Annotated[str, Meta(min_length=1, max_length=60, pattern="^[A-Za-z_][A-Za-z0-9_]*$")]
KeyName = Annotated[str, Meta(pattern="^[0-9*#]$")]
Phrase = Annotated[str, Meta(min_length=1, max_length=100)]
Figure = Annotated[float, Meta(ge=-1_000_000_000, le=1_000_000_000)]


class _Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    pass


class YesNoAnswer(_Document, frozen=True, tag_field="type", tag="yes_no"):
    """Yes or no; 1 and 2 on the keypad. Each leads to a step, or to the question's `next`."""

    yes: StepId | None = None
    no: StepId | None = None
    yes_score: Figure | None = None
    no_score: Figure | None = None


class OptionDocument(_Document, frozen=True):
    """One of some answers."""

    value: Annotated[str, Meta(min_length=1, max_length=100)]
    phrases: Annotated[list[Phrase], Meta(max_length=20)] = []
    """Ways to say it; the value itself when none is given."""
    key: KeyName | None = None
    """On the keypad; its place, from 1, when none is given."""
    next: StepId | None = None
    score: Figure | None = None


class ChoiceAnswer(_Document, frozen=True, tag_field="type", tag="choice"):
    """One of some answers, in their own words or by their place."""

    options: Annotated[list[OptionDocument], Meta(min_length=1, max_length=9)]


class NumberAnswer(_Document, frozen=True, tag_field="type", tag="number"):
    """A number; with `digits` that many digits, of which the first may be 0."""

    min: Figure | None = None
    max: Figure | None = None
    whole: bool = True
    digits: Annotated[int, Meta(ge=1, le=20)] | None = None
    scored: bool = False
    """It counts as its own score."""


class DateAnswer(_Document, frozen=True, tag_field="type", tag="date"):
    """A day. Without a year it is the nearest to come, or with `past` the last there was."""

    direction: Literal["future", "past"] = "future"


class TextAnswer(_Document, frozen=True, tag_field="type", tag="text"):
    """Whatever they say, in their words."""

    max_length: Annotated[int, Meta(ge=1, le=2000)] = 500


AnswerDocument = YesNoAnswer | ChoiceAnswer | NumberAnswer | DateAnswer | TextAnswer


def answer_of(document: AnswerDocument) -> answers.Answer:
    """The domain's Answer of one as written."""
    match document:
        case YesNoAnswer():
            return answers.YesNo(
                yes=document.yes,
                no=document.no,
                yes_score=document.yes_score,
                no_score=document.no_score,
            )
        case ChoiceAnswer(options=options):
            return answers.Choice(
                options=tuple(
                    answers.Option(
                        value=each.value,
                        phrases=tuple(each.phrases) or (each.value.replace("_", " "),),
                        key=each.key or str(place),
                        to=each.next,
                        score=each.score,
                    )
                    for place, each in enumerate(options, 1)
                )
            )
        case NumberAnswer():
            return answers.Number(
                least=_decimal(document.min),
                most=_decimal(document.max),
                is_whole=document.whole,
                digits=document.digits,
                counts=document.scored,
            )
        case DateAnswer():
            return answers.Day(direction=document.direction)
        case TextAnswer():
            return answers.FreeText(most=document.max_length)


def _decimal(value: float | None) -> Decimal | None:
    return Decimal(repr(value)) if value is not None else None
