"""What leaves as a file: people of a list or segment, targets and attempts of a campaign.

Rows are read a page at a time as they are asked for, so that a slow client is waited for without
holding anything: memory stays flat, and no old snapshot slows the dispatchers. Each person is in
the file at most once, as they were when their page was read. How a file is written is
`services/export_files.py`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from campana.domain.address import AddressKind
from campana.domain.errors import NotFound
from campana.domain.ids import attempt_text, numbered
from campana.services import segments
from campana.services.columns import attribute_header
from campana.services.context import Context
from campana.services.values import AttributeType
from campana.store import campaigns, exports, lists
from campana.store import segments as store
from campana.store.contacts import Contact
from campana.store.exports import Row, Shape, Values
from campana.store.segments import Members

PAGE = 2_000
"""People a statement reads."""


class Kind(StrEnum):
    """What the cells of a column are; each may be empty."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    MOMENT = "moment"
    JSON = "json"
    """A text, a number, true or false, written as JSON: attributes whose values differ in kind."""


class What(StrEnum):
    """What is exported of a campaign."""

    TARGETS = "targets"
    ATTEMPTS = "attempts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column; `name` heads it."""

    name: str
    kind: Kind = Kind.TEXT


Page = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A table on its way out: its columns, and its rows some at a time."""

    columns: Sequence[Column]
    pages: AsyncGenerator[Page]


async def of_list(context: Context, *, workspace_id: int, list_id: str) -> Export:
    """Everybody in a list, or who fits a segment now: what an import of the file would bring in.

    Raises:
        NotFound: there is no such list in this workspace.
        Unavailable: looking for them took too long.
    """
    now = context.clock.now()
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await lists.get(tx, workspace_id=workspace_id, list_id=list_id)
        if found is None:
            raise NotFound
        whom = await segments.members_of(tx, workspace_id=workspace_id, found=found)
        async with store.bounded(tx, seconds=_SHAPE_SECONDS):
            shape = await exports.shape(tx, workspace_id=workspace_id, whom=whom, now=now)
    return Export(
        columns=_columns(shape),
        pages=_people(context, workspace_id=workspace_id, whom=whom, shape=shape, now=now),
    )


async def of_campaign(
    context: Context, *, workspace_id: int, campaign_id: str, what: What
) -> Export:
    """The targets of a campaign, or its attempts.

    Raises:
        NotFound: there is no such campaign in this workspace.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await campaigns.get(tx, campaign_id=campaign_id, now=context.clock.now())
    if found is None or found.workspace_id != workspace_id:
        raise NotFound
    columns, shown = (
        (TARGET_COLUMNS, _target) if what is What.TARGETS else (ATTEMPT_COLUMNS, _attempt)
    )
    return Export(
        columns=columns,
        pages=_ledger(
            context, workspace_id=workspace_id, campaign_id=campaign_id, what=what, shown=shown
        ),
    )


_SHAPE_SECONDS = 300

TARGET_COLUMNS = (
    *(Column(name=name) for name in (
        "id", "contact_id", "external_id", "first_name", "last_name", "address", "state",
        "disposition",
    )),
    Column(name="attempt_count", kind=Kind.WHOLE),
    Column(name="last_reason"),
    *(Column(name=name, kind=Kind.MOMENT) for name in ("due_at", "created_at", "finished_at")),
)  # fmt: skip
ATTEMPT_COLUMNS = (
    *(Column(name=name) for name in ("id", "target_id", "contact_id", "external_id")),
    Column(name="number", kind=Kind.WHOLE),
    *(Column(name=name) for name in (
        "channel_id", "channel_type", "address", "state", "disposition", "reason",
    )),
    *(Column(name=name, kind=Kind.MOMENT) for name in (
        "created_at", "sending_at", "answered_at", "ended_at",
    )),
    Column(name="talk_seconds", kind=Kind.NUMBER),
    Column(name="direction"),
)  # fmt: skip


async def _ledger(
    context: Context,
    *,
    workspace_id: int,
    campaign_id: str,
    what: What,
    shown: Callable[[Row], Sequence[Any]],
) -> AsyncGenerator[Page]:
    read = exports.targets if what is What.TARGETS else exports.attempts
    after = 0
    while True:
        async with context.db.read(workspace_id=workspace_id) as tx:
            rows = await read(
                tx, workspace_id=workspace_id, campaign_id=campaign_id, after=after, limit=PAGE
            )
        if not rows:
            return
        after = rows[-1][0]
        yield [shown(row) for row in rows if what is What.TARGETS or row[3] is not None]


def _target(row: Row) -> Sequence[Any]:
    return (numbered("tgt", row[0]), numbered("ctc", row[1]), *row[2:])


def _attempt(row: Row) -> Sequence[Any]:
    target_id, contact_id, external_id, attempt_id, *rest = row
    return (
        attempt_text(attempt_id),
        numbered("tgt", target_id),
        numbered("ctc", contact_id),
        external_id,
        *rest,
    )


def _columns(shape: Shape) -> list[Column]:
    """As an import reads them by their headers alone."""
    addresses = [
        Column(name=kind if number == 1 else f"{kind}_{number}")
        for kind in AddressKind
        for number in range(1, shape.addresses.get(kind, 0) + 1)
    ]
    return [
        *(Column(name=name) for name in _FIELDS),
        *(addresses or [Column(name=AddressKind.PHONE)]),
        Column(name="tags"),
        *(_attribute(name, values) for name, values in shape.attributes.items()),
    ]


_FIELDS = ("external_id", "first_name", "last_name", "language", "time_zone")


def _attribute(name: str, values: Values) -> Column:
    kind, type_ = Kind.JSON, AttributeType.JSON
    if values.are_numbers:
        kind, type_ = Kind.NUMBER, AttributeType.NUMBER
    elif values.are_plain_texts:
        kind, type_ = Kind.TEXT, AttributeType.TEXT
    return Column(name=attribute_header(name, kind=type_), kind=kind)


async def _people(
    context: Context, *, workspace_id: int, whom: Members, shape: Shape, now: datetime
) -> AsyncGenerator[Page]:
    after = 0
    while True:
        async with context.db.read(workspace_id=workspace_id) as tx:
            found = await store.page(
                tx, workspace_id=workspace_id, whom=whom, after=after, limit=PAGE, now=now
            )
        if not found:
            return
        after = found[-1].id
        yield [_person(each, shape) for each in found]


def _person(contact: Contact, shape: Shape) -> Sequence[Any]:
    addresses: list[str | None] = []
    for kind in AddressKind:
        most = shape.addresses.get(kind, 0)
        values: list[str | None] = [a.value for a in contact.addresses if a.kind is kind]
        addresses += [*values, *[None] * most][:most]
    return (
        contact.external_id,
        contact.first_name,
        contact.last_name,
        contact.language,
        contact.time_zone,
        *(addresses if shape.addresses else [None]),
        ", ".join(contact.tags) or None,
        *(contact.attributes.get(name) for name in shape.attributes),
    )
