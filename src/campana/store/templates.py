"""Templates and their published versions (`queries/templates.sql`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, LiteralString

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from campana.domain.campaign import ChannelType
from campana.store import arrays, segments
from campana.store.db import Tx
from campana.store.segments import Members
from campana.store.sql import load

_SQL = load("templates")

ProviderStatus = Literal["pending", "approved", "rejected", "paused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTemplate:
    """A template; `published` is the number of its newest version. The provider's word on it is
    there once a provider was asked."""

    id: str
    workspace_id: int
    name: str
    channel_type: ChannelType
    draft: Mapping[str, Any]
    published: int | None
    provider_status: ProviderStatus | None
    provider_reason: str | None
    provider_ref: str | None
    provider_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "channel_type", ChannelType(self.channel_type))


@dataclass(frozen=True, slots=True)
class Version:
    """What was published under a number, and when."""

    number: int
    content: Mapping[str, Any]
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """Of the `total` contacts of a list: how many lack any field, by field, and the first few."""

    total: int
    contacts: int
    by_field: Mapping[str, int]
    first: Sequence[int]


async def insert(
    tx: Tx,
    *,
    template_id: str,
    workspace_id: int,
    name: str,
    channel_type: ChannelType,
    draft: Mapping[str, Any],
    now: datetime,
) -> bool:
    """Store a new one; False when the name is taken."""
    values = {
        "id": template_id,
        "workspace_id": workspace_id,
        "name": name,
        "channel_type": channel_type,
        "draft": Jsonb(dict(draft)),
        "now": now,
    }
    return await (await tx.execute(_SQL["insert"], values)).fetchone() is not None


async def find(tx: Tx, *, workspace_id: int, wanted: str) -> StoredTemplate | None:
    """The template of that id, or else of that name."""
    found = await _templates(tx, _SQL["find"], {"workspace_id": workspace_id, "wanted": wanted})
    return found[0] if found else None


async def lock(tx: Tx, *, workspace_id: int, wanted: str) -> StoredTemplate | None:
    """The template of that id, held until the transaction ends."""
    found = await _templates(tx, _SQL["lock"], {"workspace_id": workspace_id, "wanted": wanted})
    return found[0] if found else None


async def page(
    tx: Tx, *, workspace_id: int, channel_type: ChannelType | None, limit: int, offset: int
) -> tuple[list[StoredTemplate], int]:
    """Newest first, and how many there are in all."""
    values = {
        "workspace_id": workspace_id,
        "channel_type": channel_type,
        "limit": limit,
        "offset": offset,
    }
    found = await _templates(tx, _SQL["page"], values)
    counted = await (await tx.execute(_SQL["count"], values)).fetchone()
    return found, int(counted[0]) if counted else 0


async def change(
    tx: Tx, *, template_id: str, name: str, draft: Mapping[str, Any], now: datetime
) -> bool:
    """Another name or draft; False when the name is taken."""
    values = {"id": template_id, "name": name, "draft": Jsonb(dict(draft)), "now": now}
    return await (await tx.execute(_SQL["change"], values)).fetchone() is not None


async def publish(tx: Tx, *, template_id: str, now: datetime) -> int:
    """Make the draft (held) a version; its number."""
    [row] = await (await tx.execute(_SQL["publish"], {"id": template_id, "now": now})).fetchall()
    return int(row[0])


async def delete(tx: Tx, *, template_id: str) -> bool:
    """Remove one that was never published; False when it was."""
    return await (await tx.execute(_SQL["delete"], {"id": template_id})).fetchone() is not None


async def versions(tx: Tx, *, template_id: str) -> list[Version]:
    """All of them, newest first."""
    cursor = await tx.execute(_SQL["versions"], {"id": template_id})
    return [Version(*row) for row in await cursor.fetchall()]


async def version(tx: Tx, *, template_id: str, number: int) -> Version | None:
    row = await (
        await tx.execute(_SQL["version"], {"id": template_id, "number": number})
    ).fetchone()
    return Version(*row) if row else None


async def contact_fields(tx: Tx, *, workspace_id: int, contact_id: int) -> dict[str, Any] | None:
    """What a text may read of a contact; None when there is no such contact."""
    row = await (
        await tx.execute(_SQL["contact"], {"id": contact_id, "workspace_id": workspace_id})
    ).fetchone()
    if row is None:
        return None
    named = dict(zip(("first_name", "last_name", "language", "external_id"), row, strict=False))
    return {**dict(row[4]), **named}


async def lacking(
    tx: Tx, *, whom: Members, fields: Sequence[str], shown: int, now: datetime
) -> Lacking:
    """Who of a list or segment lacks one of these fields."""
    values = {**whom.values, "fields": arrays.texts(fields), "shown": shown, "now": now}
    query = segments.asked_of(_SQL["lacking"], whom)
    [row] = await (await tx.execute(query, values)).fetchall()
    return Lacking(total=row[0], contacts=row[1], by_field=row[2], first=row[3])


async def lacking_sampled(
    tx: Tx, *, list_id: str, fields: Sequence[str], shown: int, stretches: int, each: int
) -> Lacking:
    """The same of some people of a list, `each` of so many stretches of it; `total` are those."""
    values = {
        "list_id": list_id,
        "fields": arrays.texts(fields),
        "shown": shown,
        "stretches": stretches,
        "each": each,
    }
    [row] = await (await tx.execute(_SQL["lacking_sampled"], values)).fetchall()
    return Lacking(total=row[0], contacts=row[1], by_field=row[2], first=row[3])


async def attributes_in_use(
    tx: Tx, *, workspace_id: int, lists: int, each: int, most: int
) -> list[str]:
    """Names of attributes that the newest people of the newest lists have, the commonest first."""
    values = {"workspace_id": workspace_id, "lists": lists, "each": each, "most": most}
    cursor = await tx.execute(_SQL["attributes_in_use"], values)
    return [str(row[0]) for row in await cursor.fetchall()]


async def set_provider(
    tx: Tx,
    *,
    workspace_id: int,
    provider_name: str,
    language: str,
    status: ProviderStatus,
    reason: str | None,
    ref: str | None,
    now: datetime,
) -> list[str]:
    """Keep what a provider says of its template; the ids of ours that are it."""
    values = {
        "workspace_id": workspace_id,
        "provider_name": provider_name,
        "language": language,
        "status": status,
        "reason": reason,
        "ref": ref,
        "now": now,
    }
    return [
        str(row[0]) for row in await (await tx.execute(_SQL["set_provider"], values)).fetchall()
    ]


async def provider_status(
    tx: Tx, *, workspace_id: int, provider_name: str, language: str
) -> ProviderStatus | None:
    """What a provider last said of its template of that name and language; None of no such."""
    values = {
        "workspace_id": workspace_id,
        "provider_name": provider_name,
        "language": language,
    }
    row = await (await tx.execute(_SQL["provider_status"], values)).fetchone()
    return row[0] if row else None


async def _templates(
    tx: Tx, query: LiteralString, values: Mapping[str, Any]
) -> list[StoredTemplate]:
    async with tx.cursor(row_factory=class_row(StoredTemplate)) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchall()
