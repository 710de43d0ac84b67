"""Endpoints of models that a workspace names, with the workspace's own credential.

They go out as every address does that somebody else chose (`outbound.py`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import httpx

from campana.domain.errors import Unavailable
from campana.services import showing
from campana.services.context import Context
from campana.services.model_endpoints import Open
from campana.services.showing import Shown
from campana.voice.mind import Lost


def guarded(context: Context, url: str, *, credential: str | None, workspace_id: int) -> Open:
    """To an endpoint of the workspace's own, with its credential, asked for once a call."""
    known: list[Shown] = [Shown()] if credential is None else []

    @asynccontextmanager
    async def opened(
        body: bytes, headers: Mapping[str, str], seconds: float
    ) -> AsyncGenerator[httpx.Response]:
        if not known:
            known.append(await shown(context, workspace_id=workspace_id, name=credential))
        async with context.outbound.stream(
            showing.with_query(url, known[0].query),
            body=body,
            headers={**headers, **known[0].headers},
            seconds=seconds,
        ) as response:
            yield response

    return opened


async def shown(context: Context, *, workspace_id: int, name: str | None) -> Shown:
    """What that credential adds.

    Raises:
        Lost: it is not to be had now.
    """
    if name is None:
        return Shown()
    try:
        found = await showing.of(context, workspace_id=workspace_id, name=name)
    except Unavailable:
        found = None
    if found is None:
        raise Lost(f"the credential {name} is not to be had")
    return found
