"""A draft as pages of fields: each shows a part of the campaign's document and writes that part.

A page never decides what is right: it hands what was typed to the services, as it was typed where
it makes no sense, and puts what they say beside the field it is about.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as given_by
from typing import Any, cast

from campana.domain.errors import FieldProblem
from campana.web.console import written
from campana.web.console.forms import WHOLE
from campana.web.console.language import in_words, marked

_NUMBER = re.compile(r"[-+]?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)

Texts = Mapping[str, str]
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a page says of the document: its keys, None for one that is to be absent."""

    values: Mapping[str, Any]
    problems: Mapping[str, str] = given_by(default_factory=dict[str, str])
    """By field, what could not even be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A page. `places` says which field a pointer speaks of: the longest beginning counts."""

    path: str
    name: str
    fields: Sequence[str]
    show: Callable[[Document], dict[str, str]]
    read: Callable[[Texts, Document], Part]
    places: Mapping[str, str]
    texts: Sequence[str] = ()
    """Fields that hold YAML: what is wrong with them is told by line."""
    wholes: Sequence[str] = ()
    """Those of them whose text begins at the top of the document."""

    def place_of(self, pointer: str) -> tuple[str, str] | None:
        """The field, and the pointer within it; None where it is another page's."""
        for start in sorted(self.places, key=len, reverse=True):
            if pointer == start or pointer.startswith(start + "/"):
                field = self.places[start]
                return field, pointer if field in self.wholes else pointer.removeprefix(start)
        return None


def placed(step: Step, problems: Sequence[FieldProblem], typed: Texts) -> dict[str, str]:
    """What is wrong, by field; what stands on another page under WHOLE, with its place."""
    by_field: dict[str, list[FieldProblem]] = {}
    elsewhere: list[str] = []
    for each in problems:
        found = step.place_of(each.pointer or "")
        if found is None:
            place = (each.pointer or "").strip("/").replace("/", ".")
            elsewhere.append(
                f"{place}: {in_words(each.message)}" if place else in_words(each.message)
            )
            continue
        below = FieldProblem(pointer=found[1], message=each.message)
        by_field.setdefault(found[0], []).append(below)
    told = {
        name: written.said(typed.get(name, ""), found)
        if name in step.texts
        else "; ".join(dict.fromkeys(in_words(each.message) for each in found))
        for name, found in by_field.items()
    }
    if elsewhere:
        told[WHOLE] = "\n".join(dict.fromkeys(elsewhere))
    return {name: text[:1].upper() + text[1:] for name, text in told.items()}


def patch_of(document: Document, values: Document) -> dict[str, Any]:
    """The JSON Merge Patch that makes the document say `values` where it has those keys."""
    patch: dict[str, Any] = {}
    for key, value in values.items():
        before = document.get(key)
        if value == before:
            continue
        if isinstance(value, dict) and isinstance(before, dict):
            after = cast("dict[str, Any]", value)
            known = cast("dict[str, Any]", before)
            patch[key] = patch_of(known, {**dict.fromkeys(known), **after})
        elif value is not None or key in document:
            patch[key] = value
    return patch


def nulls(values: Document, document: Document, at: str = "") -> list[FieldProblem]:
    """Places where null was written as a value anew: a merge patch would take them away instead."""
    found: list[FieldProblem] = []
    for key, value in values.items():
        before = document.get(key)
        if isinstance(value, dict):
            known = cast("dict[str, Any]", before if isinstance(before, dict) else {})
            found += nulls(cast("dict[str, Any]", value), known, f"{at}/{key}")
        elif value is None and at and not (key in document and before is None):
            found.append(FieldProblem(pointer=f"{at}/{key}", message=marked("cannot be null here")))
    return found


def mark(text: str) -> str:
    """A short name of what a field held, to see later whether it still does."""
    return hashlib.sha256(written.tidy(text).strip().encode()).hexdigest()[:16]


def number(text: str) -> int | float | str | None:
    """A number as it was meant; None for nothing; the text where it is none, to be refused."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return text or None
    return float(text) if "." in text else int(text)


def line(text: str) -> str | None:
    """What was typed into a line; None for nothing."""
    return text.strip() or None


def plain(value: Any) -> str:  # noqa: ANN401 - as it stands in a document
    """A value as it is typed; empty for nothing."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
