"""People of the console, their sessions and invitations (`queries/people.sql`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("people")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with an account; `disabled_at` since it opens nothing."""

    id: str
    workspace_id: int
    email: str
    name: str
    role: str
    created_at: datetime
    signed_in_at: datetime | None
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that is signed in, and as whom."""

    person_id: str
    workspace_id: int
    workspace: str
    name: str
    email: str
    role: str
    disabled_at: datetime | None
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What signing in is checked against."""

    person_id: str
    workspace_id: int
    password_hash: str
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A link that makes one person; the first of a workspace has no `email`."""

    id: str
    workspace_id: int
    workspace: str
    email: str | None
    role: str
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInvitation:
    """What may be shown of one that nobody has used."""

    id: str
    email: str | None
    role: str
    created_at: datetime
    expires_at: datetime


async def is_new(tx: Tx) -> bool:
    """Whether nobody at all has an account; needs no workspace."""
    row = await (await tx.execute(_SQL["is_new"])).fetchone()
    return bool(row and row[0])


async def session(tx: Tx, *, session_hash: bytes) -> Session | None:
    """By the SHA-256 of a cookie, also one that is over; needs no workspace."""
    async with tx.cursor(row_factory=class_row(Session)) as cursor:
        await cursor.execute(_SQL["session"], {"hash": session_hash})
        return await cursor.fetchone()


async def by_email(tx: Tx, *, email: str) -> Credentials | None:
    """Needs no workspace."""
    async with tx.cursor(row_factory=class_row(Credentials)) as cursor:
        await cursor.execute(_SQL["by_email"], {"email": email})
        return await cursor.fetchone()


async def count_try(
    tx: Tx, *, keys: Sequence[bytes], now: datetime, since: datetime
) -> Mapping[bytes, int]:
    """Count a try under each key; how many there were since, this one among them."""
    cursor = await tx.execute(_SQL["count_try"], {"keys": list(keys), "now": now, "since": since})
    return {bytes(row[0]): int(row[1]) for row in await cursor.fetchall()}


async def forget_tries(tx: Tx, *, keys: Sequence[bytes]) -> None:
    await tx.execute(_SQL["forget_tries"], {"keys": list(keys)})


async def insert(
    tx: Tx,
    *,
    person_id: str,
    workspace_id: int,
    email: str,
    name: str,
    role: str,
    password_hash: str,
    now: datetime,
) -> bool:
    """False when the address has an account, here or in another workspace."""
    cursor = await tx.execute(
        _SQL["insert"],
        {
            "id": person_id,
            "workspace_id": workspace_id,
            "email": email,
            "name": name,
            "role": role,
            "password_hash": password_hash,
            "now": now,
        },
    )
    return await cursor.fetchone() is not None


async def every(tx: Tx, *, workspace_id: int) -> list[Person]:
    async with tx.cursor(row_factory=class_row(Person)) as cursor:
        await cursor.execute(_SQL["every"], {"workspace_id": workspace_id})
        return await cursor.fetchall()


async def hold_owners(tx: Tx, *, workspace_id: int) -> list[str]:
    """The owners who can sign in, held until the transaction ends."""
    cursor = await tx.execute(_SQL["hold_owners"], {"workspace_id": workspace_id})
    return [str(row[0]) for row in await cursor.fetchall()]


async def set_role(tx: Tx, *, workspace_id: int, person_id: str, role: str) -> bool:
    values = {"workspace_id": workspace_id, "id": person_id, "role": role}
    return await (await tx.execute(_SQL["set_role"], values)).fetchone() is not None


async def set_disabled(
    tx: Tx, *, workspace_id: int, person_id: str, disabled_at: datetime | None
) -> bool:
    values = {"workspace_id": workspace_id, "id": person_id, "at": disabled_at}
    return await (await tx.execute(_SQL["set_disabled"], values)).fetchone() is not None


async def own_number(tx: Tx, *, workspace_id: int, person_id: str) -> str | None:
    """The telephone number somebody said is their own, in E.164."""
    values = {"workspace_id": workspace_id, "id": person_id}
    row = await (await tx.execute(_SQL["own_number"], values)).fetchone()
    return row[0] if row else None


async def set_own_number(
    tx: Tx, *, workspace_id: int, person_id: str, own_number: str | None
) -> None:
    values = {"workspace_id": workspace_id, "id": person_id, "own_number": own_number}
    await tx.execute(_SQL["set_own_number"], values)


async def set_password(tx: Tx, *, person_id: str, password_hash: str) -> None:
    await tx.execute(_SQL["set_password"], {"id": person_id, "password_hash": password_hash})


async def start_session(
    tx: Tx,
    *,
    session_hash: bytes,
    workspace_id: int,
    person_id: str,
    client: str | None,
    now: datetime,
) -> None:
    await tx.execute(_SQL["signed_in"], {"id": person_id, "now": now})
    await tx.execute(
        _SQL["start_session"],
        {
            "hash": session_hash,
            "workspace_id": workspace_id,
            "person_id": person_id,
            "client": client,
            "now": now,
        },
    )


async def saw_session(tx: Tx, *, session_hash: bytes, now: datetime) -> None:
    await tx.execute(_SQL["saw_session"], {"hash": session_hash, "now": now})


async def end_session(tx: Tx, *, session_hash: bytes) -> None:
    await tx.execute(_SQL["end_session"], {"hash": session_hash})


async def end_sessions_of(tx: Tx, *, person_id: str, but: bytes | None = None) -> None:
    await tx.execute(_SQL["end_sessions_of"], {"person_id": person_id, "but": but})


async def forget_sessions(
    tx: Tx, *, workspace_id: int, idle_since: datetime, begun_before: datetime
) -> None:
    await tx.execute(
        _SQL["forget_sessions"],
        {"workspace_id": workspace_id, "idle_since": idle_since, "begun_before": begun_before},
    )


async def invite(
    tx: Tx,
    *,
    invitation_id: str,
    workspace_id: int,
    link_hash: bytes,
    email: str | None,
    role: str,
    invited_by: str | None,
    now: datetime,
    expires_at: datetime,
) -> None:
    await tx.execute(
        _SQL["invite"],
        {
            "id": invitation_id,
            "workspace_id": workspace_id,
            "hash": link_hash,
            "email": email,
            "role": role,
            "invited_by": invited_by,
            "now": now,
            "expires_at": expires_at,
        },
    )


async def invitation(tx: Tx, *, link_hash: bytes) -> Invitation | None:
    """By the SHA-256 of its link, used and expired ones too; needs no workspace."""
    async with tx.cursor(row_factory=class_row(Invitation)) as cursor:
        await cursor.execute(_SQL["invitation"], {"hash": link_hash})
        return await cursor.fetchone()


async def use_invitation(tx: Tx, *, invitation_id: str, now: datetime) -> bool:
    """False when it is used or over."""
    cursor = await tx.execute(_SQL["use_invitation"], {"id": invitation_id, "now": now})
    return await cursor.fetchone() is not None


async def open_invitations(tx: Tx, *, workspace_id: int, now: datetime) -> list[OpenInvitation]:
    async with tx.cursor(row_factory=class_row(OpenInvitation)) as cursor:
        await cursor.execute(_SQL["open_invitations"], {"workspace_id": workspace_id, "now": now})
        return await cursor.fetchall()


async def withdraw(tx: Tx, *, workspace_id: int, invitation_id: str) -> bool:
    values = {"workspace_id": workspace_id, "id": invitation_id}
    return await (await tx.execute(_SQL["withdraw"], values)).fetchone() is not None


async def withdraw_first(tx: Tx, *, workspace_id: int) -> None:
    await tx.execute(_SQL["withdraw_first"], {"workspace_id": workspace_id})
