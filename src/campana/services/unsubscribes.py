"""The link of an e-mail by which its reader ends them, and what pressing it does.

The link is its own permission: it names one address in one workspace, is signed so that none can be
made up, and never expires, for an old letter must still be answerable. It can do nothing but
suppress e-mail to that address.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from campana.domain.campaign import ChannelType
from campana.domain.errors import NotFound
from campana.services import suppressing
from campana.services.context import Context
from campana.services.quiet import until_unsendable
from campana.store import events as store_events
from campana.store.suppressions import Scope

KEY_NAME = "unsubscribe"
SOURCE = "unsubscribe"
_SIGNATURE = 16
"""Bytes of the signature that are kept: nobody guesses 128 bits, and links must be short."""


class Subject(Struct, frozen=True, array_like=True):
    """Whom a link is for."""

    workspace_id: Annotated[int, Meta(ge=1)]
    channel_id: str
    address: Annotated[str, Meta(min_length=3, max_length=320)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribes:
    """Makes and opens links with one key (`signing.signing_key` of the name `KEY_NAME`)."""

    key: bytes

    def link(self, public_url: str, *, workspace_id: int, channel_id: str, address: str) -> str:
        """The URL for `List-Unsubscribe`, and for the foot of a letter."""
        plain = msgspec.json.encode(Subject(workspace_id, channel_id, address))
        token = base64.urlsafe_b64encode(self._sign(plain) + plain).rstrip(b"=").decode()
        return f"{public_url.rstrip('/')}/u/{token}"

    def open(self, token: str) -> Subject:
        """Whom the link is for.

        Raises:
            NotFound: it is none of ours, or was changed.
        """
        try:
            whole = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise NotFound from None
        signature, plain = whole[:_SIGNATURE], whole[_SIGNATURE:]
        if not hmac.compare_digest(signature, self._sign(plain)):
            raise NotFound
        return msgspec.json.decode(plain, type=Subject)

    def _sign(self, plain: bytes) -> bytes:
        return hmac.digest(self.key, plain, "sha256")[:_SIGNATURE]


async def unsubscribe(context: Context, subject: Subject) -> None:
    """No more e-mail to that address; doing it twice is doing it once.

    When this returns, no attempt to it begins any more.
    """
    now = context.clock.now()
    async with context.db.transaction(workspace_id=subject.workspace_id) as tx:
        _, told = await suppressing.suppress(
            tx,
            context,
            workspace_id=subject.workspace_id,
            address=subject.address,
            reason="pressed the unsubscribe link of an e-mail",
            source=SOURCE,
            now=now,
            scope=Scope.CHANNEL,
            channel_type=ChannelType.EMAIL,
        )
        await store_events.add(tx, *told)
    await until_unsendable(context, workspace_id=subject.workspace_id, address=subject.address)
