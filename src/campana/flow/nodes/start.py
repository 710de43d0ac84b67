"""Where a flow begins. `params` names what may come with the trigger, read as `trigger.<name>`.

{"type": "start", "params": ["orderId"], "next": "greet"}
"""

from __future__ import annotations

from dataclasses import dataclass

from campana.flow.marks import Exit, ParameterName
from campana.flow.run import Node, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Start(Node):
    """The first node; each flow has one."""

    params: tuple[ParameterName, ...] = ()
    next: Exit

    def enter(self, run: Run) -> Exit:
        """Go on."""
        del run
        return self.next
