"""Goes where the last reply says. The first case that fits is taken, else `otherwise`.

What the contact meant (`intent`) a language model is asked, when no other case fits: the node waits
for its answer, and takes `otherwise` when none comes.

{"type": "response_branch", "cases": [
   {"choice": "yes", "next": "booked"},
   {"keywords": ["yes", "sí", "ok"], "next": "booked"},
   {"regex": "^(no|nope)", "next": "declined"},
   {"number": {"least": 1, "most": 5}, "next": "rated"},
   {"intent": "asks for another day", "next": "when"}],
 "saveNumberAs": "stars", "otherwise": "unclear"}
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Annotated

from campana.flow.conditions import EvaluationFailed, Pattern
from campana.flow.events import FindIntent
from campana.flow.inputs import Input, IntentFound, TimedOut
from campana.flow.marks import Exit, VariableName
from campana.flow.run import Node, Run
from campana.flow.session import Wait
from campana.flow.shapes import Range

INTENT_WITHIN = timedelta(seconds=30)
"""A person waits for what follows; whoever is asked has less."""

_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"[-+]?\d{1,15}(?:[.,]\d{1,10})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A reply that is a number in this range, both ends included."""

    least: float | None = None
    most: float | None = None

    def check(self) -> Iterable[tuple[str, str]]:
        """The range holds something."""
        if self.least is not None and self.most is not None and self.least > self.most:
            yield "most", "must not be below least"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way a reply may be understood: exactly one of the five.

    A keyword fits when its words stand in the reply; case, accents and punctuation do not matter.
    `regex` is RE2's syntax, found anywhere, case does not matter. `choice` is a quick reply's id.
    `intent` says in words what the contact means.
    """

    keywords: Annotated[tuple[Annotated[str, Range(1, 100)], ...], Range(1, 50)] | None = None
    regex: Pattern | None = None
    number: Number | None = None
    choice: Annotated[str, Range(1, 64)] | None = None
    intent: Annotated[str, Range(1, 200)] | None = None
    next: Exit

    def check(self) -> Iterable[tuple[str, str]]:
        """One of the five, and keywords that can be found."""
        given = [self.keywords, self.regex, self.number, self.choice, self.intent]
        if sum(each is not None for each in given) != 1:
            yield "", "must have exactly one of keywords, regex, number, choice, intent"
        for index, keyword in enumerate(self.keywords or ()):
            if not words(keyword).strip():
                yield f"keywords/{index}", "must have a letter or a digit"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseBranch(Node):
    """`saveNumberAs` keeps the number when a case of numbers fits."""

    cases: Annotated[tuple[Case, ...], Range(1, 50)]
    save_number_as: VariableName | None = None
    otherwise: Exit

    def enter(self, run: Run) -> Exit | Wait:
        """The way of the first case that fits; or ask what was meant."""
        found = self._fitting(run)
        if found is not None:
            return found
        intents = tuple(dict.fromkeys(each.intent for each in self.cases if each.intent))
        if not intents or not run.reply.strip():
            return self.otherwise
        wait = run.wait("intent", timeout=INTENT_WITHIN)
        run.emit(FindIntent(wait=wait.number, text=run.reply, intents=intents))
        return wait

    def resume(self, run: Run, wait: Wait, told: Input) -> Exit | None:
        """What was meant, or nobody can tell."""
        del run, wait
        match told:
            case IntentFound(intent=intent):
                ways = (each.next for each in self.cases if intent and each.intent == intent)
                return next(ways, self.otherwise)
            case TimedOut():
                return self.otherwise
            case _:
                return None

    def _fitting(self, run: Run) -> Exit | None:
        for case in self.cases:
            if case.choice is not None:
                if run.choice == case.choice:
                    return case.next
            elif case.keywords is not None:
                said = words(run.reply)
                if any(words(keyword) in said for keyword in case.keywords):
                    return case.next
            elif case.regex is not None:
                if self._matches(run, case.regex):
                    return case.next
            elif case.number is not None:
                number = number_in(run.reply)
                if number is not None and within(number, case.number):
                    run.save(self.save_number_as, number)
                    return case.next
        return None

    def _matches(self, run: Run, pattern: Pattern) -> bool:
        try:
            return pattern.matches(run.reply)
        except EvaluationFailed as error:
            run.note(f"{pattern.source} cannot be told: {error}")
            return False


@lru_cache(maxsize=4096)
def words(text: str) -> str:
    """Its words in small letters without accents, each between spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(each for each in plain if not unicodedata.combining(each))
    return " ".join(["", *_WORD.findall(bare), ""])


def number_in(text: str) -> float | None:
    """The number that a reply is: `4`, `4.5` or `4,5`, with spaces around it."""
    found = _NUMBER.fullmatch(text.strip())
    if not found:
        return None
    number = float(found[0].replace(",", "."))
    return int(number) if number.is_integer() else number


def within(number: float, bounds: Number) -> bool:
    """Whether it lies in the range."""
    above = bounds.least is None or number >= bounds.least
    return above and (bounds.most is None or number <= bounds.most)
