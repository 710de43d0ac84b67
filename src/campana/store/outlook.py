"""Whom a launch would find, grouped by what the gate asks for (`queries/outlook.sql`)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import LiteralString

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from campana.domain.caps import Cap, CapPer
from campana.domain.conversation import FREE_FORM
from campana.store import arrays, segments
from campana.store.db import Tx
from campana.store.segments import Members
from campana.store.sql import load

_SQL = load("outlook")
# How everybody is looked at stands once in the file, and begins both.
_CROWDS: LiteralString = _SQL["judged"] + "\n" + _SQL["crowds"]
_PEOPLE: LiteralString = _SQL["judged"] + "\n" + _SQL["people"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """People of a list who are alike in everything the gate asks."""

    zones: Sequence[str]
    country: str | None
    address: str | None
    """One of theirs; None when they have none."""
    has_consent: bool
    is_duplicate: bool
    suppressed_by: str | None
    people: int
    has_written: bool = False
    """Lately, on the channel, where that is asked."""
    variant: int = 0
    """The place of the variant they get."""
    key: str = ""
    """What tells it from every other crowd of the same question."""
    first_ids: Sequence[int] = ()
    """The contacts of it whose turn comes first, in their order."""
    capped_until: datetime | None = None
    """When a cap that they have reached opens again, to the hour or quarter of an hour before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody, with the address that enrolling would take."""

    id: int
    first_name: str | None
    last_name: str | None
    zones: Sequence[str]
    country: str | None
    address: str | None
    crowd: str = ""
    """The key of theirs, where it was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """About whom, and by what they are told apart."""

    workspace_id: int
    campaign_id: str
    whom: Members
    channel_type: str
    requires_consent: bool
    prefix_length: int
    """The addresses of a crowd begin alike, so many characters far."""
    pads: bytes | None = None
    bounds: Sequence[int] = ()
    caps: Sequence[Cap] = ()
    care_channel: str | None = None
    """On this channel it is asked who wrote in the last 24 hours."""
    opens: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    """When whoever is in these zones (commas between) may be contacted first; else `now`."""
    now: datetime

    @property
    def values(self) -> dict[str, object]:
        """The parameters of the statements."""
        return {
            **self.whom.values,
            "workspace_id": self.workspace_id,
            "campaign_id": self.campaign_id,
            "channel_type": self.channel_type,
            "requires_consent": self.requires_consent,
            "prefix_length": self.prefix_length,
            "pads": self.pads,
            "bounds": arrays.numbers(self.bounds),
            "cap_per_contact": [cap.per is CapPer.CONTACT for cap in self.caps],
            "cap_attempts": [cap.attempts for cap in self.caps],
            "cap_days": [cap.days for cap in self.caps],
            "care_channel": self.care_channel,
            "wrote_after": self.now - FREE_FORM,
            "opens": Jsonb({zones: at.isoformat() for zones, at in self.opens.items()}),
            "now": self.now,
        }


async def crowds(tx: Tx, question: Question, *, most: int) -> list[Crowd]:
    """Everybody of a list or segment, as a campaign that starts now would find them; of each crowd
    the first `most` by name."""
    async with tx.cursor(row_factory=class_row(Crowd)) as cursor:
        await cursor.execute(
            segments.asked_of(_CROWDS, question.whom), {**question.values, "most": most}
        )
        return await cursor.fetchall()


async def people(
    tx: Tx, question: Question, *, crowds: Sequence[str], after: int, limit: int
) -> list[Person]:
    """Those of these crowds, by their keys, from the one behind contact `after`."""
    values = {**question.values, "crowds": list(crowds), "after": after, "limit": limit}
    async with tx.cursor(row_factory=class_row(Person)) as cursor:
        await cursor.execute(segments.asked_of(_PEOPLE, question.whom), values)
        return await cursor.fetchall()


async def everybody(tx: Tx, question: Question, *, size: int) -> AsyncGenerator[list[Person]]:
    """All of them, `size` at a time, from one look at the list."""
    values = {**question.values, "crowds": None, "after": 0, "limit": None}
    query = segments.asked_of(_PEOPLE, question.whom)
    async with tx.cursor(name="everybody", row_factory=class_row(Person)) as cursor:
        await cursor.execute(query, values)
        while found := await cursor.fetchmany(size):
            yield found


async def zones(tx: Tx, *, workspace_id: int, whom: Members, now: datetime) -> list[Sequence[str]]:
    """Each set of zones that somebody of a list or segment may be in."""
    values = {**whom.values, "workspace_id": workspace_id, "now": now}
    cursor = await tx.execute(segments.asked_of(_SQL["zones"], whom), values)
    return [row[0] for row in await cursor.fetchall()]


async def named(
    tx: Tx, *, workspace_id: int, campaign_id: str, ids: Sequence[int]
) -> Mapping[int, Person]:
    """These contacts, by their ids."""
    values = {"workspace_id": workspace_id, "campaign_id": campaign_id, "ids": list(ids)}
    async with tx.cursor(row_factory=class_row(Person)) as cursor:
        await cursor.execute(_SQL["named"], values)
        return {each.id: each for each in await cursor.fetchall()}


async def beside(
    tx: Tx, *, workspace_id: int, channel_id: str, campaign_id: str
) -> Mapping[str, int]:
    """How many people wait in each other campaign that runs on the channel."""
    cursor = await tx.execute(
        _SQL["beside"],
        {"workspace_id": workspace_id, "channel_id": channel_id, "campaign_id": campaign_id},
    )
    return {str(row[0]): int(row[1]) for row in await cursor.fetchall()}
