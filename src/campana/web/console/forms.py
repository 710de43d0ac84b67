"""What is wrong with a form, by the name of the field it stands beside."""

from __future__ import annotations

from collections.abc import Mapping

from campana.domain.errors import CampanaError, FieldProblem
from campana.web.console.language import in_words

WHOLE = ""
"""What is wrong with a form as a whole."""


def said_of(error: CampanaError) -> dict[str, str]:
    """Field to what is wrong with it; what belongs to no field stands under WHOLE."""
    if not error.problems:
        return {WHOLE: _sentence(in_words(error.message))}
    found: dict[str, str] = {}
    for each in error.problems:
        name = _name(each)
        said = in_words(each.message)
        found[name] = f"{found[name]}; {said}" if name in found else said
    return {name: _sentence(text) for name, text in found.items()}


def _name(problem: FieldProblem) -> str:
    return (problem.pointer or problem.parameter or "").removeprefix("/").replace("/", ".")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def texts_below(given: Mapping[str, str], start: str) -> dict[str, str]:
    """Of the fields named `start` and a name the texts by that name, a thousand characters each."""
    return {
        name.removeprefix(start): text[:1000]
        for name, text in given.items()
        if name.startswith(start)
    }


def version_seen(given: Mapping[str, str], name: str, *, otherwise: int) -> int:
    """The version the form was made from; without one, `otherwise`."""
    text = given.get(name, "")[:9]
    return int(text) if text.isdecimal() else otherwise
