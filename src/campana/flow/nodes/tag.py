"""Marks the contact, or takes marks away.

{"type": "tag", "add": ["interested"], "remove": ["cold"], "next": "thanks"}
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from campana.flow.events import TagContact
from campana.flow.marks import Exit
from campana.flow.run import Node, Run
from campana.flow.shapes import Range

Tags = Annotated[tuple[Annotated[str, Range(1, 64)], ...], Range(0, 20)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag(Node):
    """Tags are plain words; they are not templates."""

    add: Tags = ()
    remove: Tags = ()
    next: Exit

    def check(self) -> Iterable[tuple[str, str]]:
        """It does something."""
        if not self.add and not self.remove:
            yield "", "must have a tag to add or to remove"

    def enter(self, run: Run) -> Exit:
        """Ask for it."""
        run.emit(TagContact(add=self.add, remove=self.remove))
        return self.next
