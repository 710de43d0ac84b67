"""Liquid for what is said: parsed once, rendered with limits, and the same every time.

Values are data: what a contact's field or a reply contains is never read as a template. Nothing
in a template can write, include, or ask what time it is; the `date` filter reads only the moments
it is given. Most texts are words and `{{ paths }}` alone: those are joined without the library,
which is loaded (`liquid_templates.py`) when the first other one comes.

It does not know what a flow is.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import quote

if TYPE_CHECKING:
    from liquid import BoundTemplate

MAX_SOURCE = 8_192
"""Characters a template may have."""
MAX_TEXT = 4_096
"""Characters a rendered text may have."""
MAX_HTML = 100_000
"""Characters the HTML of an e-mail may have, as a source and rendered."""

Values = Mapping[str, object]

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
            self._whole, self.paths = _library().parsed(source)
        else:
            self.paths = tuple(path for _, path in self._parts if path)

    def render(self, values: Values) -> str:
        """The text with `values` in their places; an absent value is nothing.

        Raises:
            RenderFailed: too long, too many turns, or a filter that cannot work on what it got.
        """
        if self._parts is None:
            if self._whole is None:
                return self.source
            return _library().rendered(self._whole, values, self.most)
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


def _library() -> ModuleType:
    from campana.flow import liquid_templates

    return liquid_templates
