"""Says a text in the call, and goes on when it has been said.

{"type": "say", "text": "Good morning, {{ contact.first_name }}.", "next": "menu",
 "onNoAnswer": "by_sms"}
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from campana.flow.events import Say
from campana.flow.inputs import CallEnded, Input, Said
from campana.flow.marks import Exit
from campana.flow.run import Node, Run
from campana.flow.session import Wait
from campana.flow.shapes import Range
from campana.flow.texts import Template

_WAYOUT = {"why": "is required: a call needs a way out when nobody answers, or hangs up"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SayNode(Node):
    """`onNoAnswer` is taken whenever the text is not heard to its end.

    Nobody answered, they hung up, or the call was lost.
    """

    text: Template
    voice: Annotated[str, Range(1, 64)] | None = None
    next: Exit
    on_no_answer: Exit = field(metadata=_WAYOUT)

    def pauses(self) -> bool:
        """Always."""
        return True

    def enter(self, run: Run) -> Wait:
        """Ask for it to be said."""
        text = run.render(self.text)
        wait = run.wait("speech", kept={"text": text})
        run.emit(Say(wait=wait.number, text=text, voice=self.voice))
        return wait

    def resume(self, run: Run, wait: Wait, told: Input) -> Exit | None:
        """It was said, or nobody is there."""
        del run, wait
        match told:
            case Said():
                return self.next
            case CallEnded():
                return self.on_no_answer
            case _:
                return None
