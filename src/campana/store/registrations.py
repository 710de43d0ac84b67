"""Who registers at a trunk, and what came of it (`queries/registrations.sql`)."""

from __future__ import annotations

from datetime import datetime

from campana.domain.registration import Registration, RegistrationState
from campana.store.db import Tx
from campana.store.owners import LOCK_SPACE
from campana.store.sql import load

_SQL = load("registrations")


async def hold(
    tx: Tx,
    *,
    workspace_id: int,
    trunk: str,
    token: str,
    owner_id: int,
    until: datetime,
    now: datetime,
) -> str | None:
    """Take or keep the lease: the trunk's token, which is `token` only the first time.

    None while another holds it.
    """
    cursor = await tx.execute(
        _SQL["hold"],
        {
            "workspace_id": workspace_id,
            "trunk": trunk,
            "token": token,
            "owner_id": owner_id,
            "until": until,
            "now": now,
            "space": LOCK_SPACE,
        },
    )
    row = await cursor.fetchone()
    return str(row[0]) if row else None


async def tell(
    tx: Tx, *, workspace_id: int, owner_id: int, told: Registration, now: datetime
) -> None:
    """What came of it; nothing where the lease is another's."""
    await tx.execute(
        _SQL["tell"],
        {
            "workspace_id": workspace_id,
            "trunk": told.trunk,
            "owner_id": owner_id,
            "state": told.state.value,
            "status": told.status,
            "reason": told.reason,
            "registered_until": told.registered_until,
            "now": now,
        },
    )


async def release(tx: Tx, *, workspace_id: int, trunk: str, owner_id: int, now: datetime) -> None:
    """Give the lease back."""
    await tx.execute(
        _SQL["release"],
        {"workspace_id": workspace_id, "trunk": trunk, "owner_id": owner_id, "now": now},
    )


async def standing(tx: Tx, *, workspace_id: int) -> dict[str, Registration]:
    """By trunk, those that were ever held."""
    cursor = await tx.execute(_SQL["standing"], {"workspace_id": workspace_id})
    return {
        trunk: Registration(
            trunk=trunk,
            state=RegistrationState(state),
            status=status,
            reason=reason,
            told_at=told_at,
            registered_until=until,
        )
        for trunk, state, status, reason, told_at, until in await cursor.fetchall()
    }


async def refused(tx: Tx, *, workspace_id: int) -> frozenset[str]:
    """The trunks that take neither account nor password."""
    cursor = await tx.execute(_SQL["refused"], {"workspace_id": workspace_id})
    return frozenset(row[0] for row in await cursor.fetchall())
