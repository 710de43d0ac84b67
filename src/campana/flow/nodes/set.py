"""Sets variables: `texts` by Liquid, `values` by CEL, in this order.

A value that cannot be told is not set, and leaves a note.

    {"type": "set", "texts": {"greeting": "Dear {{ contact.first_name }}"},
     "values": {"tries": "has(vars.tries) ? vars.tries + 1 : 1"}, "next": "ask"}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite

from campana.flow import reader, shapes
from campana.flow.conditions import EvaluationFailed, Expression
from campana.flow.marks import Exit, VariableName
from campana.flow.run import Node, Run
from campana.flow.texts import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Set(Node):
    """A text may come out empty."""

    texts: Mapping[VariableName, Template] = field(default_factory=dict[VariableName, Template])
    values: Mapping[VariableName, Expression] = field(
        default_factory=dict[VariableName, Expression]
    )
    next: Exit

    def check(self) -> Iterable[tuple[str, str]]:
        """It sets something."""
        if not self.texts and not self.values:
            yield "", "must set something, in texts or in values"

    def enter(self, run: Run) -> Exit:
        """Set them one after another, so that a later one may read an earlier."""
        for name, text in self.texts.items():
            run.save(name, text.render(run.values))
        for name, expression in self.values.items():
            try:
                value = expression.evaluate(run.values)
            except EvaluationFailed as error:
                run.note(f"{expression.source} cannot be told: {error}")
                continue
            kept = _kept(value)
            if kept is None:
                run.note(f"{expression.source} is no value that can be kept")
            else:
                run.save(name, kept)
        return self.next


def _kept(value: object) -> object:
    """A value of CEL as one of JSON; None for those JSON has no word for."""
    if isinstance(value, datetime):
        return shapes.plain(value)
    if isinstance(value, float) and not isfinite(value):
        return None
    reading = shapes.Reading()
    read = reader.read_json(value, at="", reading=reading)
    return None if reading.problems else read
