"""CEL for what is decided: compiled and type-checked once, evaluated with limits.

The library bounds an expression's depth, its size and the turns of its loops, and its regular
expressions take linear time, so nothing an author writes can hang the interpreter.

It does not know what a flow is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from cel_expr_python import cel  # pyright: ignore[reportMissingTypeStubs] - has cel.pyi alone

MAX_SOURCE = 1_000
"""Characters an expression may have."""
ROOTS = ("contact", "vars", "trigger", "reply", "now")
"""What an expression may read."""

_ENVIRONMENT = cel.NewEnv(
    variables={
        "contact": cel.Type.DYN,
        "vars": cel.Type.DYN,
        "trigger": cel.Type.DYN,
        "reply": cel.Type.STRING,
        "now": cel.Type.TIMESTAMP,
    }
)
_TEXTS = cel.NewEnv(variables={"text": cel.Type.STRING})
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_USE = re.compile(r"(?<![\w.])(contact|vars|trigger)\s*(?:\.\s*([A-Za-z_]\w*)|\[)")
_USE_BY_KEY = re.compile(r"""(?<![\w.])(contact|vars|trigger)\s*\[\s*(?:'(\w+)'|"(\w+)")\s*\]""")
_ABOUT = re.compile(
    r"^[A-Z_]+: |ERROR: <input>:-?\d+:-?\d+: | expecting \{.*| \(in container ''\)|\s*\[[A-Z_]+\]$"
)
_ROOT = re.compile(r"(?<![\w.])(" + "|".join(ROOTS) + r")\b")


class BadExpression(ValueError):
    """What is wrong with the source of an expression, as a phrase."""


class EvaluationFailed(Exception):
    """An expression cannot be told on the values it got."""


class Expression:
    """A CEL expression of any value.

    `paths` are the fields it reads, as tuples of names: `("contact", "balance")`.
    """

    __slots__ = ("_compiled", "_roots", "paths", "source")

    def __init__(self, source: str) -> None:
        """Compile `source`.

        Raises:
            BadExpression
        """
        self.source = source
        self._compiled = _compile(_ENVIRONMENT, source)
        self._roots = tuple(sorted(set(_ROOT.findall(_QUOTED.sub("''", source)))))
        self.paths = _paths(source)

    @property
    def kind(self) -> str:
        """The CEL type of its value, as far as it is known beforehand: `BOOL`, `DYN`, …"""
        return str(self._compiled.return_type().name())

    def evaluate(self, values: Mapping[str, object]) -> object:
        """Its value as plain Python.

        Raises:
            EvaluationFailed: a field is absent, types do not fit, or a limit is reached.
        """
        return _value(self._compiled, {root: values[root] for root in self._roots})


class Condition(Expression):
    """A CEL expression that is true or false."""

    __slots__ = ()

    def __init__(self, source: str) -> None:
        super().__init__(source)
        if self.kind not in {"BOOL", "DYN"}:
            raise BadExpression(f"must be true or false, not {self.kind.lower()}")

    def holds(self, values: Mapping[str, object]) -> bool:
        """Whether it is true.

        Raises:
            EvaluationFailed: as `evaluate`, or it is neither true nor false.
        """
        value = self.evaluate(values)
        if not isinstance(value, bool):
            raise EvaluationFailed("is neither true nor false")
        return value


class Pattern:
    """A regular expression in RE2's syntax: linear time, no look-around, no back-references.

    It may match anywhere in a text, and tells no upper from lower case.
    """

    __slots__ = ("_compiled", "source")

    def __init__(self, source: str) -> None:
        """Compile `source`.

        Raises:
            BadExpression
        """
        if not source.strip() or len(source) > MAX_SOURCE:
            raise BadExpression(f"must have between 1 and {MAX_SOURCE} characters")
        self.source = source
        escaped = "".join(_quoted(character) for character in f"(?i){source}")
        self._compiled = _compile(_TEXTS, f'text.matches("{escaped}")', limit=MAX_SOURCE * 10)
        try:
            self.matches("")
        except EvaluationFailed as error:
            raise BadExpression(str(error)) from None

    def matches(self, text: str) -> bool:
        """Whether it matches somewhere in `text`.

        Raises:
            EvaluationFailed: never, for a text without half characters.
        """
        return bool(_value(self._compiled, {"text": text}))


def _quoted(character: str) -> str:
    """A character inside a CEL text."""
    plain = character.isascii() and character.isprintable() and character not in '"\\'
    return character if plain else f"\\U{ord(character):08x}"


def _compile(environment: cel.Env, source: str, *, limit: int = MAX_SOURCE) -> cel.Expression:
    if not source.strip():
        raise BadExpression("must not be empty")
    if len(source) > limit:
        raise BadExpression(f"must have at most {limit} characters")
    try:
        return environment.compile(source)
    except (RuntimeError, ValueError) as error:  # the library says everything with the former
        raise BadExpression(f"is not CEL that can be used: {_phrase(str(error))}") from None


def _value(compiled: cel.Expression, values: Mapping[str, object]) -> object:
    try:
        found = compiled.eval(data=values)
        plain = cast("object", found.plain_value())
    except (RuntimeError, ValueError, OverflowError, TypeError) as error:
        raise EvaluationFailed(_phrase(str(error))) from None
    if found.type() == cel.Type.ERROR:
        raise EvaluationFailed(_phrase(str(plain)))
    return plain


def _phrase(said: str) -> str:
    """The library's complaint without its code and its drawing of the place."""
    return _ABOUT.sub("", said.partition("\n")[0]).strip()


def _paths(source: str) -> tuple[tuple[str, ...], ...]:
    """The fields it reads, found in its words: CEL keeps what it knows of them to itself."""
    by_key = {(root, single or double) for root, single, double in _USE_BY_KEY.findall(source)}
    by_name = {(root, name) for root, name in _USE.findall(_QUOTED.sub("''", source)) if name}
    return tuple(sorted(by_key | by_name))
