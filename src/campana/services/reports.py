"""What carriers report: kept the moment it comes in, applied once, in any order to the same end.

A report is its attempt's id and the carrier's own name for it. The history of the attempt holds
each once (a unique index, not a hope), and only what is new there moves anything: a callback told
five times, or known from a look-up already, changes nothing.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from campana.carriers.base import Report
from campana.domain import cadence
from campana.domain.attempt import AttemptEvent, AttemptState, EventType, apply, bare
from campana.domain.clock import parse_moment
from campana.domain.disposition import Disposition
from campana.domain.event import EventName, NewEvent
from campana.domain.transfer import TransferOutcome
from campana.services import end_events, events, flow_outcomes, outcomes, rehearsing
from campana.services.context import Context
from campana.store import events as store_events
from campana.store import reports
from campana.store.attempts import Attempt
from campana.store.db import Tx
from campana.store.reports import End, Kept, Move, Told

log = logging.getLogger(__name__)

AT_ONCE = 100
"""Reports applied in one transaction: it holds locks a pause may have to wait for."""


def kept(told: Report, *, channel_id: str, workspace_id: int, received_at: datetime) -> Kept:
    """What a carrier tells of an attempt over a channel, as it is kept."""
    return Kept(
        workspace_id=workspace_id,
        told=Told(
            channel_id=channel_id, attempt_id=told.attempt_id, key=told.key, event=told.event
        ),
        received_at=received_at,
    )


async def keep(context: Context, kept: Sequence[Kept]) -> None:
    """Store these; durable when it returns (any role).

    Raises:
        Unavailable: the database does not answer.
    """
    # One statement that is its own transaction: a carrier waits, and each round trip counts.
    async with context.db.glance() as tx:
        await reports.keep(tx, reports=kept)


async def apply_kept(context: Context) -> int:
    """Apply what has been kept longest; returns how many reports that were (engine role)."""
    async with context.db.transaction() as tx:
        told = await reports.take(tx, limit=AT_ONCE)
        await apply_told(tx, context, told)
    return len(told)


async def apply_told(tx: Tx, context: Context, told: Sequence[Told]) -> None:
    """Apply reports in the caller's transaction."""
    if not told:
        return
    now = context.clock.now()
    found = await reports.lock_attempts(tx, attempt_ids=sorted({each.attempt_id for each in told}))
    ours: list[Told] = []
    for each in told:
        attempt = found.get(each.attempt_id)
        # A channel's secret speaks for that channel's attempts, and for no other's.
        if attempt is None or attempt.channel_id != each.channel_id:
            log.warning("channel %s reports of attempt %s", each.channel_id, each.attempt_id)
        else:
            ours.append(replace(each, event=bare(each.event)) if attempt.is_erased else each)
    await flow_outcomes.hold(tx, context, [found[each.attempt_id] for each in ours])
    fresh = await _fresh(tx, ours, found)
    await _complaints(tx, context, fresh, found, now=now)
    moves: list[Move] = []
    plain: list[_End] = []
    others: list[_End] = []
    for attempt_id, happened in fresh.items():
        attempt = found[attempt_id]
        moved, ending = _follow(attempt, happened)
        if ending is not None:
            end = _End(attempt=attempt, event=ending, answered_at=moved.answered_at)
            if end.handed_over is not None:
                await rehearsing.hand_over(tx, attempt, outcome=end.handed_over, now=now)
            if (
                attempt.state.is_open
                and attempt.target_id is not None
                and attempt.session_id is None
                and cadence.is_last(end.disposition)
            ):
                plain.append(end)
                continue
            others.append(replace(end, attempt=replace(attempt, state=moved.state)))
        if moved.state is not attempt.state or moved.answered_at is not None:
            moves.append(moved)
    await reports.move(tx, moves=moves)
    await flow_outcomes.accepted(
        tx,
        context,
        [each.attempt_id for each in moves if found[each.attempt_id].session_id is not None],
    )
    others += await _conclude(tx, plain, now=now)
    for end in others:
        await _end(tx, context, end, now=now)
    await _tell_read(tx, context, fresh, found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """An attempt as it was read, and the event that ends it."""

    attempt: Attempt
    event: AttemptEvent
    answered_at: datetime | None

    @property
    def disposition(self) -> Disposition:
        return Disposition(str(self.event.detail["disposition"]))

    @property
    def handed_over(self) -> TransferOutcome | None:
        """What came of handing the call over, where a carrier says how that went."""
        told = self.event.detail.get("transfer")
        return TransferOutcome(str(told)) if told is not None else None

    @property
    def callback_at(self) -> datetime | None:
        """When they asked to be called again, where a carrier says so."""
        told = self.event.detail.get("callback_at")
        return parse_moment(str(told)) if told is not None else None


async def _complaints(
    tx: Tx,
    context: Context,
    fresh: Mapping[UUID, Sequence[AttemptEvent]],
    found: Mapping[UUID, Attempt],
    *,
    now: datetime,
) -> None:
    """Whoever complained to their provider is contacted no more, by anybody here."""
    for attempt_id, happened in fresh.items():
        if any(event.type is EventType.COMPLAINED for event in happened):
            told = await end_events.suppress(
                tx,
                context,
                found[attempt_id],
                reason="complained about",
                source="complaint",
                now=now,
            )
            await store_events.add(tx, *told)


async def _conclude(tx: Tx, ends: Sequence[_End], *, now: datetime) -> list[_End]:
    """Those that need no decision, all at once: what `outcomes.conclude` comes to for each.

    Returns those that need more: something was promised for them that is to be settled.
    """
    if not ends:
        return []
    closed, finished = await reports.conclude(
        tx,
        ends=[
            End(
                attempt_id=each.attempt.id,
                disposition=each.disposition,
                reason=reason_of(each.event),
                answered_at=each.answered_at,
            )
            for each in ends
        ],
        now=now,
    )
    told: list[NewEvent] = []
    for each in ends:
        if each.attempt.id not in closed:
            continue
        told.append(
            events.of_attempt(
                EventName.ATTEMPT_ENDED,
                each.attempt,
                at=now,
                state=AttemptState.ENDED,
                disposition=each.disposition,
                reason=reason_of(each.event),
                answered_at=each.answered_at,
                ended_at=now,
            )
        )
        told += events.of_target(EventName.TARGET_FINISHED, finished.get(each.attempt.id), at=now)
    await store_events.add(tx, *told)
    return [each for each in ends if each.attempt.id not in closed]


async def _tell_read(
    tx: Tx,
    context: Context,
    fresh: Mapping[UUID, Sequence[AttemptEvent]],
    found: Mapping[UUID, Attempt],
) -> None:
    """A flow may wait for its message to be read: that comes after the end, which is delivery."""
    for attempt_id, happened in fresh.items():
        if any(event.detail.get("status") == "read" for event in happened):
            await flow_outcomes.read(tx, context, found[attempt_id])


async def _fresh(
    tx: Tx, told: Sequence[Told], found: dict[UUID, Attempt]
) -> dict[UUID, list[AttemptEvent]]:
    """The events nobody told before, by attempt, each attempt's in the order they happened."""
    in_order = sorted(told, key=lambda each: (each.attempt_id, each.event.at, each.key))
    if not in_order:
        return {}
    added = await reports.add_events(
        tx,
        workspace_ids=[found[each.attempt_id].workspace_id for each in in_order],
        reports=in_order,
    )
    fresh: dict[UUID, list[AttemptEvent]] = defaultdict(list)
    for each in in_order:
        if (each.attempt_id, each.key) in added:
            added.remove((each.attempt_id, each.key))
            fresh[each.attempt_id].append(each.event)
    return fresh


def _follow(attempt: Attempt, happened: Sequence[AttemptEvent]) -> tuple[Move, AttemptEvent | None]:
    """How far the events bring an attempt short of its end, and the event that ends it."""
    state, answered_at, end = attempt.state, None, None
    for event in happened:
        match event.type:
            case EventType.ENDED:
                end = end or event
                said = event.detail.get("answered_at")
                answered_at = answered_at or (parse_moment(str(said)) if said else None)
            case EventType.ANSWERED:
                state, answered_at = apply(state, event.type), answered_at or event.at
            case _:
                state = apply(state, event.type)
    return Move(attempt_id=attempt.id, state=state, answered_at=answered_at), end


async def _end(tx: Tx, context: Context, end: _End, *, now: datetime) -> None:
    attempt = end.attempt
    if attempt.state is AttemptState.ENDED:
        if end.disposition is not attempt.disposition:
            # Kept in the history for whoever wonders; the first word stands.
            log.warning(
                "attempt %s ended as %s, its carrier says %s now",
                attempt.id,
                attempt.disposition,
                end.disposition,
            )
        return
    disposition, does = end.disposition, end.event.detail.get("does")
    if does is not None:
        disposition = await rehearsing.play(
            tx,
            context,
            attempt,
            disposition=disposition,
            does=str(does),
            transfers=end.handed_over or TransferOutcome.ANSWERED,
            now=now,
        )
    await outcomes.conclude(
        tx,
        context,
        attempt,
        event=end.event,
        disposition=disposition,
        reason=reason_of(end.event),
        answered_at=end.answered_at,
        callback_at=end.callback_at,
        talk_seconds=_talked(attempt, end),
        now=now,
    )


def _talked(attempt: Attempt, end: _End) -> float | None:
    """From the answer to the end, by the carrier's own clock; None where nobody answered."""
    answered_at = end.answered_at or attempt.answered_at
    if answered_at is None:
        return None
    return max(0.0, (end.event.at - answered_at).total_seconds())


def reason_of(event: AttemptEvent) -> str:
    """Why an attempt ended, in a carrier's word for it."""
    return str(event.detail.get("reason") or event.detail["disposition"])
