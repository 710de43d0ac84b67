"""Workspaces, API keys and remembered answers (`queries/accounts.sql`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("accounts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A tenant: everything else belongs to one."""

    workspace_id: int
    name: str
    default_country: str | None
    allowed_countries: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who a key speaks for, and the revision of that workspace's campaigns when it was asked."""

    key_id: str
    workspace_id: int
    scopes: Sequence[str]
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What may be shown of a key after its creation."""

    id: str
    name: str
    scopes: Sequence[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """An earlier request under the same Idempotency-Key; `status` is None while it is being
    answered."""

    body_hash: bytes
    status: int | None
    headers: Mapping[str, str] | None
    body: bytes | None


async def workspace_by_name(tx: Tx, *, name: str) -> Workspace | None:
    async with tx.cursor(row_factory=class_row(Workspace)) as cursor:
        await cursor.execute(_SQL["workspace_by_name"], {"name": name})
        return await cursor.fetchone()


async def workspace(tx: Tx, *, workspace_id: int) -> Workspace | None:
    async with tx.cursor(row_factory=class_row(Workspace)) as cursor:
        await cursor.execute(_SQL["workspace"], {"workspace_id": workspace_id})
        return await cursor.fetchone()


async def create_workspace(
    tx: Tx,
    *,
    name: str,
    default_country: str | None,
    allowed_countries: Sequence[str],
    now: datetime,
) -> int | None:
    """The new workspace's id; None when the name is taken."""
    cursor = await tx.execute(
        _SQL["create_workspace"],
        {
            "name": name,
            "default_country": default_country,
            "allowed_countries": list(allowed_countries),
            "now": now,
        },
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else None


async def lock_workspace(tx: Tx, *, workspace_id: int) -> None:
    """Hold what holds for it until the transaction ends: nobody else changes it meanwhile."""
    await tx.execute(_SQL["lock_workspace"], {"workspace_id": workspace_id})


async def set_countries(
    tx: Tx, *, workspace_id: int, allowed_countries: Sequence[str], default_country: str | None
) -> None:
    await tx.execute(
        _SQL["set_countries"],
        {
            "workspace_id": workspace_id,
            "allowed_countries": list(allowed_countries),
            "default_country": default_country,
        },
    )


async def authenticate(tx: Tx, *, key_hash: bytes) -> Principal | None:
    """The holder of a key by its SHA-256, revoked and expired ones too; needs no workspace."""
    async with tx.cursor(row_factory=class_row(Principal)) as cursor:
        await cursor.execute(_SQL["authenticate"], {"hash": key_hash})
        return await cursor.fetchone()


async def authenticate_all(tx: Tx, *, key_hashes: Collection[bytes]) -> dict[bytes, Principal]:
    """The holders of those keys that there are, by SHA-256."""
    cursor = await tx.execute(_SQL["authenticate_all"], {"hashes": list(key_hashes)})
    return {
        bytes(row[0]): Principal(
            key_id=row[1],
            workspace_id=row[2],
            scopes=row[3],
            expires_at=row[4],
            revoked_at=row[5],
            last_used_at=row[6],
            revision=row[7],
        )
        for row in await cursor.fetchall()
    }


async def note_used(tx: Tx, *, workspace_id: int, key_id: str, now: datetime) -> None:
    """A key was used; nothing happens when another process writes that just now."""
    await tx.execute(_SQL["note_used"], {"workspace_id": workspace_id, "id": key_id, "now": now})


async def create_key(
    tx: Tx,
    *,
    key_id: str,
    workspace_id: int,
    name: str,
    key_hash: bytes,
    scopes: Sequence[str],
    expires_at: datetime | None,
    now: datetime,
) -> None:
    await tx.execute(
        _SQL["create_key"],
        {
            "id": key_id,
            "workspace_id": workspace_id,
            "name": name,
            "hash": key_hash,
            "scopes": list(scopes),
            "now": now,
            "expires_at": expires_at,
        },
    )


async def list_keys(tx: Tx, *, workspace_id: int) -> list[ApiKey]:
    async with tx.cursor(row_factory=class_row(ApiKey)) as cursor:
        await cursor.execute(_SQL["list_keys"], {"workspace_id": workspace_id})
        return await cursor.fetchall()


async def revoke_key(tx: Tx, *, workspace_id: int, key_id: str, now: datetime) -> bool:
    """True when there is such a key."""
    cursor = await tx.execute(
        _SQL["revoke_key"], {"workspace_id": workspace_id, "id": key_id, "now": now}
    )
    return await cursor.fetchone() is not None


async def remember_request(
    tx: Tx, *, workspace_id: int, route: str, key: str, body_hash: bytes, now: datetime
) -> bool:
    """True when this request is the first under its key."""
    cursor = await tx.execute(
        _SQL["remember_request"],
        {
            "workspace_id": workspace_id,
            "route": route,
            "key": key,
            "body_hash": body_hash,
            "now": now,
        },
    )
    return await cursor.fetchone() is not None


async def remembered_request(
    tx: Tx, *, workspace_id: int, route: str, key: str
) -> Remembered | None:
    async with tx.cursor(row_factory=class_row(Remembered)) as cursor:
        await cursor.execute(
            _SQL["remembered_request"], {"workspace_id": workspace_id, "route": route, "key": key}
        )
        return await cursor.fetchone()


async def remember_answer(
    tx: Tx,
    *,
    workspace_id: int,
    route: str,
    key: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
) -> None:
    await tx.execute(
        _SQL["remember_answer"],
        {
            "workspace_id": workspace_id,
            "route": route,
            "key": key,
            "status": status,
            "headers": Jsonb(dict(headers)),
            "body": body,
        },
    )


async def forget_request(tx: Tx, *, workspace_id: int, route: str, key: str) -> None:
    await tx.execute(
        _SQL["forget_request"], {"workspace_id": workspace_id, "route": route, "key": key}
    )


async def forget_old_requests(tx: Tx, *, before: datetime) -> None:
    await tx.execute(_SQL["forget_old_requests"], {"before": before})
