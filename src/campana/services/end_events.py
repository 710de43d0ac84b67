"""The end of an attempt in words, and what a person's wish not to be contacted comes to."""

from __future__ import annotations

from datetime import datetime

from campana.domain.address import AddressKind
from campana.domain.attempt import AttemptState
from campana.domain.disposition import Disposition
from campana.domain.event import EventName, NewEvent
from campana.domain.ids import attempt_text
from campana.services import events, suppressing
from campana.services.context import Context
from campana.store import inbound, targets
from campana.store.attempts import Attempt
from campana.store.db import Tx

_NUMBERS = (AddressKind.PHONE, AddressKind.WHATSAPP)


async def told_of_end(
    tx: Tx,
    context: Context,
    attempt: Attempt,
    *,
    state: AttemptState,
    disposition: Disposition,
    reason: str,
    answered_at: datetime | None,
    now: datetime,
) -> list[NewEvent]:
    """The end in words, and the suppression that goes with an opt-out."""
    is_unknown = state is AttemptState.UNKNOWN
    told = [
        events.of_attempt(
            EventName.ATTEMPT_UNKNOWN if is_unknown else EventName.ATTEMPT_ENDED,
            attempt,
            at=now,
            state=state,
            disposition=disposition,
            reason=reason,
            answered_at=answered_at,
            ended_at=now,
        )
    ]
    if disposition is Disposition.OPT_OUT:
        told += await suppress(
            tx, context, attempt, reason="asked for it in", source="call", now=now
        )
    return told


async def suppress(
    tx: Tx, context: Context, attempt: Attempt, *, reason: str, source: str, now: datetime
) -> list[NewEvent]:
    """From this very commit on nobody contacts them, at any address, from any list."""
    if attempt.is_erased:
        return []
    known = [attempt.address, *await _addresses_behind(tx, attempt)]
    if attempt.target_id is not None:
        known += await targets.addresses(tx, target_id=attempt.target_id)
    told: list[NewEvent] = []
    # Sorted, so that two calls of one person lock in one order.
    for address in sorted(set(known)):
        _, added = await suppressing.suppress(
            tx,
            context,
            workspace_id=attempt.workspace_id,
            address=address,
            reason=f"{reason} attempt {attempt_text(attempt.id)}",
            source=source,
            now=now,
        )
        told += added
    return told


async def _addresses_behind(tx: Tx, attempt: Attempt) -> list[str]:
    """Those of whoever is at this address in any list: the same person may be in several."""
    kinds = (AddressKind.EMAIL,) if "@" in attempt.address else _NUMBERS
    contact_ids = await inbound.contacts(
        tx, workspace_id=attempt.workspace_id, kinds=kinds, address=attempt.address
    )
    return await inbound.addresses(tx, contact_ids=contact_ids)
