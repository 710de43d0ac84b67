"""Intents: the rows that say whom this owner is about to contact, written before anything is.

Whoever another campaign reached in between is put off, and whoever a cap was filled by meanwhile.
For a carrier one can ask they are written as sending already: should the process die before the
network is touched, the carrier is asked what it knows of each, so nothing is `unknown` for having
been marked early, and a round trip and an update of each are saved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from campana.domain import gate, passage
from campana.domain.campaign import Plan
from campana.domain.caps import Cap
from campana.domain.contact import ContactFields
from campana.domain.ids import uuid7
from campana.services import capping, sent_events
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.services.variant_plans import Ways
from campana.store import attempts, due, sending
from campana.store.attempts import Intent
from campana.store.db import Tx
from campana.store.due import Candidate, Deferral, Group
from campana.store.sending import Opening, Terms

_ENTROPY = 10
"""Bytes that the id of an attempt takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """How intents are written that go to a carrier by request, and when it is asked about them."""

    sender: str | None
    """The identity that is shown when the campaign names none."""
    is_call: bool
    ask_after: timedelta


async def write(
    tx: Tx,
    context: Context,
    allowed: Sequence[Candidate],
    *,
    group: Group,
    plan: Plan,
    caps: Sequence[Cap],
    facts: Mapping[int, gate.Facts],
    owner_id: int,
    send: Send | None,
    callers: Mapping[int, str],
    now: datetime,
    began: float,
) -> list[Claimed]:
    """An intent for each, in the claim's transaction; returns those that stand.

    With `send` they are about to be sent, and their events say so. `facts` is what the gate knew of
    each target, and is kept with its attempt. `callers` is the number each
    target is called from, where that is ours to choose. `began` is `now` in monotonic
    seconds.
    """
    ways = Ways(plan, campaign_id=group.campaign_id)
    unix_ms = int(now.timestamp() * 1000)
    entropy = context.entropy(_ENTROPY * len(allowed))
    claimed = [
        Claimed(
            attempt_id=uuid7(unix_ms, entropy[_ENTROPY * n : _ENTROPY * (n + 1)]),
            workspace_id=group.workspace_id,
            campaign_id=group.campaign_id,
            target_id=candidate.id,
            contact_id=candidate.contact_id,
            channel_id=group.channel_id,
            attempt_no=candidate.attempt_count + 1,
            address=candidate.address or "",
            fields=ContactFields(
                first_name=candidate.first_name,
                last_name=candidate.last_name,
                attributes=candidate.attributes,
            ),
            plan=ways.of(candidate.contact_id),
            caller_id=callers.get(candidate.id),
            claimed_at=now,
            began=began,
            not_before=now,
        )
        for n, candidate in enumerate(allowed)
    ]
    notes = _notes(claimed, facts, caps=len(caps), owner_id=owner_id)
    terms = _terms(group, plan=plan, send=send, now=now) if send is not None else None
    openings: list[Opening] = []
    if terms is not None:
        openings = [_opening(each, notes) for each in claimed]
        refused = await sending.open_all(
            tx, owner_id=owner_id, openings=openings, terms=terms, is_told=not caps, now=now
        )
    else:
        refused = await _open(tx, claimed, notes, group=group, owner_id=owner_id, now=now)
    later = now + gate.ADDRESS_BUSY_DELAY
    await due.defer(
        tx,
        deferrals=[
            Deferral(target_id=each.target_id, until=later, why="address_busy")
            for each in claimed
            if each.attempt_id in refused
        ],
        now=now,
    )
    standing = [each for each in claimed if each.attempt_id not in refused] if refused else claimed
    if not caps:
        return standing
    beyond = await capping.end_those_beyond(
        tx, standing, workspace_id=group.workspace_id, limits=caps, now=now
    )
    standing = [each for each in standing if each.target_id not in beyond]
    if terms is not None:
        # Only now: of those beyond a cap nobody is told that they were about to be contacted.
        left = {each.attempt_id for each in standing}
        told = [each for each in openings if each.intent.id in left]
        await sending.tell_all(tx, openings=told, terms=terms, now=now)
    return standing


async def _open(
    tx: Tx,
    claimed: Sequence[Claimed],
    notes: Mapping[int, str],
    *,
    group: Group,
    owner_id: int,
    now: datetime,
) -> set[UUID]:
    written = await attempts.open_intents(
        tx,
        workspace_id=group.workspace_id,
        campaign_id=group.campaign_id,
        channel_id=group.channel_id,
        owner_id=owner_id,
        intents=[_intent(each, notes) for each in claimed],
        now=now,
    )
    return {each.attempt_id for each in claimed} - written


def _notes(
    claimed: Sequence[Claimed], facts: Mapping[int, gate.Facts], *, caps: int, owner_id: int
) -> dict[int, str]:
    """What the claim went by, of each target, as the first event of its attempt keeps it.

    People of one zone and country have the same note, which is made once.
    """
    made: dict[tuple[object, ...], str] = {}
    notes: dict[int, str] = {}
    for each in claimed:
        known = facts[each.target_id]
        # Windows are few and as long-lived as the plans they are of: one is told by its identity.
        alike = (id(known.window), known.zones, known.country, known.requires_consent)
        alike += (known.is_free_form, known.wrote_at, each.caller_id)
        if alike not in made:
            note = passage.noted(
                known, each.claimed_at, caps=caps, owner_id=owner_id, caller_id=each.caller_id
            )
            made[alike] = msgspec.json.encode({"rules": note}).decode()
        notes[each.target_id] = made[alike]
    return notes


def _intent(claimed: Claimed, notes: Mapping[int, str]) -> Intent:
    return Intent(
        id=claimed.attempt_id,
        target_id=claimed.target_id,
        attempt_no=claimed.attempt_no,
        address=claimed.address,
        detail=notes[claimed.target_id],
    )


def _opening(claimed: Claimed, notes: Mapping[int, str]) -> Opening:
    return Opening(intent=_intent(claimed, notes), event=sent_events.started(claimed))


def _terms(group: Group, *, plan: Plan, send: Send, now: datetime) -> Terms:
    return Terms(
        workspace_id=group.workspace_id,
        campaign_id=group.campaign_id,
        channel_id=group.channel_id,
        from_number=plan.caller_id or send.sender or "",
        is_call=send.is_call,
        ask_at=now + send.ask_after,
    )
