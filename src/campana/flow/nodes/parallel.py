"""Goes on in several branches at once, until they come to `next`.

With join `all` the flow goes on there when every branch has come, with `any` when the first has;
the others are then dropped, and what they waited for is over. An end in a branch ends the flow.

    {"type": "parallel", "branches": ["by_whatsapp", "by_sms_later"], "join": "any",
     "next": "reached"}
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from campana.flow.marks import Exit, Join
from campana.flow.run import Fork, Node, Run
from campana.flow.shapes import Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel(Node):
    """Branches share the variables of the flow."""

    branches: Annotated[tuple[Exit, ...], Range(2, 8)]
    join: Literal["all", "any"] = "all"
    next: Join

    def check(self) -> Iterable[tuple[str, str]]:
        """Branches differ, and have something to do."""
        for index, branch in enumerate(self.branches):
            if branch == self.next:
                yield f"branches/{index}", "is next already; a branch has a node of its own"
            elif branch in self.branches[:index]:
                yield f"branches/{index}", "is a branch already"

    def enter(self, run: Run) -> Fork:
        """Begin them all, in order."""
        del run
        return Fork(branches=self.branches)
