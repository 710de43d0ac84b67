"""People who write to a channel: what a provider would have told, kept and applied."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

from campana.carriers.base import Inbound
from campana.services import inbound
from campana.services.context import Context
from campana.store.channels import Channel
from campana.store.inbound import KeptInbound
from tests.support.database import NOW
from tests.support.people import ANA

_keys = itertools.count()


def wrote(text: str, *, sender: str = ANA, at: datetime = NOW, **more: Any) -> Inbound:
    given: dict[str, Any] = {"key": f"in-{next(_keys)}", "sender": sender, "text": text, "at": at}
    return Inbound(**given | more)


async def hear(context: Context, channel: Channel, *inbounds: Inbound) -> int:
    """Keep these and apply all there is; returns how many that were."""
    kept = [
        KeptInbound(
            workspace_id=channel.workspace_id,
            channel_id=channel.id,
            said=inbound.said(each),
            received_at=context.clock.now(),
        )
        for each in inbounds
    ]
    await inbound.keep(context, kept)
    count = 0
    while applied := await inbound.apply_kept(context):
        count += applied
    return count
