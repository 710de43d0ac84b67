"""Every sentence of a template is marked, so that it can be said in another language.

Read from the template as Jinja parses it: what stands as text or in an attribute that is read
aloud, and every text that an expression would show without asking the catalog.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from campana.web.console.pages import environment
from tools.messages import CONSOLE

TEMPLATES = sorted((CONSOLE / "templates").glob("*.html"))
# Names, and words that are the same everywhere.
EXAMPLES = {"first_name: Ana", "said_values."}
UNMARKED = {"Campana", "YAML", "openapi.json", "UTC", "ms", "SMS", "Id"}
SPOKEN = {"title", "aria-label", "placeholder", "alt"}
CODE = {"code", "pre", "script", "style"}
ASKING = {"_", "gettext", "ngettext", "pgettext"}
# Functions and filters whose texts are names (of an icon, a file, a field, a scope), and the names
# of arguments that are.
NAMING = {
    "asset", "beside", "icon", "may", "get", "getattr", "replace", "join", "map", "default",
    "rejectattr", "selectattr", "strftime", "urlencode", "tojson", "round", "wrong",
}  # fmt: skip
NAMED = {"type", "autocomplete", "attrs", "list"}
_WORD = re.compile(r"[A-Za-z]{2,}")
# Of a text in an expression: a sentence, or a word as sentences begin with.
_SENTENCE = re.compile(r"[A-Z][a-z]+|[a-z]{2,}[,;:]? [a-z]|[a-z]{2,}[.!?]$")


class _Reader(HTMLParser):
    """Words of a page that a person reads; places of expressions hold a control character."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in SPOKEN and value]
        if tag in CODE:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.found.append(data)


def _page(text: str, made: Environment) -> str:
    """The template's own text, a control character for all that is filled in."""
    pieces: list[str] = []
    depth = 0
    for _, kind, value in made.lex(text):
        if kind in {"variable_begin", "block_begin", "comment_begin"}:
            depth += 1
        elif kind in {"variable_end", "block_end", "comment_end"}:
            depth -= 1
            pieces.append("\x01")
        elif kind == "data" and not depth:
            pieces.append(value)
    return "".join(pieces)


def _unmarked_text(text: str, made: Environment) -> Iterator[str]:
    # What is marked goes first: it stands between the tags of a block.
    bare = re.sub(r"{% trans\b.*?{% endtrans %}", "{{ x }}", text, flags=re.DOTALL)
    reader = _Reader()
    reader.feed(_page(bare, made))
    for each in reader.found:
        # A macro may write attributes outside of any element.
        words = re.sub(r'[\w-]+="[^"]*"', "", each)
        words = re.sub("|".join(re.escape(word) for word in UNMARKED), "", words)
        if _WORD.search(words):
            yield each.strip()


def _shown(node: nodes.Node) -> Iterator[str]:
    """Texts that an expression may show, or hand to what shows it."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    for each in _parts(node):
        yield from _shown(each)


def _parts(node: nodes.Node) -> Iterable[nodes.Node]:
    """What of an expression may be shown: what is compared or looked up is a code."""
    match node:
        case nodes.Call():
            return _arguments(node)
        case nodes.CondExpr():
            return [each for each in (node.expr1, node.expr2) if each is not None]
        case nodes.Compare() | nodes.Test():
            return []
        case nodes.Getitem():
            return [node.node]
        case nodes.Dict():
            return [pair.value for pair in node.items]
        case nodes.Filter() if node.name in NAMING:
            return [node.node] if node.node is not None else []
        case _:
            return node.iter_child_nodes()


def _arguments(node: nodes.Call) -> Iterable[nodes.Node]:
    called = node.node
    if isinstance(called, nodes.Getattr):
        if called.attr == "get" and isinstance(called.node, nodes.Dict):
            return [called.node, *node.args[1:]]
        return [] if called.attr in NAMING else node.args
    name = called.name if isinstance(called, nodes.Name) else ""
    if name in ASKING | NAMING:
        return []
    # The first is the name of a field, or where a form goes.
    return [*node.args[1:], *(each.value for each in node.kwargs if each.key not in NAMED)]


def _unmarked_expressions(text: str, made: Environment) -> Iterator[str]:
    for kind in (nodes.Output, nodes.Assign, nodes.For, nodes.CallBlock):
        for node in made.parse(text).find_all(kind):
            if isinstance(node, nodes.Output):
                parts = [each for each in node.nodes if not isinstance(each, nodes.TemplateData)]
            elif isinstance(node, nodes.For):
                parts = [node.iter]
            elif isinstance(node, nodes.CallBlock):
                parts = [
                    nodes.Call(node.call.node, [nodes.Const(""), *node.call.args], [], None, None)
                ]
            else:
                parts = [node.node]
            for part in parts:
                for each in _shown(part):
                    if _SENTENCE.search(each) and each not in EXAMPLES:
                        yield each


def unmarked(text: str) -> list[str]:
    """Words of a template that no catalog is asked for."""
    made = environment()
    return [*_unmarked_text(text, made), *_unmarked_expressions(text, made)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_every_sentence_is_marked(path: Path) -> None:
    found = unmarked(path.read_text(encoding="utf-8"))
    assert not found, f"mark these in {path.name} with _() or {{% trans %}}: {found}"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_only_what_stands_in_a_template_is_markup(path: Path) -> None:
    """What `_` is given is not escaped: a value would be what a stranger wrote."""
    calls = environment().parse(path.read_text(encoding="utf-8")).find_all(nodes.Call)
    for call in calls:
        if isinstance(call.node, nodes.Name) and call.node.name in ASKING:
            texts = call.args[:2] if call.node.name in {"ngettext", "pgettext"} else call.args[:1]
            assert all(isinstance(each, nodes.Const) for each in texts), "write `value | said`"


@pytest.mark.parametrize("path", sorted(CONSOLE.glob("*.py")), ids=lambda path: path.stem)
def test_no_sentence_is_marked_inside_of_another_string(path: Path) -> None:
    """Before Python 3.12 whoever reads the marks does not see into an f-string."""
    hidden = [
        part.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if isinstance(part, ast.Call)
        and isinstance(part.func, ast.Name)
        and part.func.id in {"say", "say_many", "say_of", "marked"}
        and any(isinstance(each, ast.Constant) for each in part.args)
    ]
    assert not hidden, f"put these of {path.name} into a name first: lines {hidden}"


@pytest.mark.parametrize(
    "text",
    [
        "<p>Nobody yet</p>",
        '<a title="Keep this page">{{ name }}</a>',
        "<p>{{ count }} people</p>",
        "<p>{{ 'Close' if is_open else _('Open again') }}</p>",
        "{{ field('name', 'What it is for') }}",
        "{{ field('name', _('Name'), hint='Two letters each.') }}",
        "{% for key, text in [('skip', 'stays as they are')] %}{{ text }}{% endfor %}",
        "{{ {'open': 'with the bot'}[state] }}",
        "{{ {'open': 'With the bot'}.get(state, state) }}",
        "{% call empty('No list yet', 'icon') %}{{ x }}{% endcall %}",
        "{{ 'paused' | badge('Switched off') }}",
        "<p>{{ 'the ' ~ name ~ ' of it' }}</p>",
    ],
)
def test_finds_what_is_not_marked(text: str) -> None:
    assert unmarked(text)
