"""A survey as people write it among the steps of a VoiceBot, and the steps that it stands for."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from campana.domain.script import Ask, Say
from campana.domain.surveys import Survey
from campana.services.answer_document import AnswerDocument, KeyName, StepId, Text, answer_of

MOST_QUESTIONS = 50


class _Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    pass


class QuestionDocument(_Document, frozen=True):
    """One question of a survey: an `ask` that goes on to the next one by itself."""

    id: StepId
    text: Text
    keys: dict[KeyName, StepId | None] = {}
    """The step that each key leads to, if it is to lead anywhere but on."""
    answer: AnswerDocument | None = None
    next: StepId | None = None
    """Where an answer leads that names no step; the next question when none is given."""
    reprompt: Text | None = None
    """Said instead of `text` when it is asked again."""
    keypad: Text | None = None
    """Asks for keys when words were not understood; made from the answer when none is given."""
    timeout_seconds: Annotated[float, Meta(ge=1, le=60)] = 6.0
    reprompts: Annotated[int, Meta(ge=0, le=5)] = 1
    otherwise: StepId | None = None
    """Where it leads when it was not answered; what `skip` says when none is given."""
    save_as: StepId | None = None


class SurveyStep(_Document, frozen=True, tag_field="type", tag="survey"):
    """Questions in order: each leads to the one below, and the last to `next` or the step below."""

    id: StepId
    questions: Annotated[list[QuestionDocument], Meta(min_length=1, max_length=MOST_QUESTIONS)]
    text: Text | None = None
    """Said before the first question."""
    skip: Literal["next", "end"] = "next"
    """Where a question leads that was not answered: to the next one, or to `otherwise`."""
    next: StepId | None = None
    otherwise: StepId | None = None
    """With `skip: end`; a person (`transferTo`) or the end of the call when none is given."""


def survey_of(
    document: SurveyStep, *, at: str, below: str | None
) -> tuple[Survey, tuple[Say | Ask, ...]]:
    """The domain's Survey, and its steps: an introduction, also without a text, and the questions.

    `at` is where it is written, `below` the step that follows it.
    """
    after = document.next or below
    survey = Survey(
        at=at,
        questions=tuple(each.id for each in document.questions),
        skip=document.skip,
        next=document.next,
        otherwise=document.otherwise,
    )
    following = [*(each.id for each in document.questions[1:]), after]
    asks = [
        _ask(question, document, following=to, is_last=number == len(following))
        for number, (question, to) in enumerate(
            zip(document.questions, following, strict=True), start=1
        )
    ]
    return survey, (Say(id=document.id, text=document.text or ""), *asks)


def _ask(
    question: QuestionDocument, survey: SurveyStep, *, following: str | None, is_last: bool
) -> Ask:
    way_out = following if survey.skip == "next" else survey.otherwise
    return Ask(
        id=question.id,
        text=question.text,
        # Where nothing follows a key leads nowhere, and `script_problems` says so.
        keys={key: to or question.next or following or "" for key, to in question.keys.items()},
        answer=answer_of(question.answer) if question.answer is not None else None,
        next=question.next or (survey.next if is_last else None),
        reprompt=question.reprompt,
        keypad=question.keypad,
        timeout_seconds=question.timeout_seconds,
        reprompts=question.reprompts,
        otherwise=question.otherwise or way_out,
        save_as=question.save_as,
    )
