"""A form with one file and some fields, checked as a JSON body is: every wrong part is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from litestar.datastructures import UploadFile

from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services import documents
from campana.web.request import ApiRequest

FILE_LIMIT = 1_000_000_000
"""Bytes of one upload. It lies on disk, never in memory."""

Form = TypeVar("Form", bound=msgspec.Struct)


def _as_they_are(_: dict[str, Any]) -> None:
    """Every part is text."""


async def with_file(
    request: ApiRequest,
    shape: type[Form],
    *,
    decode: Callable[[dict[str, Any]], None] = _as_they_are,
) -> tuple[UploadFile, Form]:
    """The part named `file`, and the other parts as a `shape`.

    `decode` turns parts that are more than text into what they mean, in place; it raises
    InvalidParameter as well.

    Raises:
        InvalidParameter: naming each part that is wrong.
    """
    given: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    for name, value in (await request.form()).multi_items():
        if name in given:
            problems.append(_problem(name, "is given more than once"))
        elif isinstance(value, UploadFile) != (name == "file"):
            problems.append(_problem(name, "must be a file" if name == "file" else "is no file"))
        given[name] = value
    upload = given.pop("file", None)
    if not isinstance(upload, UploadFile):
        problems.append(_problem("file", "is required"))
    try:
        decode(given)
        form = documents.read(shape, given)
    except InvalidParameter as error:
        raise InvalidParameter(problems=[*problems, *error.problems]) from None
    if problems or not isinstance(upload, UploadFile):
        raise InvalidParameter(problems=problems)
    return upload, form


def _problem(name: str, message: str) -> FieldProblem:
    return FieldProblem(pointer=f"/{name[:100]}", message=message)
