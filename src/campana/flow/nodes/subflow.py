"""Goes through a flow inside this one, and on when that is over.

{"type": "subflow", "flow": "ask_address", "cases": {"refused": "apology"}, "next": "thanks"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from campana.flow.marks import Exit, Status, SubflowName
from campana.flow.run import Enter, Node, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Subflow(Node):
    """`cases` go by the status of its end. It shares the variables of this flow."""

    flow: SubflowName
    cases: Mapping[Status, Exit] = field(default_factory=dict[Status, Exit])
    next: Exit

    def enter(self, run: Run) -> Enter:
        """Begin it."""
        del run
        return Enter(flow=self.flow)

    def returned(self, status: str) -> Exit:
        """Where its end leads."""
        return self.cases.get(Status(status), self.next)
