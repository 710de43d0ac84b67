"""The demo that stays: a way into its console, a campaign to launch there, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from campana import bootstrap
from campana.demo.api import body
from campana.domain.errors import SetupError
from campana.domain.role import Role as Part
from campana.engine.runner import stop_on_signals
from campana.services import accounts, people
from campana.settings import Settings
from campana.store.db import Role

DRAFT = "Appointment reminders, once more"


async def way_in(settings: Settings) -> str:
    """A link that works once and makes an owner: the first one, or one more in an old directory."""
    with bootstrap.database(settings) as conninfo:
        async with bootstrap.opened(
            settings, conninfo, role=Role.ENGINE, max_connections=1
        ) as context:
            home = await accounts.workspace_named(context, bootstrap.DEFAULT_WORKSPACE)
            first = await people.first_link(context, workspace_id=home.workspace_id)
        if first is not None:
            return f"{bootstrap.public_url(settings)}/welcome?token={first}"
        async with bootstrap.opened(
            settings, conninfo, role=Role.WEB, max_connections=1
        ) as context:
            known = await people.every(context, workspace_id=home.workspace_id)
            token = await people.invite(
                context,
                workspace_id=home.workspace_id,
                invited_by=None,
                email=f"demo{len(known) + 1}@example.com",
                role=Part.OWNER,
            )
    return f"{bootstrap.public_url(settings)}/invitations/{token}"


async def leave_a_draft(api: httpx.AsyncClient, document: Mapping[str, Any]) -> None:
    """The campaign of the demo once more, as a draft: to review, launch and watch by hand."""
    body(await api.post("/campaigns", json={**document, "name": DRAFT}))


async def stay(server: asyncio.subprocess.Process) -> None:
    """Until Ctrl-C or SIGTERM.

    Raises:
        SetupError: the server ended by itself.
    """
    stop = stop_on_signals()
    told = asyncio.create_task(stop.wait())
    gone = asyncio.create_task(server.wait())
    await asyncio.wait({told, gone}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    gone.cancel()
    # Ctrl-C reaches the server as well, from the terminal: its end is no failure then.
    if not stop.is_set():
        raise SetupError("campana serve has ended; its reason stands above")
