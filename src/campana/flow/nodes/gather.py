"""Asks for keys in the call.

Keys that are a case go its way, others go to `next` if there is one. Silence and other keys are
asked again `reprompts` times, then `onTimeout` is taken.

    {"type": "gather", "text": "Press 1 to confirm, 2 to cancel.", "maxDigits": 1,
     "cases": {"1": "confirmed", "2": "cancelled"}, "timeoutSeconds": 6, "reprompts": 1,
     "onTimeout": "goodbye", "onHangUp": "gone", "saveAs": "key"}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Literal, cast

from campana.flow.events import Gather
from campana.flow.inputs import CallEnded, Digits, Input, TimedOut
from campana.flow.marks import Exit, VariableName
from campana.flow.nodes.wait_for_response import WAYOUT
from campana.flow.run import Node, Run
from campana.flow.session import Wait
from campana.flow.shapes import Like, Range
from campana.flow.texts import Template

Keys = Annotated[str, Like(r"[0-9*#]{1,32}", "must be keys: 0 to 9, * and #")]


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherNode(Node):
    """`onHangUp` is also for a call that nobody answers. Without it, that is as good as silence."""

    text: Template
    voice: Annotated[str, Range(1, 64)] | None = None
    max_digits: Annotated[int, Range(1, 32)] = 1
    finish_on: Literal["#", "*"] | None = None
    cases: Mapping[Keys, Exit] = field(default_factory=dict[str, Exit])
    next: Exit | None = None
    timeout: Annotated[timedelta, Range(1, 60)] = field(metadata=WAYOUT)
    reprompts: Annotated[int, Range(0, 5)] = 1
    on_timeout: Exit = field(metadata=WAYOUT)
    on_hang_up: Exit | None = None
    save_as: VariableName | None = None

    def check(self) -> Iterable[tuple[str, str]]:
        """Some keys lead somewhere, and each case can be pressed."""
        if not self.cases and self.next is None:
            yield "cases", "must have a case, or next for whatever is pressed"
        for keys in self.cases:
            if len(keys) > self.max_digits:
                yield f"cases/{keys}", f"is longer than maxDigits, which is {self.max_digits}"

    def pauses(self) -> bool:
        """Always."""
        return True

    def enter(self, run: Run) -> Wait:
        """Ask."""
        return self._ask(run, tries=0)

    def _ask(self, run: Run, *, tries: int) -> Wait:
        text = run.render(self.text)
        kept = {
            "tries": tries,
            "text": text,
            "maxDigits": self.max_digits,
            "finishOn": self.finish_on,
            "seconds": self.timeout.total_seconds(),
        }
        wait = run.wait("digits", timeout=self.timeout, kept=kept)
        run.emit(
            Gather(
                wait=wait.number,
                text=text,
                max_digits=self.max_digits,
                finish_on=self.finish_on,
                voice=self.voice,
            )
        )
        return wait

    def resume(self, run: Run, wait: Wait, told: Input) -> Exit | Wait | None:
        """Keys, silence, or nobody is there any more."""
        match told:
            case Digits(digits=digits) if digits in self.cases or (digits and self.next):
                run.save(self.save_as, digits)
                return self.cases.get(digits, cast("Exit", self.next))
            case CallEnded():
                return self.on_hang_up or self.on_timeout
            case Digits() | TimedOut():
                tries = cast("int", wait.kept.get("tries", 0)) + 1
                return self.on_timeout if tries > self.reprompts else self._ask(run, tries=tries)
            case _:
                return None
