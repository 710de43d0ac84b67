"""The worker of background tasks outlives its database."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from procrastinate import App
from procrastinate.exceptions import ConnectorException

from campana.jobs import app as jobs
from campana.services.context import Context
from tests.support.waiting import eventually


async def test_a_worker_that_lost_its_database_works_again(
    engine_context: Context, conninfo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_PAUSE_WITHOUT_DATABASE", 0.01)
    losses = 2
    run = App.run_worker_async

    async def loses(self: App, **values: object) -> None:
        nonlocal losses
        losses -= 1
        if losses >= 0:
            raise ConnectorException
        await run(self, **values)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(App, "run_worker_async", loses)
    app = jobs.build(engine_context)
    registered = "select count(*) from jobs.procrastinate_workers"
    async with app.open_async():
        working = asyncio.create_task(jobs.work(app))
        with psycopg.connect(conninfo, autocommit=True) as superuser:
            await eventually(lambda: superuser.execute(registered).fetchone() == (1,))
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working
    assert losses < 0
