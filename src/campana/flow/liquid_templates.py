"""Templates with filters and tags: the Liquid library, with what is allowed of it.

`texts.py` is what everybody else knows of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

from liquid import BoundTemplate, Environment, RenderContext
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.exceptions import LiquidError, LiquidTypeError
from liquid.expression import Expression

from campana.domain.clock import parse_moment
from campana.domain.window import zone_named
from campana.flow.texts import MAX_HTML, MAX_TEXT, BadTemplate, RenderFailed, Values

MAX_LOOPS = 200
"""Turns of all loops together while one text is rendered."""
MAX_NUMBER = 2**63

FILTERS = frozenset({
    "abs", "append", "at_least", "at_most", "capitalize", "ceil", "date", "default", "divided_by",
    "downcase", "escape", "first", "floor", "join", "last", "lstrip", "minus", "modulo", "plus",
    "prepend", "remove", "replace", "replace_first", "round", "rstrip", "size", "slice", "sort",
    "split", "strip", "strip_newlines", "times", "truncate", "truncatewords", "upcase",
    "url_encode", "where",
})  # fmt: skip
"""Those of the library that are pure and cannot take long."""
TAGS = frozenset({
    "#", "break", "case", "comment", "content", "continue", "for", "if", "illegal", "output", "raw",
    "unless",
})  # fmt: skip
"""Those that neither write variables nor read other templates."""


class _Environment(Environment):
    loop_iteration_limit = MAX_LOOPS
    output_stream_limit = MAX_HTML * 4  # bytes; a character has at most four
    local_namespace_limit = 100_000
    block_nesting_limit = 8
    context_depth_limit = 12


def _environment() -> Environment:
    """The library with what is allowed, each filter bounded."""
    environment = _Environment()
    filters: dict[str, Any] = environment.filters
    tags: dict[str, Any] = environment.tags
    for name in set(filters) - FILTERS:
        del filters[name]
    for name in set(tags) - TAGS:
        del tags[name]
    filters["date"] = _date
    for name, function in list(filters.items()):
        filters[name] = _bounded(function)
    return environment


def _bounded(function: Callable[..., object]) -> Callable[..., object]:
    """The filter, refusing results that would make the next one slow."""

    def bounded(*args: object, **kwargs: object) -> object:
        try:
            result = function(*args, **kwargs)
        except (ArithmeticError, ValueError, TypeError) as error:
            raise LiquidTypeError(str(error), token=None) from None
        sized = isinstance(result, str | list)
        if sized and len(cast("str", result)) > MAX_TEXT:
            raise LiquidTypeError("a value grew too long", token=None)
        if isinstance(result, int) and abs(result) > MAX_NUMBER:
            raise LiquidTypeError("a number grew too large", token=None)
        return cast("object", result)

    # The library reads marks off its filters: which want the context, which the environment.
    bounded.__dict__.update(getattr(function, "__dict__", {}))
    return bounded


def _date(value: object, form: object = "%Y-%m-%d", zone: object = "UTC") -> str:
    """`{{ now | date: "%H:%M", contact.time_zone }}`: a moment or an ISO 8601 text."""
    named = zone_named(str(zone or "UTC"))
    if named is None:
        raise ValueError(f"{zone} is no time zone")
    return parse_moment(str(value)).astimezone(named).strftime(str(form))


_LIQUID = _environment()


def parsed(source: str) -> tuple[BoundTemplate, tuple[tuple[str, ...], ...]]:
    """The template, and the paths of the values it reads.

    Raises:
        BadTemplate
    """
    try:
        template = _LIQUID.from_string(source)
        found = template.global_variable_segments()
        has_range = any(isinstance(each, RangeLiteral) for each in _expressions(template))
        unknown = sorted(set(template.filter_names()) - FILTERS)
    except (LiquidError, RecursionError) as error:
        raise BadTemplate(_phrase(error)) from None
    if has_range:
        raise BadTemplate("may not count through ranges such as (1..9); loop over a list")
    if unknown:
        raise BadTemplate(f"uses a filter that is not here: {', '.join(unknown)}")
    return template, tuple(_names(segments) for segments in found)


def _expressions(template: BoundTemplate) -> Iterator[Expression]:
    """Every expression in it, and in those: a range may be so long that a filter never ends."""
    context = RenderContext(template)
    nodes = list(template.nodes)
    while nodes:
        node = nodes.pop()
        nodes.extend(node.children(context, include_partials=False))
        expressions = list(node.expressions())
        while expressions:
            expression = expressions.pop()
            expressions.extend(expression.children())
            yield expression


def _names(segments: object) -> tuple[str, ...]:
    """The leading names of a path; `contact[vars.key]` reads any field, which `*` stands for."""
    return tuple(
        segment if isinstance(segment, str) else "*" for segment in cast("list[object]", segments)
    )


def rendered(template: BoundTemplate, values: Values, most: int) -> str:
    """The text, of at most so many characters.

    Raises:
        RenderFailed
    """
    try:
        text = template.render(values)
    except (LiquidError, ArithmeticError, ValueError, TypeError, RecursionError) as error:
        raise RenderFailed(_phrase(error)) from None
    if len(text) > most:
        raise RenderFailed(f"a text must have at most {most} characters")
    return text


def _phrase(error: Exception) -> str:
    """The library's complaint without its drawing of the place."""
    said = str(getattr(error, "message", None) or error).partition("\n")[0].strip()
    return f"is not Liquid that can be used: {said or type(error).__name__}"
