"""Hours as people write them, in a campaign and in a channel, and what can be wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from campana.domain import holiday, window
from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services import documents

Start = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["09:00"])]
End = Annotated[
    str,
    Meta(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", examples=["17:30", "24:00"]),
]
Day = Annotated[str, Meta(max_length=10, extra_json_schema={"format": "date"})]
Place = Annotated[str, Meta(pattern="^[A-Z]{2}(-[A-Z0-9]{1,6})?$", examples=["US", "US-CA"])]


class HoursDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Wall clock times of the person contacted; `to` may be 24:00."""

    from_: Start = msgspec.field(name="from")
    to: End


class WindowDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Hours by weekday; a day left out is closed.

    `always` is for channels that cannot leave this machine.
    """

    always: bool = False
    mon: list[HoursDocument] = []
    tue: list[HoursDocument] = []
    wed: list[HoursDocument] = []
    thu: list[HoursDocument] = []
    fri: list[HoursDocument] = []
    sat: list[HoursDocument] = []
    sun: list[HoursDocument] = []
    holidays: Annotated[list[Place], Meta(max_length=50)] = []
    """Closed on the public holidays of these places: `US`, or `US-CA` for a part of it."""
    closed_dates: Annotated[list[Day], Meta(max_length=1000)] = []
    """Closed on these days, on the calendar of the person contacted."""


def window_of(document: WindowDocument) -> window.Window:
    """The domain's Window of one as written."""
    if document.always:
        return window.ALWAYS
    closed = frozenset(date.fromisoformat(day) for day in document.closed_dates)
    places = tuple(document.holidays)
    days: tuple[list[HoursDocument], ...] = tuple(
        getattr(document, weekday) for weekday in window.WEEKDAYS
    )
    return window.Window(
        days=tuple(tuple(_hours(hours) for hours in day) for day in days),
        closed_dates=closed,
        holidays=places,
    )


def hours_of(stored: Mapping[str, Any]) -> window.Window:
    """The Window of a stored document, as a channel has one (already read once, so it converts)."""
    return window_of(msgspec.convert(stored, WindowDocument))


def problems(raw: object) -> list[FieldProblem]:
    """What a JSON Schema cannot say of a document as written, in all of it that can be read.

    Pointers are within the document.
    """
    document, _, _ = documents.sift(WindowDocument, raw)
    if document is None:
        return []
    found = [
        FieldProblem(pointer=f"/holidays/{index}", message="no holidays are known of this place")
        for index, place in enumerate(document.holidays)
        if not holiday.is_known(place)
    ]
    others = [document.holidays, document.closed_dates]
    others += [getattr(document, weekday) for weekday in window.WEEKDAYS]
    if document.always and any(others):
        found.append(FieldProblem(pointer="/always", message="goes with nothing else"))
    for weekday in window.WEEKDAYS:
        spans: list[HoursDocument] = getattr(document, weekday)
        found += [
            FieldProblem(pointer=f"/{weekday}/{index}", message="must begin before it ends")
            for index, span in enumerate(spans)
            if span.from_ >= span.to
        ]
    return found


def unusable(raw: object, *, now: datetime) -> list[FieldProblem]:
    """The same, and that they are never open from `now` on."""
    found = problems(raw)
    try:
        hours = window_of(documents.read(WindowDocument, raw))
    except InvalidParameter:
        return found
    if not found and not window.ever_opens(hours, now):
        found.append(FieldProblem(pointer="", message="never opens"))
    return found


def _hours(document: HoursDocument) -> window.Hours:
    end = window.MIDNIGHT_AFTER if document.to == "24:00" else time.fromisoformat(document.to)
    return window.Hours(start=time.fromisoformat(document.from_), end=end)
