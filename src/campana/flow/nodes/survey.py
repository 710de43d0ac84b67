"""Asks questions one after another, and keeps the answers.

An answer that does not fit is asked for again `reprompts` times; then, as when none comes in time,
`onTimeout` is taken, and the answers so far are kept.

    {"type": "survey", "questions": [
       {"id": "stars", "text": "How was it, 1 to 5?", "number": {"least": 1, "most": 5}},
       {"id": "again", "text": "Would you come again?",
        "choices": [{"id": "yes", "title": "Yes"}, {"id": "no", "title": "No"}]},
       {"id": "why", "text": "Why?"}],
     "timeoutSeconds": 86400, "reprompts": 1, "saveAs": "survey", "onTimeout": "thanks",
     "next": "thanks"}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, cast

from campana.flow.events import QuickReply, SendMessage, SurveyAnswered
from campana.flow.inputs import Input, Reply
from campana.flow.marks import Exit, VariableName
from campana.flow.nodes.response_branch import Number, number_in, within, words
from campana.flow.nodes.send_message import ID, Button
from campana.flow.nodes.wait_for_response import WAYOUT
from campana.flow.run import Node, Run
from campana.flow.sending import DAY, Channel
from campana.flow.session import Wait
from campana.flow.shapes import Range
from campana.flow.texts import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Answered by a number in a range, by one of the choices, or else by any text."""

    id: ID
    text: Template
    number: Number | None = None
    choices: Annotated[tuple[Button, ...], Range(2, 10)] | None = None

    def check(self) -> Iterable[tuple[str, str]]:
        """It is one kind of question."""
        if self.number is not None and self.choices is not None:
            yield "choices", "cannot stand beside number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey(Node):
    """A choice is answered by its button, its title or its number in the list."""

    questions: Annotated[tuple[Question, ...], Range(1, 30)]
    channel: Channel | None = None
    timeout: Annotated[timedelta, Range(1, 365 * DAY)] = field(metadata=WAYOUT)
    reprompts: Annotated[int, Range(0, 5)] = 1
    save_as: VariableName
    next: Exit
    on_timeout: Exit = field(metadata=WAYOUT)

    def check(self) -> Iterable[tuple[str, str]]:
        """No two questions have one name."""
        names = [question.id for question in self.questions]
        for index, name in enumerate(names):
            if name in names[:index]:
                yield f"questions/{index}/id", f"{name!r} stands twice"

    def pauses(self) -> bool:
        """Always."""
        return True

    def enter(self, run: Run) -> Wait:
        """Ask the first; what was written before it is no answer."""
        run.replies = ()
        return self._ask(run, index=0, tries=0, answers={})

    def _ask(self, run: Run, *, index: int, tries: int, answers: Mapping[str, object]) -> Wait:
        question = self.questions[index]
        buttons = tuple(
            QuickReply(id=button.id, title=run.render(button.title))
            for button in question.choices or ()
        )
        text = run.render(question.text)
        run.emit(SendMessage(text=text, channel=self.channel, quick_replies=buttons))
        kept = {"index": index, "tries": tries, "answers": answers}
        return run.wait("survey", timeout=self.timeout, channel=self.channel, kept=kept)

    def resume(self, run: Run, wait: Wait, told: Input) -> Exit | Wait:
        """An answer, or its time is up."""
        index, tries = cast("int", wait.kept["index"]), cast("int", wait.kept["tries"])
        answers = cast("Mapping[str, object]", wait.kept["answers"])
        run.save(self.save_as, dict(answers))
        if not isinstance(told, Reply):
            return self.on_timeout
        answer = self._answer(run, self.questions[index])
        if answer is None:
            if tries >= self.reprompts:
                return self.on_timeout
            return self._ask(run, index=index, tries=tries + 1, answers=answers)
        answers = {**answers, self.questions[index].id: answer}
        run.save(self.save_as, answers)
        if index + 1 < len(self.questions):
            return self._ask(run, index=index + 1, tries=0, answers=answers)
        run.emit(SurveyAnswered(node=cast("str", run.node), answers=answers))
        return self.next

    def _answer(self, run: Run, question: Question) -> object:
        """The reply as an answer, or None when it is none."""
        if question.choices is not None:
            said = words(run.reply)
            for place, button in enumerate(question.choices, 1):
                title = words(button.title.render(run.values))
                if run.choice == button.id or said in {title, words(button.id), f" {place} "}:
                    return button.id
            return None
        if question.number is not None:
            number = number_in(run.reply)
            return number if number is not None and within(number, question.number) else None
        return run.reply.strip() or None
