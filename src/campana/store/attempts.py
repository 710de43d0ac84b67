"""Attempts and their events (`queries/attempts.sql`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from campana.domain.attempt import AttemptEvent, AttemptState
from campana.domain.disposition import Disposition
from campana.domain.erasure import ERASED
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("attempts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One row of `attempts`. That of a message in a conversation has neither campaign nor
    target."""

    id: UUID
    workspace_id: int
    campaign_id: str | None
    target_id: int | None
    channel_id: str
    attempt_no: int
    address: str
    state: AttemptState
    disposition: Disposition | None
    owner_id: int
    created_at: datetime
    sending_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    ask_at: datetime | None
    """When its carrier is to be asked about it; None where the carrier cannot be asked."""
    session_id: int | None = None
    """The flow's session it was made for, and which of its messages it carries."""
    message_no: int | None = None
    let_go_at: datetime | None = None
    """Since when its target goes on without it: the carrier has the message."""
    direction: Literal["inbound", "outbound"] = "outbound"
    """Inbound is a call that the person made."""

    @property
    def is_erased(self) -> bool:
        """Is nobody to know any more whom it was made to?"""
        return self.address == ERASED


class Intent(Struct, frozen=True, kw_only=True, gc=False):
    """An attempt about to be written."""

    id: UUID
    target_id: int
    attempt_no: int
    address: str
    detail: str = "{}"
    """What its first event keeps, in JSON."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One line of an attempt's history."""

    attempt_id: UUID
    type: str
    at: datetime
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """What is known of a call when it has ended; `transcript` is a list of role, text and
    milliseconds."""

    sip_status: int | None
    talk_seconds: float | None
    keys: str
    saved: Mapping[str, str]
    result: str | None
    transcript: Sequence[Mapping[str, str | int]]
    recording_key: str | None
    answers: Sequence[Mapping[str, str | int | float | None]] = ()
    """To each question that was answered: step, type, value, by, said, score, question, atMs."""
    questions: int = 0
    """How many the script has."""
    answered_by: str | None = None
    """Of `domain.answered_by`; None where nobody listened for it."""
    has_left_message: bool = False
    callback_at: datetime | None = None
    """When they asked to be called again."""
    model: Mapping[str, Any] | None = None
    """Of a bot with a language model: values, tools, tokens, failure."""
    quality: Mapping[str, float] | None = None
    """How well the callee could be heard: mos, received, lost, late, jitterMs, roundTripMs."""
    endpoints: Mapping[str, Any] | None = None
    """Who spoke and heard outside of Campana: speech, hearing, and why they were replaced."""
    transfers: Sequence[Mapping[str, str | int | None]] = ()
    """Each that was asked for: step, to, outcome, status, atMs; no word about the person."""

    def bare(self) -> CallFacts:
        """What is kept of it when the person was erased."""
        return replace(
            self,
            keys="",
            saved={},
            transcript=[],
            answers=[],
            recording_key=None,
            callback_at=None,
            model=None,
        )


async def open_intents(
    tx: Tx,
    *,
    workspace_id: int,
    campaign_id: str,
    channel_id: str,
    owner_id: int,
    intents: Sequence[Intent],
    now: datetime,
) -> set[UUID]:
    """Write the intents of one claim; returns those whose address had no open attempt."""
    if not intents:
        return set()
    cursor = await tx.execute(
        _SQL["open"],
        {
            "workspace_id": workspace_id,
            "campaign_id": campaign_id,
            "channel_id": channel_id,
            "owner_id": owner_id,
            "ids": [intent.id for intent in intents],
            "target_ids": [intent.target_id for intent in intents],
            "attempt_nos": [intent.attempt_no for intent in intents],
            "addresses": [intent.address for intent in intents],
            "details": [intent.detail for intent in intents],
            "now": now,
        },
    )
    return {row[0] for row in await cursor.fetchall()}


async def receive(
    tx: Tx,
    *,
    attempt_id: UUID,
    target_id: int,
    channel_id: str,
    trunk: str | None,
    address: str,
    to_number: str,
    owner_id: int,
    now: datetime,
) -> int | None:
    """Write a call that came in from `address`, about to be answered; its number among the
    target's attempts, None when the address has an open attempt."""
    cursor = await tx.execute(
        _SQL["receive"],
        {
            "id": attempt_id,
            "target_id": target_id,
            "channel_id": channel_id,
            "trunk": trunk,
            "address": address,
            "to_number": to_number,
            "owner_id": owner_id,
            "now": now,
        },
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else None


async def is_in_contact(tx: Tx, *, workspace_id: int, addresses: Sequence[str]) -> bool:
    """Has one of these addresses an open attempt?"""
    cursor = await tx.execute(
        _SQL["is_in_contact"], {"workspace_id": workspace_id, "addresses": list(addresses)}
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def begin_sending(
    tx: Tx, *, attempt_id: UUID, owner_id: int, from_number: str, now: datetime
) -> bool:
    """Mark the network as about to be touched; False when the attempt is no longer this owner's
    intent."""
    cursor = await tx.execute(
        _SQL["begin_sending"],
        {"id": attempt_id, "owner_id": owner_id, "from_number": from_number, "now": now},
    )
    return await cursor.fetchone() is not None


async def lock(tx: Tx, *, attempt_id: UUID) -> Attempt | None:
    """The attempt, held until the transaction ends."""
    found = await _attempts(tx, _SQL["lock"], {"id": attempt_id})
    return found[0] if found else None


async def add_event(tx: Tx, *, workspace_id: int, attempt_id: UUID, event: AttemptEvent) -> None:
    await tx.execute(
        _SQL["add_event"],
        {
            "workspace_id": workspace_id,
            "attempt_id": attempt_id,
            "type": event.type,
            "at": event.at,
            "detail": Jsonb(dict(event.detail)),
        },
    )


async def move(
    tx: Tx, *, attempt_id: UUID, state: AttemptState, answered_at: datetime | None
) -> None:
    """A new state that is not an end."""
    await tx.execute(_SQL["move"], {"id": attempt_id, "state": state, "answered_at": answered_at})


async def close(
    tx: Tx,
    *,
    attempt_id: UUID,
    state: AttemptState,
    disposition: Disposition,
    reason: str,
    ended_at: datetime,
    answered_at: datetime | None = None,
) -> bool:
    """End it (`ended` or `unknown`); False when it had ended."""
    cursor = await tx.execute(
        _SQL["close"],
        {
            "id": attempt_id,
            "state": state,
            "disposition": disposition,
            "reason": reason,
            "ended_at": ended_at,
            "answered_at": answered_at,
        },
    )
    return await cursor.fetchone() is not None


async def describe_call(tx: Tx, *, attempt_id: UUID, facts: CallFacts) -> None:
    await tx.execute(
        _SQL["describe_call"],
        {
            "attempt_id": attempt_id,
            "sip_status": facts.sip_status,
            "talk_seconds": facts.talk_seconds,
            "keys": facts.keys,
            "saved": Jsonb(dict(facts.saved)),
            "result": facts.result,
            "transcript": Jsonb([dict(line) for line in facts.transcript]),
            "recording_key": facts.recording_key,
            "answers": Jsonb([dict(each) for each in facts.answers]),
            "questions": facts.questions,
            "answered_by": facts.answered_by,
            "has_left_message": facts.has_left_message,
            "callback_at": facts.callback_at,
            "model": Jsonb(dict(facts.model)) if facts.model is not None else None,
            "quality": Jsonb(dict(facts.quality)) if facts.quality is not None else None,
            "endpoints": Jsonb(dict(facts.endpoints)) if facts.endpoints is not None else None,
            "transfers": Jsonb([dict(each) for each in facts.transfers]),
        },
    )


async def newest_unsent(tx: Tx, *, campaign_id: str, before: datetime) -> datetime | None:
    """When the youngest of the intents from before that have not been sent was written; None when
    there is none."""
    cursor = await tx.execute(_SQL["newest_unsent"], {"campaign_id": campaign_id, "before": before})
    row = await cursor.fetchone()
    return row[0] if row else None


async def newest_unsent_on(tx: Tx, *, channel_id: str, before: datetime) -> datetime | None:
    """The same of everything on a channel."""
    cursor = await tx.execute(
        _SQL["newest_unsent_on"], {"channel_id": channel_id, "before": before}
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def move_to_trunk(
    tx: Tx, *, attempt_id: UUID, owner_id: int, trunk: str, now: datetime
) -> bool:
    """Note that an attempt goes out on another trunk; False when it is not this owner's to send
    any more, or has rung."""
    cursor = await tx.execute(
        _SQL["move_to_trunk"],
        {"id": attempt_id, "owner_id": owner_id, "trunk": trunk, "now": now},
    )
    return await cursor.fetchone() is not None


async def open_of_campaign(tx: Tx, *, campaign_id: str) -> list[UUID]:
    """Its attempts that are not over, and that nobody has ordered to end."""
    cursor = await tx.execute(_SQL["open_of_campaign"], {"campaign_id": campaign_id})
    return [row[0] for row in await cursor.fetchall()]


async def order_hang_up(tx: Tx, *, attempt_ids: Sequence[UUID], now: datetime) -> None:
    """Ask that those of them that are still open end now."""
    await tx.execute(_SQL["order_hang_up"], {"ids": list(attempt_ids), "now": now})


async def hang_up_orders(tx: Tx, *, owner_id: int) -> set[UUID]:
    """Attempts of this owner that are to end now."""
    cursor = await tx.execute(_SQL["hang_up_orders"], {"owner_id": owner_id})
    return {row[0] for row in await cursor.fetchall()}


async def newest_unsent_to(tx: Tx, *, workspace_id: int, address: str) -> datetime | None:
    """When the youngest unsent intent to `address` was written; None when there is none."""
    row = await (
        await tx.execute(
            _SQL["newest_unsent_to"], {"workspace_id": workspace_id, "address": address}
        )
    ).fetchone()
    return row[0] if row else None


async def orphan_owners(tx: Tx, *, before: datetime) -> list[int]:
    """Owners of attempts still open that were written before `before`; they may well live."""
    cursor = await tx.execute(_SQL["orphan_owners"], {"before": before})
    return [int(row[0]) for row in await cursor.fetchall()]


async def open_of_owner(tx: Tx, *, owner_id: int, before: datetime) -> list[Attempt]:
    return await _attempts(tx, _SQL["open_of_owner"], {"owner_id": owner_id, "before": before})


async def adopt(
    tx: Tx, *, old_owner_ids: Sequence[int], new_owner_id: int, attempt_ids: Sequence[UUID]
) -> set[UUID]:
    """Move open attempts to a new owner; returns those that were still the old ones'."""
    cursor = await tx.execute(
        _SQL["adopt"],
        {
            "old_owner_ids": list(old_owner_ids),
            "new_owner_id": new_owner_id,
            "ids": list(attempt_ids),
        },
    )
    return {row[0] for row in await cursor.fetchall()}


async def of_target(tx: Tx, *, target_id: int) -> list[Attempt]:
    return await _attempts(tx, _SQL["of_target"], {"target_id": target_id})


async def events(tx: Tx, *, attempt_ids: Sequence[UUID]) -> list[StoredEvent]:
    cursor = await tx.execute(_SQL["events"], {"ids": list(attempt_ids)})
    return [StoredEvent(*row) for row in await cursor.fetchall()]


async def _attempts(tx: Tx, query: LiteralString, values: Mapping[str, Any]) -> list[Attempt]:
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query, values)
        rows = await cursor.fetchall()
    return [attempt_of(row) for row in rows]


def attempt_of(row: Mapping[str, Any]) -> Attempt:
    """A row of `attempts`, with its words read."""
    values: dict[str, Any] = dict(row)
    values["state"] = AttemptState(row["state"])
    values["disposition"] = Disposition(row["disposition"]) if row["disposition"] else None
    return Attempt(**values)
