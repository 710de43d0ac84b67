"""Pages by number that end where a cursor must be followed, and cursors that say when and which.

For lists too long for deep pages: the database would read and drop too many rows.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from campana.domain.errors import FieldProblem, InvalidParameter
from campana.web.query import bad_cursor

DEEPEST_ROW = 10_000
"""Pages by number end here."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(\d{1,17})\.([A-Za-z0-9_-]{1,60})", re.ASCII)


def page_of(*, page: int | None, page_size: int, cursor: str | None) -> int | None:
    """The page by number, or None when a cursor is followed.

    Raises:
        InvalidParameter: both are given, or the page lies too deep (`cursor` is named).
    """
    if cursor is not None:
        if page is not None:
            raise _wrong("page", "does not go with cursor")
        return None
    number = page or 1
    if number * page_size > DEEPEST_ROW:
        raise _wrong("cursor", f"is needed past row {DEEPEST_ROW}: follow nextCursor")
    return number


def cursor_of(at: datetime, key: str) -> str:
    """The cursor of whatever comes after the row of that time and key."""
    return f"{(at - _EPOCH) // timedelta(microseconds=1)}.{key}"


def after(cursor: str | None) -> tuple[datetime, str] | None:
    """The time and key a cursor was made of.

    Raises:
        InvalidParameter: no answer of ours has given it.
    """
    if cursor is None:
        return None
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise bad_cursor()
    try:
        return _EPOCH + timedelta(microseconds=int(found[1])), found[2]
    except OverflowError:
        raise bad_cursor() from None


def _wrong(parameter: str, message: str) -> InvalidParameter:
    return InvalidParameter(problems=[FieldProblem(parameter=parameter, message=message)])
