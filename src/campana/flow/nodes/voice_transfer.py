"""Puts the call through to a number.

{"type": "voice_transfer", "to": "+12025550123", "mode": "warm", "timeoutSeconds": 60,
 "next": "done", "onFailure": "apology"}
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Literal

from campana.flow.events import TransferCall
from campana.flow.inputs import CallEnded, Input, TimedOut, TransferEnded
from campana.flow.marks import Exit
from campana.flow.nodes.wait_for_response import WAYOUT
from campana.flow.run import Node, Run
from campana.flow.session import Wait
from campana.flow.shapes import Like, Range


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceTransfer(Node):
    """`blind` lets go at once, `warm` when somebody answers.

    The number is written out, so that no contact's field can choose whom to call.
    """

    to: Annotated[str, Like(r"\+[1-9]\d{6,14}", "must be a number such as +12025550123")]
    mode: Literal["blind", "warm"] = "blind"
    timeout: Annotated[timedelta, Range(5, 600)] = field(metadata=WAYOUT)
    next: Exit
    on_failure: Exit = field(metadata=WAYOUT)

    def pauses(self) -> bool:
        """Always."""
        return True

    def enter(self, run: Run) -> Wait:
        """Ask for it."""
        kept = {"to": str(self.to), "seconds": self.timeout.total_seconds()}
        wait = run.wait("transfer", timeout=self.timeout, kept=kept)
        run.emit(TransferCall(wait=wait.number, to=self.to, mode=self.mode))
        return wait

    def resume(self, run: Run, wait: Wait, told: Input) -> Exit | None:
        """It worked, it did not, or nobody is there any more."""
        del run, wait
        match told:
            case TransferEnded(is_connected=True):
                return self.next
            case TransferEnded() | TimedOut() | CallEnded():
                return self.on_failure
            case _:
                return None
