"""Asks for keys in the call, or for words.

Keys that are a case go its way, others go to `next` if there is one. Silence and what is no answer
are asked again `reprompts` times; then `onTimeout` is taken, or `onNotUnderstood` when somebody
said or pressed something.

With `answer` they may say it: yes or no, one of some options, a number, a date, or anything. The
cases are then the values (`yes`, `no`, those of the options), and keys still do: 1 for yes and 2
for no, an option's own key, the figures of a number, month and day. What is not understood is
asked again, and then once more for keys.

    {"type": "gather", "text": "Press 1 to confirm, 2 to cancel.", "maxDigits": 1,
     "cases": {"1": "confirmed", "2": "cancelled"}, "timeoutSeconds": 6, "reprompts": 1,
     "onTimeout": "goodbye", "onHangUp": "gone", "saveAs": "key"}

    {"type": "gather", "text": "Does Tuesday suit you?", "answer": {"type": "yes_no"},
     "cases": {"yes": "confirmed", "no": "which_day"}, "keys": {"0": "desk"}, "timeoutSeconds": 6,
     "onTimeout": "goodbye", "onNotUnderstood": "desk", "saveAs": "coming"}

    {"type": "gather", "text": "In the morning or the afternoon?",
     "answer": {"type": "choice", "options": [{"value": "morning"},
       {"value": "afternoon", "phrases": ["afternoon", "after lunch"]}]},
     "next": "booked", "timeoutSeconds": 6, "onTimeout": "goodbye", "saveAs": "part"}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from typing import Annotated, Literal, cast

from campana.domain import answers
from campana.domain.dialog import NOT_UNDERSTOOD
from campana.domain.window import zone_named
from campana.flow.events import Gather
from campana.flow.inputs import CallEnded, Digits, Heard, Input, TimedOut
from campana.flow.marks import Exit, VariableName
from campana.flow.nodes.wait_for_response import WAYOUT
from campana.flow.run import Asked, Node, Run
from campana.flow.session import Wait
from campana.flow.shapes import Range
from campana.flow.spoken import Key, SpokenAnswer
from campana.flow.texts import Template

_KEYS = re.compile(r"[0-9*#]{1,32}")
_MOST_DIGITS = 1
"""Where nothing else is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherNode(Node):
    """`onHangUp` is also for a call that nobody answers. Without it, that is as good as silence.

    `reprompt` is said instead of `text` when it is asked again, `keypad` when words were not
    understood; `keys` lead somewhere whatever the answer is.
    """

    text: Template
    voice: Annotated[str, Range(1, 64)] | None = None
    max_digits: Annotated[int, Range(1, 32)] | None = None
    finish_on: Literal["#", "*"] | None = None
    answer: SpokenAnswer | None = None
    keys: Mapping[Key, Exit] = field(default_factory=dict[str, Exit])
    reprompt: Template | None = None
    keypad: Template | None = None
    cases: Mapping[Annotated[str, Range(1, 100)], Exit] = field(default_factory=dict[str, Exit])
    next: Exit | None = None
    timeout: Annotated[timedelta, Range(1, 60)] = field(metadata=WAYOUT)
    reprompts: Annotated[int, Range(0, 5)] = 1
    on_timeout: Exit = field(metadata=WAYOUT)
    on_not_understood: Exit | None = None
    on_hang_up: Exit | None = None
    save_as: VariableName | None = None

    def check(self) -> Iterable[tuple[str, str]]:
        """What is answered leads somewhere, and each case can be answered."""
        if self.answer is not None:
            yield from self._wrong_with_words(self.answer)
            return
        if not self.cases and self.next is None:
            yield "cases", "must have a case, or next for whatever is pressed"
        for keys in self.cases:
            if not _KEYS.fullmatch(keys):
                yield f"cases/{keys}", "must be keys: 0 to 9, * and #"
            elif len(keys) > self.most_digits:
                yield f"cases/{keys}", f"is longer than maxDigits, which is {self.most_digits}"
        for key, value in (("keys", self.keys), ("keypad", self.keypad)):
            if value:
                yield key, "means nothing without answer"

    def _wrong_with_words(self, answer: SpokenAnswer) -> Iterable[tuple[str, str]]:
        for key, value in (("maxDigits", self.max_digits), ("finishOn", self.finish_on)):
            if value is not None:
                yield key, "means nothing with answer"
        known = answer.values
        for value in self.cases:
            if known is None:
                yield f"cases/{value}", f"is no case of the answer {answer.type}: use next"
            elif value not in known:
                yield f"cases/{value}", "is none of the answers: " + ", ".join(known)
        missing = [value for value in known or () if value not in self.cases]
        if self.next is None and (missing or known is None):
            said = f"the answer {missing[0]}" if missing else "what is answered"
            yield "next", f"is required: {said} leads nowhere else"
        taken = answers.keys_of(answer.asked())
        for key in self.keys:
            if key in taken:
                yield f"keys/{key}", "is a key of the answer"

    @property
    def most_digits(self) -> int:
        """After so many keys there are no more."""
        return self.max_digits or _MOST_DIGITS

    def pauses(self) -> bool:
        """Always."""
        return True

    def asks(self) -> Asked | None:
        """With an answer."""
        if self.answer is None:
            return None
        return Asked(answer=self.answer.asked(), keys=frozenset(self.keys))

    def enter(self, run: Run) -> Wait:
        """Ask."""
        return self._ask(run, self._text(run, again=False), tries=0)

    def _text(self, run: Run, *, again: bool, is_unclear: bool = False) -> str:
        if again and self.reprompt is not None:
            return run.render(self.reprompt)
        text = run.render(self.text)
        return f"{NOT_UNDERSTOOD} {text}" if self.answer is not None and is_unclear else text

    def _keypad(self, run: Run) -> str | None:
        """What asks for keys instead of words; None where there are none for it."""
        if self.answer is None:
            return None
        own = run.render(self.keypad) if self.keypad is not None else None
        return own or answers.keypad_text(self.answer.asked())

    def _ask(
        self, run: Run, text: str, *, tries: int, is_unclear: bool = False, by_keys: bool = False
    ) -> Wait:
        kept: dict[str, object] = {
            "tries": tries,
            "text": text,
            "seconds": self.timeout.total_seconds(),
        }
        if self.answer is None:
            kept |= {"maxDigits": self.most_digits, "finishOn": self.finish_on}
        elif not by_keys:
            kept["keypad"] = self._keypad(run)
        if is_unclear:
            kept["isUnclear"] = True
        if by_keys:
            kept["byKeys"] = True
        kind = "digits" if self.answer is None else "answer"
        wait = run.wait(kind, timeout=self.timeout, kept=kept)
        run.emit(
            Gather(
                wait=wait.number,
                text=text,
                max_digits=self.most_digits if self.answer is None else None,
                finish_on=self.finish_on,
                answer=self.answer.type if self.answer is not None else None,
                voice=self.voice,
            )
        )
        return wait

    def resume(self, run: Run, wait: Wait, told: Input) -> Exit | Wait | None:
        """Keys, words, silence, or nobody is there any more."""
        match told:
            case Digits(digits=digits):
                found = self._pressed(run, digits)
            case Heard() if self.answer is not None:
                text = told.text.replace("\0", "").encode("utf-8", "replace").decode()
                value = self.answer.from_words(text, told.scores, today=_today(run))
                found = self._given(run, value)
            case CallEnded():
                return self.on_hang_up or self.on_timeout
            case TimedOut():
                return self._again(run, wait, is_unclear=False)
            case _:
                return None
        return found or self._again(run, wait, is_unclear=True)

    def _pressed(self, run: Run, digits: str) -> Exit | None:
        if self.answer is None:
            if digits not in self.cases and not (digits and self.next):
                return None
            run.save(self.save_as, digits)
            return self.cases.get(digits, cast("Exit", self.next))
        if digits in self.keys:
            run.save(self.save_as, digits)
            return self.keys[digits]
        return self._given(run, self.answer.from_keys(digits, today=_today(run)))

    def _given(self, run: Run, value: str | float | None) -> Exit | None:
        if value is None:
            return None
        run.save(self.save_as, value)
        return self.cases.get(str(value), cast("Exit", self.next))

    def _again(self, run: Run, wait: Wait, *, is_unclear: bool) -> Exit | Wait:
        tries = cast("int", wait.kept.get("tries", 0)) + 1
        was_unclear = is_unclear or bool(wait.kept.get("isUnclear"))
        if tries <= self.reprompts:
            text = self._text(run, again=True, is_unclear=is_unclear)
            return self._ask(run, text, tries=tries, is_unclear=was_unclear)
        if not wait.kept.get("byKeys") and (keypad := self._keypad(run)) is not None:
            return self._ask(run, keypad, tries=tries, is_unclear=was_unclear, by_keys=True)
        return (was_unclear and self.on_not_understood) or self.on_timeout


def _today(run: Run) -> date:
    """The day where the person is."""
    zone = zone_named(run.zones[0]) if run.zones else None
    return run.now.astimezone(zone or UTC).date()
