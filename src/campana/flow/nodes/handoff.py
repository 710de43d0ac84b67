"""Gives the conversation to a person; the flow is silent until it is handed back.

{"type": "handoff", "queue": "sales", "note": "Asked about {{ vars.topic }}",
 "timeoutSeconds": 259200, "next": "thanks", "onTimeout": "close"}
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from campana.flow.events import HandOff
from campana.flow.inputs import HandedBack, Input, TimedOut
from campana.flow.marks import Exit
from campana.flow.nodes.wait_for_response import WAYOUT
from campana.flow.run import Node, Run
from campana.flow.sending import DAY
from campana.flow.session import Wait
from campana.flow.shapes import Range
from campana.flow.texts import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff(Node):
    """What the contact wrote to the person is not kept for the flow."""

    queue: Annotated[str, Range(1, 100)] | None = None
    note: Template | None = None
    timeout: Annotated[timedelta, Range(60, 365 * DAY)] = field(metadata=WAYOUT)
    next: Exit
    on_timeout: Exit = field(metadata=WAYOUT)

    def pauses(self) -> bool:
        """Always."""
        return True

    def enter(self, run: Run) -> Wait:
        """Ask for a person."""
        note = self.note.render(run.values).strip() if self.note else None
        wait = run.wait("handoff", timeout=self.timeout)
        run.emit(HandOff(wait=wait.number, queue=self.queue, note=note or None))
        return wait

    def resume(self, run: Run, wait: Wait, told: Input) -> Exit | None:
        """It comes back, or nobody gave it back in time."""
        del wait
        match told:
            case HandedBack():
                run.replies = ()
                return self.next
            case TimedOut():
                run.replies = ()
                return self.on_timeout
            case _:
                return None
