"""Goes where CEL says. The first case that holds is taken, else `otherwise`.

A case that cannot be told (a field is absent, a text is compared with a number) does not hold, and
leaves a note.

    {"type": "condition", "cases": [
       {"when": "contact.balance > 100000 && contact.verified", "next": "advisor"}],
     "otherwise": "leaflet"}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from campana.flow.conditions import Condition
from campana.flow.marks import Exit
from campana.flow.run import Node, Run
from campana.flow.shapes import Range


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A way that is taken when its condition holds."""

    when: Condition
    next: Exit


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionNode(Node):
    """Decides on what is known."""

    cases: Annotated[tuple[When, ...], Range(1, 50)]
    otherwise: Exit

    def enter(self, run: Run) -> Exit:
        """The way of the first case that holds."""
        for case in self.cases:
            if run.holds(case.when):
                return case.next
        return self.otherwise
