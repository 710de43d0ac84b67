"""Pages by number, and by the place the last one ended."""

from __future__ import annotations

from campana.domain.errors import FieldProblem, InvalidParameter
from campana.domain.ids import number_of
from campana.web.console.language import marked
from campana.web.console.requests import PageRequest

_LAST = 400_000


def number_asked(request: PageRequest, name: str = "page") -> int:
    """The `page` of the address (or what is named so); 1 without one.

    Raises:
        InvalidParameter: it is no page.
    """
    text = request.query_params.get(name, "1")
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= _LAST):
        raise InvalidParameter(
            problems=[FieldProblem(parameter=name, message=marked("is no page"))]
        )
    return int(text)


def last_page(total: int, size: int) -> int:
    """The number of the last page; an empty list has one, too."""
    return max(1, -(-total // size))


def after_asked(request: PageRequest, prefix: str) -> int:
    """The number of the last row seen (`?after=tgt_12`); 0 without one.

    Raises:
        InvalidParameter: it is none of ours.
    """
    text = request.query_params.get("after")
    found = number_of(prefix, text) if text else 0
    if found is None:
        raise InvalidParameter(
            problems=[FieldProblem(parameter="after", message=marked("is no row of this list"))]
        )
    return found
