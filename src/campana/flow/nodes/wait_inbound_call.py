"""Waits for the contact to call; what follows is said in that call.

{"type": "wait_inbound_call", "timeoutSeconds": 604800, "onTimeout": "gone", "next": "menu",
 "saveAs": "caller"}
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from campana.flow.events import ExpectCall
from campana.flow.inputs import CallReceived, Input, TimedOut
from campana.flow.marks import Exit, VariableName
from campana.flow.nodes.wait_for_response import WAYOUT
from campana.flow.run import Node, Run
from campana.flow.sending import DAY
from campana.flow.session import Wait
from campana.flow.shapes import Range


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitInboundCall(Node):
    """`saveAs` keeps the number they call from."""

    timeout: Annotated[timedelta, Range(1, 365 * DAY)] = field(metadata=WAYOUT)
    on_timeout: Exit = field(metadata=WAYOUT)
    next: Exit
    save_as: VariableName | None = None

    def pauses(self) -> bool:
        """Always."""
        return True

    def enter(self, run: Run) -> Wait:
        """Expect the call."""
        wait = run.wait("inbound_call", timeout=self.timeout)
        run.emit(ExpectCall(wait=wait.number))
        return wait

    def resume(self, run: Run, wait: Wait, told: Input) -> Exit | None:
        """The call came, or its time is up."""
        del wait
        match told:
            case CallReceived():
                run.save(self.save_as, told.number or "")
                return self.next
            case TimedOut():
                return self.on_timeout
            case _:
                return None
