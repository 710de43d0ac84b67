"""The contact wants no more of this.

{"type": "opt_out", "scope": "workspace", "reason": "wrote {{ reply }}", "next": "confirm"}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from campana.flow.events import OptOut
from campana.flow.marks import Exit
from campana.flow.run import Node, Run
from campana.flow.sending import Channel
from campana.flow.texts import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOutNode(Node):
    """`scope` says how far it goes; `channel` alone without naming one means the conversation's."""

    scope: Literal["workspace", "campaign", "channel"] = "workspace"
    channel: Channel | None = None
    reason: Template | None = None
    next: Exit

    def enter(self, run: Run) -> Exit:
        """Ask for the suppression."""
        reason = self.reason.render(run.values).strip() if self.reason else None
        run.emit(OptOut(scope=self.scope, channel=self.channel, reason=reason or None))
        return self.next
