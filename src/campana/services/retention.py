"""How long each class of what is known of people is kept, and the forgetting of what is older.

A look goes on where the last one stopped, some hundred attempts at a time, each stretch a
transaction with the mark behind it: a crash repeats at most one, and repeating it changes nothing.
What is gone does not come back when a class is lengthened.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from campana.domain.errors import VersionMismatch
from campana.services import documents
from campana.services.context import Context
from campana.services.recordings import remove_recordings
from campana.store import accounts, retention, traces
from campana.store.db import Tx
from campana.store.retention import Kept, Mark

_STRETCH = 500
_ROWS_STRETCH = 5_000

_Forget = Callable[..., Awaitable[int]]
"""Deletes some of a workspace's rows that are older than a moment; how many."""

Days = Annotated[int, Meta(ge=1, le=3650)]


class RetentionDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """How long things are kept, in days; null is for ever, and what is left out has its default."""

    recording_days: Days | None = 30
    transcript_days: Days | None = 90
    """What was said and typed in calls."""
    attempt_days: Annotated[int, Meta(ge=31, le=3650)] | None = 395
    """Whom an attempt was made to and what they answered; that it was made, and its outcome, stay.
    Caps count the attempts of up to thirty days."""
    message_days: Days | None = 395
    """Messages, both ways; a conversation goes with its last one."""
    session_days: Days | None = 395
    """What flows were told and said, of sessions that are over."""
    import_row_days: Days | None = 90
    """Rows that files were refused, and what an undo puts back: then it is too late for one."""
    event_days: Annotated[int, Meta(ge=1, le=365)] = 30
    """Events, and what became of their deliveries."""


def policy_of(document: Mapping[str, Any]) -> RetentionDocument:
    """What holds, of a stored document (already read once, so it converts)."""
    return msgspec.convert(document, RetentionDocument)


async def show(context: Context, *, workspace_id: int) -> RetentionDocument:
    """What holds in a workspace."""
    async with context.db.read(workspace_id=workspace_id) as tx:
        return policy_of(await retention.get(tx, workspace_id=workspace_id))


async def replace(
    context: Context, *, workspace_id: int, raw: object, was: RetentionDocument | None = None
) -> RetentionDocument:
    """Put this in the place of what held before; the next look, within the hour, obeys it.

    `was` is what the caller has seen; None skips the comparison.

    Raises:
        InvalidParameter: naming each field that is wrong.
        VersionMismatch: it has been changed since.
    """
    written = documents.read(RetentionDocument, raw)
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        await accounts.lock_workspace(tx, workspace_id=workspace_id)
        if was is not None and was != policy_of(await retention.get(tx, workspace_id=workspace_id)):
            raise VersionMismatch
        await retention.set_document(
            tx, workspace_id=workspace_id, document=msgspec.to_builtins(written)
        )
    return written


async def keep_to(context: Context) -> None:
    """Forget what has become too old, in every workspace (engine role).

    Raises:
        Unavailable: the database or the disk does not answer; the next look goes on.
    """
    async with context.db.read() as tx:
        found = await retention.documents(tx)
    for workspace_id, document in found.items():
        policy = policy_of(document)
        for kept, days in (
            (Kept.RECORDINGS, policy.recording_days),
            (Kept.TRANSCRIPTS, policy.transcript_days),
            (Kept.ATTEMPTS, policy.attempt_days),
        ):
            if days is not None:
                before = context.clock.now() - timedelta(days=days)
                await _forget(context, workspace_id=workspace_id, kept=kept, before=before)
        forget_import_rows = partial(retention.forget_import_rows, now=context.clock.now())
        for days, forget, stretch in (
            (policy.message_days, retention.forget_messages, _ROWS_STRETCH),
            (policy.message_days, retention.forget_conversations, _ROWS_STRETCH),
            (policy.session_days, retention.forget_sessions, _STRETCH),
            (policy.import_row_days, forget_import_rows, 1),
            (policy.event_days, retention.forget_deliveries, _ROWS_STRETCH),
            (policy.event_days, retention.forget_events, _ROWS_STRETCH),
        ):
            if days is not None:
                await _forget_in_stretches(
                    context,
                    forget,
                    workspace_id=workspace_id,
                    before=context.clock.now() - timedelta(days=days),
                    stretch=stretch,
                )


async def _forget(context: Context, *, workspace_id: int, kept: Kept, before: datetime) -> None:
    while True:
        async with context.db.read() as tx:
            after = await retention.mark(tx, workspace_id=workspace_id, kept=kept)
            found = await retention.stretch(
                tx, workspace_id=workspace_id, after=after, before=before, limit=_STRETCH
            )
        if not found:
            return
        attempt_ids = [each.id for each in found if each.is_over]
        if kept is not Kept.TRANSCRIPTS:
            # First the files, which the rows tell where to find.
            await remove_recordings(context, attempt_ids=attempt_ids)
        async with context.db.transaction() as tx:
            await _forget_rows(tx, kept, attempt_ids, now=context.clock.now())
            to = Mark(done_at=found[-1].created_at, done_id=found[-1].id)
            await retention.advance(tx, workspace_id=workspace_id, kept=kept, to=to)


async def _forget_rows(tx: Tx, kept: Kept, attempt_ids: Sequence[UUID], *, now: datetime) -> None:
    match kept:
        case Kept.RECORDINGS:
            await retention.forget_recordings(tx, attempt_ids=attempt_ids, now=now)
        case Kept.TRANSCRIPTS:
            await retention.forget_transcripts(tx, attempt_ids=attempt_ids, now=now)
        case Kept.ATTEMPTS:
            await traces.empty_attempts(tx, attempt_ids=attempt_ids, now=now)


async def _forget_in_stretches(
    context: Context, forget: _Forget, *, workspace_id: int, before: datetime, stretch: int
) -> None:
    """Let `forget` delete what is older, so many at a time, until there are fewer."""
    gone = stretch
    while gone >= stretch:
        async with context.db.transaction() as tx:
            gone = await forget(tx, workspace_id=workspace_id, before=before, limit=stretch)
