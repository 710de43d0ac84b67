"""Is an address suppressed: by name, or by the hash that is left of a person who was erased?"""

from __future__ import annotations

from collections.abc import Sequence

from campana.services import erasure_keys
from campana.services.context import Context
from campana.store import erasures, suppressions
from campana.store.db import Tx
from campana.store.erasures import ErasedAddress
from campana.store.suppressions import Scope, Suppression

BY_ERASURE = "erasure"
"""Who says so of an address whose person was erased."""


async def in_force(
    tx: Tx, context: Context, *, workspace_id: int, addresses: Sequence[str]
) -> list[Suppression]:
    """What keeps these addresses from being contacted at this moment, of whatever scope.

    That the person of one was erased is told as a suppression under the erasure's id.
    """
    now = context.clock.now()
    found = await suppressions.of_addresses(
        tx, workspace_id=workspace_id, addresses=addresses, now=now
    )
    erased = await _erased(tx, context, workspace_id=workspace_id, addresses=addresses)
    return found + [
        Suppression(
            id=each.erasure_id,
            address=each.address,
            scope=Scope.WORKSPACE,
            campaign_id=None,
            channel_type=None,
            reason="its person was erased",
            source=BY_ERASURE,
            created_at=each.erased_at,
            expires_at=None,
        )
        for each in erased
    ]


async def erased_among(
    tx: Tx, context: Context, *, workspace_id: int, addresses: Sequence[str]
) -> frozenset[str]:
    """Those of these addresses that are not contacted because their person was erased."""
    found = await _erased(tx, context, workspace_id=workspace_id, addresses=addresses)
    return frozenset(each.address for each in found)


async def _erased(
    tx: Tx, context: Context, *, workspace_id: int, addresses: Sequence[str]
) -> list[ErasedAddress]:
    return await erasures.erased_now(
        tx,
        workspace_id=workspace_id,
        addresses=addresses,
        pads=await erasure_keys.pads(tx, context, workspace_id=workspace_id),
        now=context.clock.now(),
    )
