"""What may be wrong with an input, read from where it is said: a sentence is written down once.

Found are the texts that are given to the errors of `domain/errors.py`, to `FieldProblem` and what
says why a row or an address cannot be taken, and to the functions of a module that make those. What
an f-string fills in is a place, named as the code names the value.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from campana.domain import errors
from campana.services.documents import SENTENCES, TYPES

_SOURCE = Path(__file__).resolve().parent.parent / "src/campana"
_FOLDERS = ("domain", "flow", "services")
_ERRORS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.CampanaError) and name != "SetupError"
}
_PROBLEMS = {"FieldProblem", "Unusable", "Unfit", "Refusal", "Dispute", "replace"}
_SAYING = {"message", "reason", "suggestion"}
_MAKERS = {
    "warned",
    "_wrong",
    "_problem",
    "problem",
    "_at",
    "_bad",
    "Unfit",
    "Unusable",
    "_Refused",
}
_RETURNING = {"_parse_reason", "problem_of"}
_LEAST = 8
"""Letters beside its places, below which a sentence could be found in any text."""


def sentences() -> list[str]:
    """All of them, as messages: places are `%(name)s`."""
    found = set(_of_shapes())
    for folder in _FOLDERS:
        for path in sorted((_SOURCE / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                found.update(filter(_is_one, map(_message, _texts(node))))
    return sorted(found)


def _of_shapes() -> Iterator[str]:
    """What a shape says of a value that does not fit it."""
    yield from (each.format("%(value)s") for each in SENTENCES.values())
    yield from (f"must be {each}" for each in TYPES.values())
    yield from (f"must be {each} or null" for each in TYPES.values() if each != "null")
    yield "must be one of %(value)s"


def _texts(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions in it that say what is wrong."""
    if isinstance(node, ast.FunctionDef) and node.name in _RETURNING:
        returned = (each for each in ast.walk(node) if isinstance(each, ast.Return))
        yield from (each.value for each in returned if each.value is not None)
    if not isinstance(node, ast.Call):
        return
    called = node.func.id if isinstance(node.func, ast.Name) else ""
    given: list[ast.expr] = node.args[:1] if called in _ERRORS else []
    if called in _MAKERS:
        given = [*node.args]
    if called in _PROBLEMS:
        given += [each.value for each in node.keywords if each.arg in _SAYING]
    for each in given:
        yield from (each.body, each.orelse) if isinstance(each, ast.IfExp) else (each,)


def _message(text: ast.expr) -> str:
    if isinstance(text, ast.Constant):
        return text.value if isinstance(text.value, str) else ""
    if not isinstance(text, ast.JoinedStr):
        return ""
    names, made = Counter[str](), ""
    for part in text.values:
        if isinstance(part, ast.FormattedValue):
            name = _named(part.value)
            names[name] += 1
            made += f"%({name if names[name] == 1 else name + str(names[name])})s"
        elif isinstance(part, ast.Constant):
            made += str(part.value).replace("%", "%%")
    return made


def _named(value: ast.expr) -> str:
    found = (
        value.id
        if isinstance(value, ast.Name)
        else value.attr
        if isinstance(value, ast.Attribute)
        else ""
    )
    return found.strip("_").lower() or "value"


def _is_one(message: str) -> bool:
    """Two words at least, and enough beside its places to be known by."""
    literal = "".join(part.partition(")s")[2] or part for part in message.split("%("))
    letters = sum(each.isalpha() for each in literal.split("%(")[0])
    return " " in message.strip() and letters >= _LEAST
