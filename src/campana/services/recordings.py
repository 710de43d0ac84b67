"""The sound of calls: where it lies, and how it goes, whole or cut off in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

from campana.domain.ids import attempt_text
from campana.services.context import Context
from campana.store import jobs, recordings
from campana.store.db import Tx

REMOVE_TASK = "remove_recording"

_PART = ".part"
"""What a recording is called until it is complete (`voice/recording.py`)."""


def key_of(*, campaign_id: str | None, attempt_id: UUID) -> str:
    """Where the recording of an attempt lies, if it has one."""
    return f"recordings/{campaign_id}/{attempt_text(attempt_id)}.wav"


async def remove_recordings(context: Context, *, attempt_ids: Sequence[UUID]) -> int:
    """Remove whatever lies of these attempts' sound, also what a killed call left of it.

    Returns how many calls there were to look for. It may be repeated.

    Raises:
        Unavailable: the disk refuses.
    """
    async with context.db.read() as tx:
        found = await recordings.of_attempts(tx, attempt_ids=attempt_ids)
    for each in found:
        known = key_of(campaign_id=each.campaign_id, attempt_id=each.attempt_id)
        for key in {known, each.recording_key or known}:
            await asyncio.to_thread(context.blobs.remove, key)
            await asyncio.to_thread(context.blobs.remove, key + _PART)
    return len(found)


async def have_removed(tx: Tx, *, attempt_id: UUID) -> None:
    """Have the sound of an attempt removed once this transaction commits."""
    await jobs.defer(tx, task=REMOVE_TASK, arguments={"attempt_id": str(attempt_id)})
