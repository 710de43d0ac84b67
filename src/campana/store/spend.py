"""Prices and purses (`queries/spend.sql`): what is spent, and what is promised to open attempts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from campana.domain.spend import Per, Price, Purse
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("spend")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a price table: a `+` and digits, a country, or `*`."""

    channel_type: str
    prefix: str
    price: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What an attempt may cost at worst."""

    attempt_id: UUID
    price: Price
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What was reserved for an attempt, and its cost once it has ended."""

    workspace_id: int
    campaign_id: str
    day: date
    price: Price
    reserved: Decimal
    cost: Decimal | None


async def replace_prices(tx: Tx, *, workspace_id: int, entries: Sequence[Entry]) -> None:
    await tx.execute(_SQL["forget_prices"], {"workspace_id": workspace_id})
    await tx.execute(
        _SQL["add_prices"],
        {
            "workspace_id": workspace_id,
            "channel_types": [entry.channel_type for entry in entries],
            "prefixes": [entry.prefix for entry in entries],
            "pers": [entry.price.per for entry in entries],
            "amounts": [entry.price.amount for entry in entries],
        },
    )


async def all_prices(tx: Tx, *, workspace_id: int) -> list[Entry]:
    cursor = await tx.execute(_SQL["all_prices"], {"workspace_id": workspace_id})
    return [
        Entry(channel_type=row[0], prefix=row[1], price=Price(per=Per(row[2]), amount=row[3]))
        for row in await cursor.fetchall()
    ]


async def prices(
    tx: Tx, *, workspace_id: int, channel_type: str, keys: Sequence[str]
) -> dict[str, Price]:
    """Key (`spend.keys_of`) to price, of those that are in the table."""
    cursor = await tx.execute(
        _SQL["prices"],
        {"workspace_id": workspace_id, "channel_type": channel_type, "prefixes": list(keys)},
    )
    return {str(row[0]): Price(per=Per(row[1]), amount=row[2]) for row in await cursor.fetchall()}


async def of_day(tx: Tx, *, workspace_id: int, day: date, limit: Decimal | None) -> Purse:
    """The purse of a day as it is, for whoever watches."""
    values = {"workspace_id": workspace_id, "purse": day.isoformat()}
    row = await (await tx.execute(_SQL["look"], values)).fetchone()
    spent, reserved = row or (Decimal(0), Decimal(0))
    return Purse(limit=limit, spent=spent, reserved=reserved)


async def hold(
    tx: Tx,
    *,
    workspace_id: int,
    campaign_id: str,
    day: date,
    day_limit: Decimal | None,
    campaign_limit: Decimal | None,
) -> tuple[Purse, Purse]:
    """The purses of the day and of the campaign, held until the transaction ends."""
    values = {
        "workspace_id": workspace_id,
        "campaign_id": campaign_id,
        "day": day.isoformat(),
    }
    await tx.execute(_SQL["open_purses"], values)
    found: list[Purse] = []
    for purse, limit in ((values["day"], day_limit), (campaign_id, campaign_limit)):
        row = await (
            await tx.execute(_SQL["hold_purse"], {"workspace_id": workspace_id, "purse": purse})
        ).fetchone()
        spent, reserved = row or (Decimal(0), Decimal(0))
        found.append(Purse(limit=limit, spent=spent, reserved=reserved))
    return found[0], found[1]


async def reserve(
    tx: Tx,
    *,
    workspace_id: int,
    campaign_id: str,
    day: date,
    reservations: Sequence[Reservation],
) -> None:
    """Promise each attempt what it may cost; the purses are held."""
    if not reservations:
        return
    await tx.execute(
        _SQL["reserve"],
        {
            "workspace_id": workspace_id,
            "campaign_id": campaign_id,
            "day": day.isoformat(),
            "ids": [each.attempt_id for each in reservations],
            "pers": [each.price.per for each in reservations],
            "amounts": [each.price.amount for each in reservations],
            "reserved": [each.amount for each in reservations],
        },
    )


async def charge(tx: Tx, *, attempt_id: UUID) -> Charge | None:
    row = await (await tx.execute(_SQL["charge"], {"attempt_id": attempt_id})).fetchone()
    if row is None:
        return None
    return Charge(
        workspace_id=row[0],
        campaign_id=row[1],
        day=date.fromisoformat(row[2]),
        price=Price(per=Per(row[3]), amount=row[4]),
        reserved=row[5],
        cost=row[6],
    )


async def settle(tx: Tx, *, attempt_id: UUID, charge: Charge, cost: Decimal) -> None:
    """The attempt has cost this; what it was promised is free again. The purses are held."""
    was_open = charge.cost is None
    await tx.execute(
        _SQL["settle"],
        {
            "attempt_id": attempt_id,
            "workspace_id": charge.workspace_id,
            "campaign_id": charge.campaign_id,
            "day": charge.day.isoformat(),
            "cost": cost,
            "released": charge.reserved if was_open else Decimal(0),
            "added": cost - (charge.cost or Decimal(0)),
        },
    )
