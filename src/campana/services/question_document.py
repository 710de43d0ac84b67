"""A question as people write it, alone among the steps of a VoiceBot or in a survey."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Struct

from campana.domain.script import Ask
from campana.services.answer_document import AnswerDocument, KeyName, StepId, Text, answer_of

KeyTarget = TypeVar("KeyTarget")


class Question(
    Struct,
    Generic[KeyTarget],
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename="camel",
):
    """What is asked, and what becomes of an answer; KeyTarget is where a key may lead."""

    id: StepId
    text: Text
    keys: dict[KeyName, KeyTarget] = {}
    """The step that each key leads to; in a survey, none where it leads on."""
    answer: AnswerDocument | None = None
    next: StepId | None = None
    """Where an answer leads that names no step; what stands below when none is given."""
    reprompt: Text | None = None
    """Said instead of `text` when it is asked again."""
    keypad: Text | None = None
    """Asks for keys when words were not understood; made from the answer when none is given."""
    timeout_seconds: Annotated[float, Meta(ge=1, le=60)] = 6.0
    reprompts: Annotated[int, Meta(ge=0, le=5)] = 1
    otherwise: StepId | None = None
    """Where it leads when it was not answered; in a survey, what `skip` says when none is given."""
    save_as: StepId | None = None


def ask_of(
    question: Question[KeyTarget],
    *,
    keys: Mapping[str, str],
    next_step: str | None,
    otherwise: str | None,
) -> Ask:
    """The domain's Ask of a question, which leads where its surroundings say."""
    return Ask(
        id=question.id,
        text=question.text,
        keys=keys,
        answer=answer_of(question.answer) if question.answer is not None else None,
        next=next_step,
        reprompt=question.reprompt,
        keypad=question.keypad,
        timeout_seconds=question.timeout_seconds,
        reprompts=question.reprompts,
        otherwise=otherwise,
        save_as=question.save_as,
    )
