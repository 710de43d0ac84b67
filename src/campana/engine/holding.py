"""A call on the line, from its committed attempt to the settled one; its events are stored as they
come."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from campana.domain.attempt import AttemptEvent
from campana.domain.disposition import Disposition
from campana.domain.script import Script
from campana.engine.beforehand import Beforehand
from campana.engine.call_facts import facts_of
from campana.engine.call_sound import CallSound
from campana.engine.enduring import until_stored
from campana.services import outcomes
from campana.services.context import Context
from campana.services.recordings import key_of
from campana.store.attempts import CallFacts
from campana.voice.call import run_call
from campana.voice.call_result import CallResult
from campana.voice.dictated import Dictation
from campana.voice.driver import LineLost, Placement, VoiceLine

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What one call needs."""

    attempt_id: UUID
    campaign_id: str
    line: VoiceLine
    placement: Placement
    script: Script | Dictation
    sound: CallSound
    known: Beforehand
    own_script: Script | None = None
    """The campaign's, for the facts that are kept of it."""
    fields: Mapping[str, str] = field(default_factory=dict[str, str])


async def hold(
    context: Context,
    held: Held,
    *,
    stop: asyncio.Event,
    disposition_of: Callable[[CallResult], Disposition],
) -> None:
    """Run a call whose attempt is about to touch the network, and settle it."""
    events: asyncio.Queue[AttemptEvent | None] = asyncio.Queue()
    teller = asyncio.create_task(_tell(context, held.attempt_id, events))
    key = key_of(campaign_id=held.campaign_id, attempt_id=held.attempt_id)
    result: CallResult | None = None
    try:
        result = await run_call(
            held.line,
            held.placement,
            held.script,
            held.fields,
            speech=held.sound.voice,
            recording=context.blobs.path(key),
            clock=context.clock,
            emit=events.put_nowait,
            stop=stop,
            ears=held.sound.ears,
            zone=held.known.zone,
            mind=held.known.mind,
            programs=held.known.programs,
            may_transfer=held.known.may_transfer,
        )
    except LineLost as lost:
        log.error("attempt %s: %s", held.attempt_id, lost)
    except Exception:
        # A bug, after the network may have been touched: nobody knows, so nobody redials.
        log.exception("attempt %s failed in the middle", held.attempt_id)
    events.put_nowait(None)
    await teller
    if result is None:
        await settle(
            context,
            held.attempt_id,
            disposition=Disposition.UNKNOWN,
            reason="the line was lost",
        )
        return
    await settle(
        context,
        held.attempt_id,
        disposition=disposition_of(result),
        reason=result.told,
        result=result,
        facts=facts_of(
            result,
            held.own_script,
            recording_key=key if result.recording else None,
            endpoints=held.sound.facts(),
        ),
    )


async def settle(
    context: Context,
    attempt_id: UUID,
    *,
    disposition: Disposition,
    reason: str,
    result: CallResult | None = None,
    facts: CallFacts | None = None,
) -> None:
    """Settle, however long the database is away: until then the attempt stays open, never lost."""
    await until_stored(
        lambda: outcomes.settle(
            context,
            attempt_id=attempt_id,
            disposition=disposition,
            reason=reason,
            facts=facts,
            answered_at=result.answered_at if result else None,
            callback_at=result.callback_at if result else None,
        )
    )


async def _tell(
    context: Context, attempt_id: UUID, events: asyncio.Queue[AttemptEvent | None]
) -> None:
    """Store the call's events as they come, in order, for as long as it takes."""
    while (event := await events.get()) is not None:
        await until_stored(partial(outcomes.record, context, attempt_id=attempt_id, event=event))
