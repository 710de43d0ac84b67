"""Files of suppressions as jobs: a real worker does what a request deferred."""

from __future__ import annotations

import io

from campana.jobs.app import build
from campana.services import suppression_imports
from campana.services.context import Context
from campana.store.imports import ImportState
from tests.support.people import ANA


async def test_a_worker_does_what_a_request_deferred(
    context: Context, engine_context: Context, workspace_id: int
) -> None:
    started = await suppression_imports.start(
        context,
        workspace_id=workspace_id,
        file_name="never.csv",
        content=io.BytesIO(ANA.encode()),
        reason="registry",
    )
    assert started.state is ImportState.QUEUED
    async with build(engine_context).open_async() as app:
        await app.run_worker_async(wait=False, listen_notify=False, install_signal_handlers=False)
    done = await suppression_imports.get(context, workspace_id=workspace_id, import_id=started.id)
    assert (done.state, done.rows_accepted) == (ImportState.DONE, 1)
