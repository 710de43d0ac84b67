"""A survey as people write it among the steps of a VoiceBot, and the steps that it stands for."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from campana.domain.script import Ask, Say
from campana.domain.surveys import Survey
from campana.services.answer_document import StepId, Text
from campana.services.question_document import Question, ask_of

MOST_QUESTIONS = 50


class _Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    pass


class QuestionDocument(Question[StepId | None], frozen=True):
    """One question of a survey: an `ask` that goes on to the next one by itself."""


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
    return ask_of(
        question,
        # Where nothing follows a key leads nowhere, and `script_problems` says so.
        keys={key: to or question.next or following or "" for key, to in question.keys.items()},
        next_step=question.next or (survey.next if is_last else None),
        otherwise=question.otherwise or way_out,
    )
