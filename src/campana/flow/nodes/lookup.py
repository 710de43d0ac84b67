"""Finds the row of a reference table. Where there is none, `onMissing` is taken.

Whoever carries the flow out answers at once, so there is no time to run out.

    {"type": "lookup", "table": "branches", "key": "{{ contact.city }}", "saveAs": "branch",
     "next": "tell", "onMissing": "ask_city"}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from campana.flow.events import LookUp
from campana.flow.inputs import Input, LookedUp
from campana.flow.marks import Exit, VariableName
from campana.flow.run import Node, Run
from campana.flow.session import Wait
from campana.flow.shapes import Range
from campana.flow.texts import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup(Node):
    """`saveAs` keeps the row: `vars.branch.phone`. An empty key finds nothing."""

    table: Annotated[str, Range(1, 100)]
    key: Template
    save_as: VariableName
    next: Exit
    on_missing: Exit

    def enter(self, run: Run) -> Exit | Wait:
        """Ask for the row."""
        key = self.key.render(run.values).strip()
        if not key:
            return self.on_missing
        wait = run.wait("lookup")
        run.emit(LookUp(wait=wait.number, table=self.table, key=key))
        return wait

    def resume(self, run: Run, wait: Wait, told: Input) -> Exit | None:
        """The row, or that there is none."""
        del wait
        if not isinstance(told, LookedUp):
            return None
        if told.row is None:
            return self.on_missing
        run.save(self.save_as, dict(told.row))
        return self.next
