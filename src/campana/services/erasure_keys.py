"""Keyed hashes: how an address nobody may contact is known again without being kept.

Each workspace has a key of its own, made when the first person is erased and sealed like every
secret that must be used again. The hash is an HMAC: who has the database and not the key cannot try
all telephone numbers. What the database is asked with is `pads`, the key as HMAC uses it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from collections.abc import Sequence
from functools import lru_cache

from campana.domain.errors import NotFound
from campana.services.context import Context
from campana.services.secrets import Secrets, Unreadable
from campana.store import erasures
from campana.store.db import Tx

log = logging.getLogger(__name__)

_KEY_BYTES = 32
_BLOCK_BYTES = 64
"""Of SHA-256, which is what HMAC pads a key to (RFC 2104)."""


def hash_of(address: str, *, pads: bytes) -> bytes:
    """What is kept of an address."""
    key = bytes(byte ^ 0x36 for byte in pads[:_BLOCK_BYTES])
    return hmac.digest(key, address.encode(), hashlib.sha256)


@lru_cache(maxsize=1024)
def pads_of(secrets: Secrets, sealed: str | None) -> bytes | None:
    """What the database is asked with; None when nobody of the workspace was erased.

    Raises:
        Unreadable: it was sealed with a key we do not have.
    """
    if sealed is None:
        return None
    key = base64.b64decode(secrets.open(sealed)).ljust(_BLOCK_BYTES, b"\0")
    return bytes(byte ^ 0x36 for byte in key) + bytes(byte ^ 0x5C for byte in key)


async def pads(tx: Tx, context: Context, *, workspace_id: int) -> bytes | None:
    """The same, of a workspace.

    Raises:
        Unreadable: it was sealed with a key we do not have.
    """
    return pads_of(context.secrets, await erasures.key(tx, workspace_id=workspace_id))


async def ensured(context: Context, *, workspace_id: int) -> bytes:
    """The pads of a workspace that is about to erase somebody; its key is made when there is none.

    Raises:
        SetupError: no key was given to seal it with.
        Unreadable: it was sealed with a key we do not have.
        NotFound: there is no such workspace.
    """
    sealed = context.secrets.seal(base64.b64encode(context.entropy(_KEY_BYTES)).decode())
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        await erasures.offer_key(tx, workspace_id=workspace_id, sealed=sealed)
        found = await pads(tx, context, workspace_id=workspace_id)
    if found is None:
        raise NotFound("there is no such workspace")
    return found


def hashes(addresses: Sequence[str], *, pads: bytes) -> list[bytes]:
    """What is kept of these addresses, in their order."""
    return [hash_of(address, pads=pads) for address in addresses]


async def seal_anew(context: Context) -> int:
    """Put every workspace's key under the first of the secret keys (engine role).

    Returns how many were under another. A key that cannot be opened is told of and left.
    """
    async with context.db.read() as tx:
        found = await erasures.keys(tx)
    changed = 0
    for workspace_id, before in found.items():
        try:
            sealed = context.secrets.sealed_anew(before)
        except Unreadable:
            log.error(
                "workspace %s: the key its erased people are known by cannot be opened with"
                " CAMPANA_SECRET_KEY; nobody is contacted until it can",
                workspace_id,
            )
            continue
        if sealed is not None:
            async with context.db.transaction() as tx:
                await erasures.replace_key(
                    tx, workspace_id=workspace_id, before=before, sealed=sealed
                )
            changed += 1
    return changed
