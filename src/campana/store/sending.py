"""What a send to a carrier by request writes (`queries/sending.sql`): much at once, in one round
trip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from uuid import UUID

from msgspec import Struct

from campana.domain.disposition import Disposition
from campana.domain.event import EventName
from campana.store import arrays
from campana.store.attempts import Intent
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("sending")

MOST_AT_ONCE = 1_000
"""Attempts in one statement: their events are one row, which has 1,024 numbers (migration 0071)."""


class Opening(Struct, frozen=True, kw_only=True, gc=False):
    """An attempt about to be sent, and the event that says so: encoded JSON of its subject and
    data."""

    intent: Intent
    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the attempts of one claim have in common."""

    workspace_id: int
    campaign_id: str
    channel_id: str
    from_number: str
    is_call: bool
    ask_at: datetime
    """When their carrier is asked about those of which nothing was heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """An intent that leaves now, when its carrier is asked about it, and the event that says so."""

    attempt_id: UUID
    ask_at: datetime
    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """An attempt that never left, the place its target was taken from, and the event that says so:
    encoded JSON of its subject and data."""

    attempt_id: UUID
    window_key: str
    priority: int
    event: str


@dataclass(frozen=True, slots=True)
class HeldUnsent:
    """One of them, held."""

    attempt_id: UUID
    campaign_id: str
    is_plain: bool
    """Nothing is to be decided: its target goes back where it was."""


class Ending(Struct, frozen=True, kw_only=True, gc=False):
    """How an attempt ended, by the carrier's report `key`; `detail` is encoded JSON, and so are the
    events: of their subject and data."""

    attempt_id: UUID
    workspace_id: int
    campaign_id: str
    key: str
    at: datetime
    detail: str
    disposition: Disposition
    reason: str
    attempt_event: str
    target_event: str


async def open_all(
    tx: Tx,
    *,
    owner_id: int,
    openings: Sequence[Opening],
    terms: Terms,
    is_told: bool = True,
    now: datetime,
) -> set[UUID]:
    """Write these as about to be sent; returns those that may not be: their address is busy.

    Args:
        is_told: False leaves their events to `tell_all`, in the same transaction, once it is known
            which of them stand.
    """
    if not openings:
        return set()
    intents = [each.intent for each in openings]
    details, places = arrays.once(intent.detail for intent in intents)
    cursor = await tx.execute(
        _SQL["open"],
        {
            "owner_id": owner_id,
            "workspace_id": terms.workspace_id,
            "campaign_id": terms.campaign_id,
            "channel_id": terms.channel_id,
            "ids": arrays.uuids(intent.id for intent in intents),
            "target_ids": arrays.numbers(intent.target_id for intent in intents),
            "attempt_nos": arrays.numbers(intent.attempt_no for intent in intents),
            "addresses": arrays.texts(intent.address for intent in intents),
            "details": details,
            "detail_places": places,
            "events": arrays.lines(each.event for each in openings) if is_told else None,
            "parts": len(openings),
            "event_type": str(EventName.ATTEMPT_STARTED),
            "from_number": terms.from_number,
            "is_call": terms.is_call,
            "ask_at": terms.ask_at,
            "now": now,
        },
    )
    return {row[0] for row in await cursor.fetchall()}


async def tell_all(tx: Tx, *, openings: Sequence[Opening], terms: Terms, now: datetime) -> None:
    """The events of attempts that this transaction opened without them."""
    if openings:
        await tx.execute(
            _SQL["tell"],
            {
                "workspace_id": terms.workspace_id,
                "campaign_id": terms.campaign_id,
                "events": arrays.lines(each.event for each in openings),
                "event_type": str(EventName.ATTEMPT_STARTED),
                "now": now,
            },
        )


async def leave_all(
    tx: Tx, *, owner_id: int, departures: Sequence[Departure], now: datetime
) -> set[UUID]:
    """These intents are about to be sent; returns those that may be: still this owner's."""
    cursor = await tx.execute(
        _SQL["leave"],
        {
            "owner_id": owner_id,
            "ids": arrays.uuids(each.attempt_id for each in departures),
            "ask_ats": arrays.moments(each.ask_at for each in departures),
            "events": arrays.texts(each.event for each in departures),
            "event_type": str(EventName.ATTEMPT_STARTED),
            "now": now,
        },
    )
    return {row[0] for row in await cursor.fetchall()}


async def finish_all(
    tx: Tx, *, owner_id: int, endings: Sequence[Ending], now: datetime
) -> set[UUID]:
    """End these and finish their targets; returns those that must go the long way: they are no
    more as this owner left them."""
    if not endings:
        return set()
    of_campaigns: dict[tuple[int, str], list[Ending]] = {}
    for each in endings:
        of_campaigns.setdefault((each.workspace_id, each.campaign_id), []).append(each)
    endings = [each for pack in of_campaigns.values() for each in pack]
    sizes = [len(pack) for pack in of_campaigns.values()]
    details, places = arrays.once(each.detail for each in endings)
    cursor = await tx.execute(
        _SQL["finish"],
        {
            "owner_id": owner_id,
            "ids": arrays.uuids(each.attempt_id for each in endings),
            "keys": arrays.texts(each.key for each in endings),
            "ats": arrays.moments(each.at for each in endings),
            "details": details,
            "detail_places": places,
            "dispositions": arrays.texts(each.disposition for each in endings),
            "reasons": arrays.texts(each.reason for each in endings),
            "attempt_events": arrays.lines(each.attempt_event for each in endings),
            "target_events": arrays.lines(each.target_event for each in endings),
            "attempt_event_type": str(EventName.ATTEMPT_ENDED),
            "target_event_type": str(EventName.TARGET_FINISHED),
            "pack_workspaces": arrays.numbers(workspace_id for workspace_id, _ in of_campaigns),
            "pack_campaigns": arrays.texts(campaign_id for _, campaign_id in of_campaigns),
            "pack_firsts": arrays.numbers(accumulate([1, *sizes[:-1]])),
            "pack_parts": arrays.numbers(sizes),
            "now": now,
        },
    )
    return {row[0] for row in await cursor.fetchall()}


async def hold_unsent(tx: Tx, *, unsent: Sequence[Unsent], now: datetime) -> list[HeldUnsent]:
    """Hold these until the transaction ends, in the order of their ids."""
    cursor = await tx.execute(
        _SQL["hold_unsent"],
        {
            "ids": arrays.uuids(each.attempt_id for each in unsent),
            "window_keys": arrays.texts(each.window_key for each in unsent),
            "now": now,
        },
    )
    return [HeldUnsent(*row) for row in await cursor.fetchall()]


async def put_back(tx: Tx, *, unsent: Sequence[Unsent], reason: str, now: datetime) -> None:
    """End these (held, and plain) as not sent; their targets wait again."""
    if unsent:
        await tx.execute(
            _SQL["put_back"],
            {
                "ids": arrays.uuids(each.attempt_id for each in unsent),
                "window_keys": arrays.texts(each.window_key for each in unsent),
                "priorities": arrays.numbers(each.priority for each in unsent),
                "events": arrays.texts(each.event for each in unsent),
                "event_type": str(EventName.ATTEMPT_ENDED),
                "reason": reason,
                "now": now,
            },
        )
