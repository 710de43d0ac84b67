"""Says a text in the call that is on, and goes on; texts are said one after another.

{"type": "say", "text": "Thank you for calling, {{ contact.first_name }}.", "next": "menu"}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from campana.flow.events import Say
from campana.flow.marks import Exit
from campana.flow.run import Node, Run
from campana.flow.shapes import Range
from campana.flow.texts import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class SayNode(Node):
    """Follows `wait_inbound_call`."""

    text: Template
    voice: Annotated[str, Range(1, 64)] | None = None
    next: Exit

    def enter(self, run: Run) -> Exit:
        """Ask for it to be said."""
        run.emit(Say(text=run.render(self.text), voice=self.voice))
        return self.next
