"""Waits for the contact to write.

A reply that came while nothing waited was kept, and is taken first; with `ignoreEarlier` those are
forgotten. The time begins when what was said before has left.

    {"type": "wait_for_response", "timeoutSeconds": 86400, "saveAs": "answer",
     "onTimeout": "remind", "next": "which"}
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from campana.flow.inputs import Input, Reply, TimedOut
from campana.flow.marks import Exit, VariableName
from campana.flow.run import Node, Run
from campana.flow.sending import DAY, Channel
from campana.flow.session import Wait
from campana.flow.shapes import Range

WAYOUT = {"why": "is required: a wait needs a way out when nothing comes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitForResponse(Node):
    """`reply` is what was written, here and after."""

    timeout: Annotated[timedelta, Range(1, 365 * DAY)] = field(metadata=WAYOUT)
    channel: Channel | None = None
    save_as: VariableName | None = None
    ignore_earlier: bool = False
    on_timeout: Exit = field(metadata=WAYOUT)
    next: Exit

    def pauses(self) -> bool:
        """A kept reply is used up, so even then it does not go round for long."""
        return True

    def enter(self, run: Run) -> Exit | Wait:
        """Take a kept reply, or wait."""
        if run.replies:
            if self.ignore_earlier:
                run.replies = ()
            kept = run.take_kept(channel=self.channel)
            if kept:
                run.hear(kept)
                return self._heard(run)
        return run.wait("reply", timeout=self.timeout, channel=self.channel)

    def resume(self, run: Run, wait: Wait, told: Input) -> Exit | None:
        """A reply, or its time is up."""
        del wait
        if told.__class__ is Reply:
            return self._heard(run)
        return self.on_timeout if isinstance(told, TimedOut) else None

    def _heard(self, run: Run) -> Exit:
        run.save(self.save_as, run.reply)
        return self.next
