"""Query parameters, read strictly: all that is unknown, empty, repeated or malformed is named.

A shape is a msgspec Struct whose fields are the parameters; the document reader checks it, so a
query and a body speak of a mistake in the same words. A list is written with commas.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta

from campana.domain.clock import parse_moment
from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services import documents
from campana.services.campaign_document import Moment

T = TypeVar("T", bound=msgspec.Struct)

PageNumber = Annotated[int, Meta(ge=1, le=1_000_000_000, description="Counts from 1.")]
PageSize = Annotated[int, Meta(ge=1, le=100, description="More is refused, not lowered.")]
Limit = Annotated[int, Meta(ge=1, le=1000, description="The most rows to answer with.")]
Cursor = Annotated[str, Meta(max_length=100, description="The `nextCursor` of the page before.")]
DateFrom = Annotated[
    Moment, Meta(description="The earliest, inclusive; a date alone is its first instant in UTC.")
]
DateTo = Annotated[
    Moment, Meta(description="The latest, inclusive; a date alone is its last instant in UTC.")
]

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Base of every shape of a query."""


class Paging(Query, frozen=True, kw_only=True):
    """A page by number: for lists that stay small."""

    page: PageNumber = 1
    page_size: PageSize = 25


def read(shape: type[T], query_string: bytes) -> T:
    """The parameters of a query as a `shape`.

    Raises:
        InvalidParameter: with a problem for each parameter that is wrong.
    """
    given, problems = _given(query_string)
    try:
        found = documents.read(shape, _typed(shape, given))
    except InvalidParameter as error:
        problems += [_of_parameter(each) for each in error.problems]
        found = None
    wrong = {each.parameter for each in problems}
    if not wrong & {"dateFrom", "dateTo"} and is_backwards(given):
        problems.append(_problem("dateFrom", "must not be after dateTo"))
    if problems or found is None:
        raise InvalidParameter(problems=_one_each(problems))
    return found


def refuse_any(query_string: bytes) -> None:
    """For operations without parameters.

    Raises:
        InvalidParameter: naming each that was given all the same.
    """
    given, problems = _given(query_string)
    problems += [_problem(name, "is not a parameter of this operation") for name in given]
    if problems:
        raise InvalidParameter(problems=_one_each(problems))


def bad_cursor() -> InvalidParameter:
    """A `cursor` that no answer of ours has given."""
    return InvalidParameter(problems=[_problem("cursor", "is not the nextCursor of an answer")])


def is_backwards(given: Mapping[str, str]) -> bool:
    """Whether `dateFrom` lies after `dateTo`; False when either is missing."""
    if not {"dateFrom", "dateTo"} <= given.keys():
        return False
    return parse_moment(given["dateFrom"]) > parse_moment(given["dateTo"], is_end=True)


def _given(query_string: bytes) -> tuple[dict[str, str], list[FieldProblem]]:
    """Each parameter once, and what is wrong with how they were written."""
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50
        )
    except ValueError:
        raise InvalidParameter("the query is not UTF-8, or has too many parameters") from None
    given: dict[str, str] = {}
    problems: list[FieldProblem] = []
    for name, value in pairs:
        if name in given:
            problems.append(_problem(name, "is given more than once"))
        elif not value:
            problems.append(_problem(name, "must not be empty"))
        elif "\0" in value:
            problems.append(_problem(name, "must not hold a NUL character"))
        given.setdefault(name, value)
    return given, problems


def _typed(shape: type[msgspec.Struct], given: Mapping[str, str]) -> dict[str, Any]:
    """Texts as the kinds of their parameters; what does not fit stays a text, to be found wrong."""
    kinds = _kinds(shape)
    return {name: _value(kinds.get(name, "string"), text) for name, text in given.items()}


def _value(kind: str, text: str) -> object:
    if kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    return text.split(",") if kind == "array" else text


@lru_cache
def _kinds(shape: type[msgspec.Struct]) -> dict[str, str]:
    """Parameter to the JSON type of its schema, a nullable one's apart from null."""
    _, components = msgspec.json.schema_components([shape])
    properties: dict[str, Any] = components[shape.__name__]["properties"]
    return {name: _kind(schema) for name, schema in properties.items()}


def _kind(schema: Mapping[str, Any]) -> str:
    branches = [schema, *schema.get("anyOf", ())]
    named = [str(each["type"]) for each in branches if each.get("type") not in {None, "null"}]
    return named[0] if named else "string"


def _of_parameter(found: FieldProblem) -> FieldProblem:
    name, _, below = (found.pointer or "").removeprefix("/").partition("/")
    if found.message == "is not a known field":
        return _problem(name, "is not a parameter of this operation")
    return _problem(name, f"entry {int(below) + 1} {found.message}" if below else found.message)


def _one_each(problems: list[FieldProblem]) -> list[FieldProblem]:
    """The first thing wrong with each parameter: an empty one need not also be `none of …`."""
    first: dict[str | None, FieldProblem] = {}
    for each in problems:
        first.setdefault(each.parameter, each)
    return [first[name] for name in sorted(first, key=str)]


def _problem(name: str, message: str) -> FieldProblem:
    # A name may be anything a client sends: it is shown, so it is kept short.
    return FieldProblem(parameter=name[:100], message=message)
