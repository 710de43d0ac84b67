"""The texts of a definition that mean something: names of nodes, of variables and of subflows,
templates, expressions. The reader notes each with its place; the checks of the whole look there.
"""

from __future__ import annotations

from typing import final

from campana.flow.conditions import Condition, Expression, Pattern
from campana.flow.shapes import Marked, compiled
from campana.flow.texts import Template, UrlTemplate


@final
class Exit(Marked):
    """The node where the flow goes on."""

    __slots__ = ()


class Join(Marked):
    """The node where branches that run at once come together."""

    __slots__ = ()


class VariableName(Marked):
    """A variable that the node sets: `vars.<name>` afterwards."""

    __slots__ = ()


class ParameterName(Marked):
    """A value that comes with the trigger: `trigger.<name>`."""

    __slots__ = ()


class SubflowName(Marked):
    """A flow inside this one."""

    __slots__ = ()


class Status(Marked):
    """What an end is called, in reports and by the flow around a subflow."""

    __slots__ = ()


for _kind in (Template, UrlTemplate, Expression, Condition, Pattern):
    compiled(_kind, _kind)
