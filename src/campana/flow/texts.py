"""Liquid for what is said: parsed once, rendered with limits, and the same every time.

Values are data: what a contact's field or a reply contains is never read as a template. Nothing
in a template can write, include, or ask what time it is; the `date` filter reads only the moments
it is given. Most texts are words and `{{ paths }}` alone: those are joined without the library.

It does not know what a flow is.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, cast
from urllib.parse import quote

from liquid import BoundTemplate, Environment, RenderContext
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.exceptions import LiquidError, LiquidTypeError
from liquid.expression import Expression

from campana.domain.clock import parse_moment
from campana.domain.window import zone_named

MAX_SOURCE = 8_192
"""Characters a template may have."""
MAX_TEXT = 4_096
"""Characters a rendered text may have."""
MAX_HTML = 100_000
"""Characters the HTML of an e-mail may have, as a source and rendered."""
MAX_LOOPS = 200
"""Turns of all loops together while one text is rendered."""
MAX_NUMBER = 2**63

Values = Mapping[str, object]

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

_PATH = re.compile(r"\{\{\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*\}\}")
_SPECIAL = frozenset({"size", "first", "last", "true", "false", "nil", "null", "empty", "blank"})
"""Names that Liquid gives a meaning of its own."""


class BadTemplate(ValueError):
    """What is wrong with the source of a template, as a phrase."""


class RenderFailed(Exception):
    """A template and the values it got do not make a text that can be sent."""


class Template:
    """A text with places for values.

    `paths` are the values it reads, as tuples of names: `("contact", "first_name")`.
    """

    __slots__ = ("_parts", "_whole", "paths", "source")

    escape: ClassVar[Callable[[str], str] | None] = None
    """What is done to each value; None leaves it as it is."""
    most: ClassVar[int] = MAX_TEXT
    """Characters it may have when it is rendered."""
    longest: ClassVar[int] = MAX_SOURCE
    """Characters its source may have."""

    def __init__(self, source: str) -> None:
        """Parse `source`.

        Raises:
            BadTemplate
        """
        if len(source) > self.longest:
            raise BadTemplate(f"must have at most {self.longest} characters")
        self.source = source
        self._parts = _parts(source)
        self._whole: BoundTemplate | None = None
        if self._parts is None:
            self._whole, self.paths = _parsed(source)
        else:
            self.paths = tuple(path for _, path in self._parts if path)

    def render(self, values: Values) -> str:
        """The text with `values` in their places; an absent value is nothing.

        Raises:
            RenderFailed: too long, too many turns, or a filter that cannot work on what it got.
        """
        if self._parts is None:
            return _render_whole(self._whole, values, self.most) if self._whole else self.source
        escape = type(self).escape
        text = ""
        for words, path in self._parts:
            text += words
            if path:
                value: Any = values
                try:
                    for name in path:
                        value = value[name]
                except (KeyError, TypeError):  # absent, or nothing that has fields
                    value = None
                shown = value if type(value) is str else _shown(value)
                text += shown if escape is None else escape(shown)
        if len(text) > self.most:
            raise RenderFailed(f"a text must have at most {self.most} characters")
        return text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.source!r})"


def _escaped(value: str) -> str:
    return quote(value, safe="")


class UrlTemplate(Template):
    """A URL with places for values, each of them percent-encoded; no filters, no tags.

    Its scheme and host are written out, so that no value can choose whom to call.
    """

    __slots__ = ()

    escape = staticmethod(_escaped)

    def __init__(self, source: str) -> None:
        super().__init__(source)
        if self._parts is None:
            raise BadTemplate("may hold plain places such as {{ contact.id }}, and nothing else")
        if not re.match(r"https?://[A-Za-z0-9.:\[\]_-]+(?=[/?#]|$)", source):
            raise BadTemplate("must begin with https:// and a host that is written out")


class HtmlTemplate(Template):
    """HTML with places for values: whatever a value holds, it is shown and never markup."""

    __slots__ = ()

    most = MAX_HTML
    longest = MAX_HTML

    def render(self, values: Values) -> str:
        """The HTML with `values` in their places, each of them escaped.

        Raises:
            RenderFailed: as for a Template.
        """
        return Template.render(self, cast("Values", _escaped_all(values)))


def _escaped_all(value: object) -> object:
    """A value in which every text is escaped for HTML."""
    match value:
        case str():
            return html.escape(value)
        case Mapping():
            known = cast("Mapping[str, object]", value)
            return {key: _escaped_all(each) for key, each in known.items()}
        case list() | tuple():
            return [_escaped_all(each) for each in cast("list[object]", value)]
        case _:
            return value


def _parts(source: str) -> tuple[tuple[str, tuple[str, ...]], ...] | None:
    """A template that is words and plain paths as pairs of these; None for any other.

    The last pair, and no other, has an empty path.
    """
    pieces = _PATH.split(source)
    words, paths = pieces[::2], pieces[1::2]
    if any("{{" in word or "{%" in word or word.endswith("{") for word in words):
        return None
    names = [tuple(path.split(".")) for path in paths]
    if any(_SPECIAL.intersection(name) for name in names):
        return None
    return tuple(zip(words, [*names, ()], strict=True))


def _shown(value: object) -> str:
    """A value as Liquid shows it."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list():
            return "".join(_shown(each) for each in cast("list[object]", value))
        case _:
            return str(value)


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


def _parsed(source: str) -> tuple[BoundTemplate, tuple[tuple[str, ...], ...]]:
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


def _render_whole(template: BoundTemplate, values: Values, most: int) -> str:
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
