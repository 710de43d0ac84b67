"""Voice calls for people to look at (`queries/voice_calls.sql`).

The engine writes them: `store/attempts.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from campana.domain.attempt import AttemptState
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("voice_calls")


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceCall:
    """A call that was placed, or came in.

    Where only a list was asked for, `transcript`, `model` and `endpoints` are None, `answers`,
    `questions` and `transfers` empty.
    """

    id: UUID
    campaign_id: str
    target_id: int
    contact_id: int
    channel_id: str
    attempt_no: int
    direction: Literal["inbound", "outbound"]
    state: AttemptState
    disposition: str | None
    reason: str | None
    created_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    from_number: str
    to_number: str
    sip_status: int | None
    talk_seconds: float | None
    recording_key: str | None
    recording_removed_at: datetime | None
    transcript_removed_at: datetime | None
    keys: str
    saved: Mapping[str, str]
    result: str | None
    answered_by: str | None
    has_left_message: bool
    callback_at: datetime | None
    answers: Sequence[Mapping[str, Any]]
    questions: int
    quality: Mapping[str, float] | None
    """How well the callee could be heard, where that was counted."""
    model: Mapping[str, Any] | None
    """Of a bot with a language model: values, tools, tokens, failure."""
    endpoints: Mapping[str, Any] | None
    """Who spoke and heard outside of Campana: speech, hearing."""
    transfers: Sequence[Mapping[str, Any]]
    transcript: Sequence[Mapping[str, Any]] | None
    names: Sequence[str]
    """Of the person: first and last, those that are known."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", AttemptState(self.state))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a page of calls is narrowed by; None does not narrow."""

    campaign_id: str | None = None
    state: AttemptState | None = None
    direction: str | None = None
    date_from: datetime | None = None
    date_to: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some calls, and how many there are in all."""

    calls: list[VoiceCall]
    total: int


async def page(
    tx: Tx, *, workspace_id: int, filters: Filters, limit: int, offset: int, after: UUID | None
) -> Page:
    """Newest first, from the one after call `after`; none when there is no such call."""
    values = {
        "workspace_id": workspace_id,
        "campaign_id": filters.campaign_id,
        "state": filters.state,
        "direction": filters.direction,
        "date_from": filters.date_from,
        "date_to": filters.date_to,
        "after": after,
        "limit": limit,
        "offset": offset,
    }
    calls = await _calls(tx, _SQL["page"], values)
    counted = await (await tx.execute(_SQL["count"], values)).fetchone()
    return Page(calls=calls, total=int(counted[0]) if counted else 0)


async def get(tx: Tx, *, workspace_id: int, attempt_id: UUID) -> VoiceCall | None:
    found = await _calls(tx, _SQL["get"], {"workspace_id": workspace_id, "id": attempt_id})
    return found[0] if found else None


async def _calls(tx: Tx, query: LiteralString, values: Mapping[str, Any]) -> list[VoiceCall]:
    async with tx.cursor(row_factory=class_row(VoiceCall)) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchall()
