"""The flow is over. Inside a subflow, that is; the flow around it goes on.

{"type": "end", "status": "booked"}
"""

from __future__ import annotations

from dataclasses import dataclass

from campana.flow.marks import Status
from campana.flow.run import Finish, Node, Run

_COMPLETED = Status("completed")


@dataclass(frozen=True, slots=True, kw_only=True)
class End(Node):
    """`status` is what reports call this outcome; `failed` is for sessions that broke off."""

    status: Status = _COMPLETED

    def check(self) -> list[tuple[str, str]]:
        """`failed` says that nobody meant it."""
        taken = self.status == "failed"
        return [("status", "is kept for sessions that break off")] if taken else []

    def enter(self, run: Run) -> Finish:
        """End."""
        del run
        return Finish(status=self.status)
