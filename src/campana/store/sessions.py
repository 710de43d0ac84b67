"""Conversations with targets, what they were told and what they ask to be sent
(`queries/sessions.sql`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from campana.domain.disposition import Disposition
from campana.domain.target import TargetState
from campana.store import arrays
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("sessions")

MessageState = Literal["queued", "attempting", "done", "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """One row of `flow_sessions`, held. `session` is the interpreter's own JSON."""

    id: int
    workspace_id: int
    campaign_id: str
    target_id: int
    contact_id: int
    flow_id: str
    flow_version: int
    status: str
    outcome: str | None
    is_current: bool
    """Its target is not done."""
    session: Mapping[str, Any]
    channel_type: str
    started: Mapping[str, Any]
    inputs: int
    """How many inputs it was told."""
    was_reached: bool
    has_opted_out: bool
    last_failure: str | None
    handed_off_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a session asked to be sent: `content` in the words of the interpreter's event."""

    session_id: int
    number: int
    kind: Literal["message", "template", "call"]
    channel_type: str
    content: Mapping[str, Any]
    wait: int | None = None
    state: MessageState = "queued"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a target stands; `window_key` is that of its due row, if it has one."""

    state: TargetState
    address: str | None
    reach_address: str | None
    zones: Sequence[str]
    window_key: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """What a flow may know of a person."""

    first_name: str | None
    last_name: str | None
    language: str | None
    time_zone: str | None
    external_id: str | None
    attributes: Mapping[str, Any]
    zones: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Which message an attempt carries."""

    attempt_id: UUID
    session_id: int
    number: int


async def insert(
    tx: Tx,
    *,
    workspace_id: int,
    campaign_id: str,
    target_id: int,
    contact_id: int,
    flow_id: str,
    flow_version: int,
    session: Mapping[str, Any],
    channel_type: str,
    started: Mapping[str, Any],
    now: datetime,
) -> int:
    """Store a conversation that begins; returns its id."""
    cursor = await tx.execute(
        _SQL["insert"],
        {
            "workspace_id": workspace_id,
            "campaign_id": campaign_id,
            "target_id": target_id,
            "contact_id": contact_id,
            "flow_id": flow_id,
            "flow_version": flow_version,
            "session": Jsonb(dict(session)),
            "channel_type": channel_type,
            "started": Jsonb(dict(started)),
            "now": now,
        },
    )
    [row] = await cursor.fetchall()
    return int(row[0])


async def lock(tx: Tx, *, session_id: int) -> StoredSession | None:
    """The conversation, held until the transaction ends."""
    async with tx.cursor(row_factory=class_row(StoredSession)) as cursor:
        await cursor.execute(_SQL["lock"], {"id": session_id})
        return await cursor.fetchone()


async def hold(tx: Tx, *, session_ids: Sequence[int]) -> None:
    """Hold several, in the order everybody does."""
    await tx.execute(_SQL["lock_all"], {"ids": sorted(set(session_ids))})


async def lock_of_targets(
    tx: Tx, *, target_ids: Sequence[int]
) -> tuple[dict[int, StoredSession], set[int]]:
    """Conversations of these targets that could be held at once, by target; and all targets that
    have one, whoever holds it."""
    values = {"target_ids": list(target_ids)}
    async with tx.cursor(row_factory=class_row(StoredSession)) as cursor:
        await cursor.execute(_SQL["lock_of_targets"], values)
        held = {each.target_id: each for each in await cursor.fetchall()}
    rows = await (await tx.execute(_SQL["unended_targets"], values)).fetchall()
    return held, {row[0] for row in rows}


async def campaigns_of(tx: Tx, *, session_ids: Sequence[int]) -> list[str]:
    """Their campaigns, in the order they are to be held."""
    cursor = await tx.execute(_SQL["campaigns_of"], {"ids": list(session_ids)})
    return [str(row[0]) for row in await cursor.fetchall()]


async def with_address(
    tx: Tx, *, workspace_id: int, address: str, channel_id: str | None = None
) -> list[tuple[int, str]]:
    """Conversations that go on with whoever has this address (id, campaign): the one that spoke
    last on that channel, then the one that spoke last at all, first."""
    values = {"workspace_id": workspace_id, "address": address, "channel_id": channel_id}
    rows = await (await tx.execute(_SQL["with_address"], values)).fetchall()
    return [(int(row[0]), str(row[1])) for row in rows]


async def save(tx: Tx, *, stored: StoredSession, now: datetime) -> None:
    """Write what has become of it."""
    await tx.execute(
        _SQL["save"],
        {
            "id": stored.id,
            "session": Jsonb(dict(stored.session)),
            "status": stored.status,
            "outcome": stored.outcome,
            "is_current": stored.is_current,
            "channel_type": stored.channel_type,
            "inputs": stored.inputs,
            "was_reached": stored.was_reached,
            "has_opted_out": stored.has_opted_out,
            "last_failure": stored.last_failure,
            "handed_off_at": stored.handed_off_at,
            "now": now,
        },
    )


async def add_input(
    tx: Tx,
    *,
    stored: StoredSession,
    told: Mapping[str, Any],
    key: str | None,
    at: datetime,
) -> bool:
    """Write down what it is told next; False when it was told that under this key before."""
    cursor = await tx.execute(
        _SQL["add_input"],
        {
            "session_id": stored.id,
            "number": stored.inputs + 1,
            "workspace_id": stored.workspace_id,
            "at": at,
            "told": Jsonb(dict(told)),
            "key": key,
        },
    )
    return await cursor.fetchone() is not None


async def inputs(tx: Tx, *, session_id: int) -> list[tuple[datetime, Mapping[str, Any]]]:
    """What it was told and when, in order."""
    cursor = await tx.execute(_SQL["inputs"], {"session_id": session_id})
    return [(row[0], row[1]) for row in await cursor.fetchall()]


async def began(
    tx: Tx, *, session_id: int
) -> tuple[str, int, Mapping[str, Any], Mapping[str, Any]] | None:
    """Flow, version, what it began with, and the session as it is."""
    row = await (await tx.execute(_SQL["began"], {"session_id": session_id})).fetchone()
    return (row[0], row[1], row[2], row[3]) if row else None


async def queue(tx: Tx, *, message: Message, workspace_id: int, now: datetime) -> None:
    await tx.execute(
        _SQL["queue"],
        {
            "session_id": message.session_id,
            "number": message.number,
            "workspace_id": workspace_id,
            "kind": message.kind,
            "channel_type": message.channel_type,
            "content": Jsonb(dict(message.content)),
            "wait": message.wait,
            "now": now,
        },
    )


async def set_wait(tx: Tx, *, session_id: int, number: int, wait: int) -> None:
    await tx.execute(_SQL["set_wait"], {"session_id": session_id, "number": number, "wait": wait})


async def withdraw(tx: Tx, *, session_id: int, waits: Sequence[int]) -> None:
    """What waits to go out and nobody wants to hear of any more never does."""
    await tx.execute(_SQL["withdraw"], {"session_id": session_id, "waits": list(waits)})


async def withdraw_all(tx: Tx, *, session_id: int) -> None:
    await tx.execute(_SQL["withdraw_all"], {"session_id": session_id})


async def heads(tx: Tx, *, session_ids: Sequence[int]) -> dict[int, Message]:
    """What each of them sends next."""
    async with tx.cursor(row_factory=class_row(Message)) as cursor:
        await cursor.execute(_SQL["heads"], {"session_ids": list(session_ids)})
        return {each.session_id: each for each in await cursor.fetchall()}


async def message(tx: Tx, *, session_id: int, number: int) -> Message | None:
    async with tx.cursor(row_factory=class_row(Message)) as cursor:
        await cursor.execute(_SQL["message"], {"session_id": session_id, "number": number})
        return await cursor.fetchone()


async def talk_call(tx: Tx, *, session_id: int) -> Message | None:
    """The call in which the session itself speaks, if one waits to be placed or is on."""
    async with tx.cursor(row_factory=class_row(Message)) as cursor:
        await cursor.execute(_SQL["talk_call"], {"session_id": session_id})
        return await cursor.fetchone()


async def barring_call(tx: Tx, *, session_id: int) -> Disposition | None:
    """How the call ended after which its person is not called again; None: there was none such."""
    row = await (await tx.execute(_SQL["barring_call"], {"session_id": session_id})).fetchone()
    return Disposition(row[0]) if row else None


async def set_message(tx: Tx, *, session_id: int, number: int, state: MessageState) -> None:
    await tx.execute(
        _SQL["set_message"], {"session_id": session_id, "number": number, "state": state}
    )


async def carry(tx: Tx, *, carried: Sequence[Carried]) -> None:
    """These attempts, just written, carry these messages."""
    if carried:
        await tx.execute(
            _SQL["carry"],
            {
                "attempt_ids": arrays.uuids(each.attempt_id for each in carried),
                "session_ids": arrays.numbers(each.session_id for each in carried),
                "numbers": arrays.numbers(each.number for each in carried),
            },
        )


async def taken_messages(tx: Tx, *, attempt_ids: Sequence[UUID]) -> list[tuple[UUID, int, int]]:
    """Of these attempts those whose message the carrier has while the target does not go on yet:
    attempt, session, number."""
    values = {"ids": arrays.uuids(attempt_ids)}
    rows = await (await tx.execute(_SQL["taken_messages"], values)).fetchall()
    return [(row[0], int(row[1]), int(row[2])) for row in rows]


async def let_go(tx: Tx, *, attempt_ids: Sequence[UUID], now: datetime) -> set[UUID]:
    """Their targets go on without these attempts; returns those for which that is new."""
    values = {"ids": arrays.uuids(attempt_ids), "now": now}
    return {row[0] for row in await (await tx.execute(_SQL["let_go"], values)).fetchall()}


async def tries(tx: Tx, *, session_id: int, number: int) -> dict[Disposition, int]:
    """How the attempts at one message ended."""
    values = {"session_id": session_id, "number": number}
    rows = await (await tx.execute(_SQL["tries"], values)).fetchall()
    return {Disposition(row[0]): int(row[1]) for row in rows}


async def place(tx: Tx, *, target_id: int) -> Place | None:
    """Where the target stands, held."""
    row = await (await tx.execute(_SQL["place"], {"target_id": target_id})).fetchone()
    return Place(TargetState(row[0]), *row[1:]) if row else None


async def addresses(tx: Tx, *, contact_id: int) -> list[tuple[str, str]]:
    """Kind and value of each address of a contact, in order."""
    rows = await (await tx.execute(_SQL["addresses"], {"contact_id": contact_id})).fetchall()
    return [(str(row[0]), str(row[1])) for row in rows]


async def contact(tx: Tx, *, target_id: int) -> Known | None:
    """What a flow may know of the target's contact."""
    row = await (await tx.execute(_SQL["contact"], {"target_id": target_id})).fetchone()
    return Known(*row) if row else None


async def tag(
    tx: Tx, *, contact_id: int, add: Sequence[str], remove: Sequence[str], now: datetime
) -> None:
    """Mark a contact; what is both added and removed is removed."""
    values = {"contact_id": contact_id, "add": list(add), "remove": list(remove), "now": now}
    await tx.execute(_SQL["tag"], values)


async def wait_to_send(
    tx: Tx,
    *,
    target_id: int,
    reach_address: str | None,
    window_key: str,
    priority: int,
    due_at: datetime,
    reason: str | None,
) -> None:
    """The target waits for its next message to go out."""
    await tx.execute(
        _SQL["wait_to_send"],
        {
            "target_id": target_id,
            "reach_address": reach_address,
            "window_key": window_key,
            "priority": priority,
            "due_at": due_at,
            "reason": reason,
        },
    )


async def talk(tx: Tx, *, target_id: int) -> None:
    """The target's conversation waits for the world."""
    await tx.execute(_SQL["talk"], {"target_id": target_id})
