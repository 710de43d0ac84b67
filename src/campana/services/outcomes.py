"""What became of an attempt, and what follows for its target.

Every ending of an attempt passes here. Ending an attempt and deciding about its target is one
transaction: there is no moment at which an attempt is over and its target neither waits nor is
finished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from campana.domain import cadence
from campana.domain.attempt import AttemptEvent, AttemptState, EventType, apply, bare
from campana.domain.campaign import STATUS_OF, CampaignState, CampaignStatus
from campana.domain.disposition import RESULTS, Disposition
from campana.domain.event import EventName, NewEvent
from campana.services import (
    answering,
    end_events,
    events,
    flow_outcomes,
    next_address,
    recordings,
    spending,
    windows,
)
from campana.services.campaign_document import plan_of
from campana.services.context import Context
from campana.services.dispatch import SEND_DEADLINE
from campana.services.session_places import Ground
from campana.store import attempts, campaigns, due, owners, quotas, reports, targets
from campana.store import events as store_events
from campana.store.attempts import Attempt, CallFacts
from campana.store.db import Tx

_TALKED = frozenset({Disposition.COMPLETED, Disposition.TRANSFERRED, Disposition.HUNG_UP})
"""Outcomes of a conversation, of which its result may say more."""

SWEEP_MARGIN = timedelta(seconds=5)
"""Beyond the send deadline, before an open attempt of a dead owner is taken up."""


async def record(context: Context, *, attempt_id: UUID, event: AttemptEvent) -> None:
    """Keep an event and move the attempt as far as it takes it; never back, never twice.

    What was said in a call and asks for no more of them counts from this very commit on, not at
    the end of the call: another campaign may be about to write to them.
    """
    wants_no_more = event.detail.get("wish") == "opt_out"
    async with context.db.transaction() as tx:
        attempt = await attempts.lock(tx, attempt_id=attempt_id)
        if attempt is None:
            return
        if attempt.is_erased:
            event = bare(event)
        await attempts.add_event(
            tx, workspace_id=attempt.workspace_id, attempt_id=attempt_id, event=event
        )
        if wants_no_more:
            told = await end_events.suppress(
                tx,
                context,
                attempt,
                reason="asked for it in",
                source="call",
                now=context.clock.now(),
            )
            await store_events.add(tx, *told)
        state = apply(attempt.state, event.type)
        if state is not attempt.state and state.is_open:
            answered_at = event.at if event.type is EventType.ANSWERED else None
            await attempts.move(tx, attempt_id=attempt_id, state=state, answered_at=answered_at)
            if answered_at is not None:
                answered = events.of_attempt(
                    EventName.ATTEMPT_ANSWERED,
                    attempt,
                    at=answered_at,
                    state=state,
                    answered_at=answered_at,
                )
                await store_events.add(tx, answered)


async def settle(
    context: Context,
    *,
    attempt_id: UUID,
    disposition: Disposition,
    reason: str,
    facts: CallFacts | None = None,
    answered_at: datetime | None = None,
    callback_at: datetime | None = None,
    wait: timedelta | None = None,
) -> None:
    """End an attempt and decide about its target. Repeating it changes nothing.

    `reason` is for people, in a few words; `facts` is what is known of a call, when there was one;
    `callback_at` is when the person asked to be called back, if they did; before `wait` is over
    they are not tried again.
    """
    if disposition in _TALKED and facts is not None:
        disposition = RESULTS.get(facts.result or "", disposition)
    async with context.db.transaction() as tx:
        attempt = await attempts.lock(tx, attempt_id=attempt_id)
        if attempt is None or attempt.state is AttemptState.ENDED:
            return
        if attempt.state is AttemptState.UNKNOWN and disposition is Disposition.UNKNOWN:
            return
        if facts is not None and attempt.is_erased:
            # A worker that was believed dead comes back with a call of somebody erased meanwhile.
            facts = facts.bare()
            await recordings.have_removed(tx, attempt_id=attempt_id)
        if facts is not None:
            await attempts.describe_call(tx, attempt_id=attempt_id, facts=facts)
        await end(
            tx,
            context,
            attempt,
            disposition=disposition,
            reason=reason,
            answered_at=answered_at,
            callback_at=callback_at,
            talk_seconds=facts.talk_seconds if facts else None,
            wait=wait,
            saved=facts,
        )
        if disposition is Disposition.NOT_SENT:
            await quotas.give_back(tx, attempt_ids=[attempt_id])


async def sweep(context: Context) -> int:
    """Take up what dead owners left open; returns how many attempts that were.

    An owner is dead when its advisory lock can be taken. An intent nobody marked as sending never
    touched the network: its target is due again. Anything later may have: where the carrier can be
    asked it is to be asked (`inquiries`), else it is `unknown`.
    """
    before = context.clock.now() - SEND_DEADLINE - SWEEP_MARGIN
    async with context.db.read() as tx:
        suspects = await attempts.orphan_owners(tx, before=before)
        promised = await owners.promise_owners(tx)
    swept = 0
    for owner_id in sorted({*suspects, *promised}):
        async with context.db.transaction() as tx:
            if not await owners.is_gone(tx, owner_id=owner_id):
                continue
            await owners.forget_promises(tx, owner_id=owner_id)
            orphans = await attempts.open_of_owner(tx, owner_id=owner_id, before=before)
        for orphan in orphans:
            swept += await _sweep_one(context, orphan)
    return swept


async def sweep_own(
    context: Context, *, owner_id: int, in_hand: Callable[[], Iterable[UUID]]
) -> int:
    """Take up what a living owner left open and knows nothing of; returns how many that were.

    A commit whose answer never came may have been one: the claim is believed to have failed, its
    intents stand, and their owner lives. Nobody else may touch them, so their owner looks. What is
    this old cannot be sent any more, wherever in its work the owner is.

    Args:
        context: of the engine role.
        owner_id: the caller's own identity.
        in_hand: the attempts it is busy with, asked after the look.
    """
    before = context.clock.now() - SEND_DEADLINE - SWEEP_MARGIN
    async with context.db.read() as tx:
        standing = await attempts.open_of_owner(tx, owner_id=owner_id, before=before)
    known = frozenset(in_hand())
    swept = 0
    for attempt in standing:
        if attempt.id not in known:
            swept += await _sweep_one(context, attempt, is_own=True)
    return swept


async def _sweep_one(context: Context, orphan: Attempt, *, is_own: bool = False) -> bool:
    async with context.db.transaction() as tx:
        # Asked again for each: the owner must be gone in the transaction that acts on it.
        if not is_own and not await owners.is_gone(tx, owner_id=orphan.owner_id):
            return False
        attempt = await attempts.lock(tx, attempt_id=orphan.id)
        if attempt is None or not attempt.state.is_open or attempt.owner_id != orphan.owner_id:
            return False
        if attempt.sending_at is not None and attempt.ask_at is not None:
            return await reports.release(tx, attempt_id=attempt.id, ask_at=context.clock.now())
        never_sent = attempt.sending_at is None
        disposition = Disposition.NOT_SENT if never_sent else Disposition.UNKNOWN
        what = "lost sight of it" if is_own else "died"
        reason = f"its worker {what} {'before sending' if never_sent else 'during it'}"
        await end(tx, context, attempt, disposition=disposition, reason=reason)
        await quotas.give_back(tx, attempt_ids=[attempt.id])
    return True


async def end(
    tx: Tx,
    context: Context,
    attempt: Attempt,
    *,
    disposition: Disposition,
    reason: str,
    answered_at: datetime | None = None,
    callback_at: datetime | None = None,
    talk_seconds: float | None = None,
    wait: timedelta | None = None,
    saved: CallFacts | None = None,
) -> None:
    """Tell of the end of an attempt (held) and conclude it, in the caller's transaction."""
    now = context.clock.now()
    event = AttemptEvent(
        type=EventType.LOST if disposition is Disposition.UNKNOWN else EventType.ENDED,
        at=now,
        detail={
            "disposition": str(disposition),
            "reason": reason,
            **({"wait_seconds": wait.total_seconds()} if wait is not None else {}),
        },
    )
    if attempt.is_erased:
        event = bare(event)
    await attempts.add_event(
        tx, workspace_id=attempt.workspace_id, attempt_id=attempt.id, event=event
    )
    await conclude(
        tx,
        context,
        attempt,
        event=event,
        disposition=disposition,
        reason=reason,
        answered_at=answered_at,
        callback_at=callback_at,
        talk_seconds=talk_seconds,
        saved=saved,
        now=now,
    )


async def conclude(
    tx: Tx,
    context: Context,
    attempt: Attempt,
    *,
    event: AttemptEvent,
    disposition: Disposition,
    reason: str,
    answered_at: datetime | None,
    now: datetime,
    callback_at: datetime | None = None,
    talk_seconds: float | None = None,
    saved: CallFacts | None = None,
) -> None:
    """Close the attempt (held), whose end its history tells of already, and settle its target."""
    was_unknown = attempt.state is AttemptState.UNKNOWN
    state = apply(attempt.state, event.type)
    reason = str(disposition) if attempt.is_erased else reason
    await spending.settle(tx, attempt, disposition=disposition, talk_seconds=talk_seconds)
    closed = await attempts.close(
        tx,
        attempt_id=attempt.id,
        state=state,
        disposition=disposition,
        reason=reason,
        ended_at=now,
        answered_at=answered_at,
    )
    if not closed:
        return
    told = await end_events.told_of_end(
        tx,
        context,
        attempt,
        state=state,
        disposition=disposition,
        reason=reason,
        answered_at=answered_at,
        now=now,
    )
    if attempt.target_id is None or attempt.campaign_id is None:
        await answering.follow(tx, attempt_id=attempt.id, disposition=disposition, now=now)
        await store_events.add(tx, *told)
        return
    was_told_of = was_unknown and disposition is not Disposition.NOT_SENT
    if was_told_of:
        told += await _corrected(
            tx, attempt, attempt.target_id, disposition=disposition, reason=reason, now=now
        )
    if was_told_of or attempt.session_id is not None:
        await store_events.add(tx, *told)
        await _tell_flow(
            tx, context, attempt, disposition=disposition, reason=reason, saved=saved, now=now
        )
        return
    # Of an unknown attempt that turns out never to have been sent nothing reached anybody.
    campaign, document = await campaigns.share_state(tx, campaign_id=attempt.campaign_id, now=now)
    of_channel = await due.channel_window(tx, campaign_id=attempt.campaign_id)
    plan = plan_of(document, channel_window=of_channel)
    decision = cadence.decide(
        plan.cadence,
        disposition=disposition,
        history=await targets.history(tx, target_id=attempt.target_id),
        hours=cadence.Hours(
            window=plan.window, zones=await targets.zones(tx, target_id=attempt.target_id)
        ),
        callback_at=callback_at,
        now=now,
    )
    if STATUS_OF[campaign] is CampaignStatus.COMPLETED and not isinstance(decision, cadence.Finish):
        decision = cadence.Finish(disposition=_when_over(campaign, disposition))
    if isinstance(decision, cadence.NextAddress):
        moved = await next_address.go_on(tx, target_id=attempt.target_id)
        decision = cadence.RetryAt(when=now) if moved else cadence.Finish(disposition=disposition)
    wait_seconds = float(event.detail.get("wait_seconds") or 0)
    match decision:
        case cadence.RetryAt(when=when, priority=priority):
            window_key = await targets.wait_again(
                tx,
                target_id=attempt.target_id,
                due_at=max(when, now + timedelta(seconds=wait_seconds)),
                reason=str(disposition),
                priority=priority,
            )
            if window_key is not None:
                await windows.open_key(
                    tx,
                    context,
                    campaign_id=attempt.campaign_id,
                    workspace_id=attempt.workspace_id,
                    document=document,
                    window_key=window_key,
                )
        case cadence.Finish(disposition=final):
            finished = await targets.finish(
                tx, target_id=attempt.target_id, disposition=final, reason=reason, now=now
            )
            told += events.of_target(EventName.TARGET_FINISHED, finished, at=now)
    await store_events.add(tx, *told)


async def _corrected(
    tx: Tx,
    attempt: Attempt,
    target_id: int,
    *,
    disposition: Disposition,
    reason: str,
    now: datetime,
) -> list[NewEvent]:
    """What was unknown is known: of the target too, if that is what it had become."""
    corrected = await targets.correct(
        tx,
        target_id=target_id,
        attempt_no=attempt.attempt_no,
        disposition=disposition,
        reason=reason,
        now=now,
    )
    return events.of_target(EventName.TARGET_CORRECTED, corrected, at=now)


async def _tell_flow(
    tx: Tx,
    context: Context,
    attempt: Attempt,
    *,
    disposition: Disposition,
    reason: str,
    saved: CallFacts | None,
    now: datetime,
) -> None:
    """What follows an attempt of a flow's is the flow's to say; of no other anything follows."""
    if attempt.session_id is None or attempt.campaign_id is None:
        return
    state, document = await campaigns.share_state(tx, campaign_id=attempt.campaign_id, now=now)
    await flow_outcomes.ended(
        tx,
        context,
        attempt,
        disposition=disposition,
        reason=reason,
        plan=plan_of(document),
        ground=Ground(campaign_id=attempt.campaign_id, state=state, document=document),
        result=saved.result if saved else None,
        answers=dict(saved.saved) if saved else None,
    )


def _when_over(campaign: CampaignState, disposition: Disposition) -> Disposition:
    """What a target becomes that would wait; one never sent shares the fate of those who do."""
    if disposition is not Disposition.NOT_SENT:
        return disposition
    is_expired = campaign is CampaignState.EXPIRED
    return Disposition.EXPIRED if is_expired else Disposition.CANCELLED
