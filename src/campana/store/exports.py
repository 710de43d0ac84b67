"""What leaves as a file (`queries/exports.sql`), page by page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from campana.domain.address import AddressKind
from campana.store import segments
from campana.store.db import Tx
from campana.store.segments import Members
from campana.store.sql import load

_SQL = load("exports")

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What the values of an attribute have in common."""

    are_numbers: bool
    are_plain_texts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The columns people need: how many addresses of a kind, and which attributes."""

    addresses: Mapping[AddressKind, int] = field(default_factory=dict[AddressKind, int])
    attributes: Mapping[str, Values] = field(default_factory=dict[str, Values])


async def shape(tx: Tx, *, workspace_id: int, whom: Members, now: object) -> Shape:
    """Of these people."""
    query = segments.asked_of(_SQL["columns"], whom)
    values = {**whom.values, "workspace_id": workspace_id, "now": now}
    addresses: dict[AddressKind, int] = {}
    attributes: dict[str, Values] = {}
    for what, name, most, are_numbers, are_plain in await (
        await tx.execute(query, values)
    ).fetchall():
        if what == "address":
            addresses[AddressKind(name)] = int(most)
        else:
            attributes[name] = Values(are_numbers=are_numbers, are_plain_texts=are_plain)
    return Shape(addresses=addresses, attributes=dict(sorted(attributes.items())))


async def targets(
    tx: Tx, *, workspace_id: int, campaign_id: str, after: int, limit: int
) -> list[Row]:
    """People of a campaign after target `after`; the first cell is the target's id."""
    return await _page(tx, "targets", workspace_id, campaign_id, after, limit)


async def attempts(
    tx: Tx, *, workspace_id: int, campaign_id: str, after: int, limit: int
) -> list[Row]:
    """What was tried with people after target `after`, one row at least for each of them.

    The first cell is the target's id; the fourth is None for who was not tried.
    """
    return await _page(tx, "attempts", workspace_id, campaign_id, after, limit)


async def _page(
    tx: Tx, name: str, workspace_id: int, campaign_id: str, after: int, limit: int
) -> list[Row]:
    cursor = await tx.execute(
        _SQL[name],
        {"workspace_id": workspace_id, "campaign_id": campaign_id, "after": after, "limit": limit},
    )
    return await cursor.fetchall()
