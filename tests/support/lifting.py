"""A rule is changed, and whatever is deferred is done; whom it holds back before and after."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from campana.jobs import app as jobs
from campana.services import campaigns
from campana.services.context import Context
from tests.support.campaign import Scene


async def at_once(seconds: float) -> None:
    """Nobody here claims beside the task."""


async def work(context: Context) -> None:
    """Do what is deferred."""
    async with jobs.build(replace(context, doze=at_once)).open_async() as app:
        await app.run_worker_async(wait=False, listen_notify=False, install_signal_handlers=False)


async def held(scene: Scene) -> set[tuple[str, datetime]]:
    """Reasons and moments of whoever waits."""
    rows = await scene.rows(
        "select t.last_reason, d.due_at from targets t join due d on d.target_id = t.id"
    )
    return {(reason, due_at) for reason, due_at in rows}


async def change(scene: Scene, **patch: Any) -> None:
    await campaigns.change(
        scene.web,
        workspace_id=scene.workspace_id,
        campaign_id=scene.campaign_id,
        patch=patch,
        version=None,
    )
