"""What became of sends that carriers took: many at once, and as a rule in one round trip.

Where the answer is also the end (`Accepted.reports`), and an end nobody is tried again after, the
attempt, its target, its history and its events are written by one statement that applies only to
attempts that are still as their sender left them. Whatever is not so plain goes the way that every
report of a carrier goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from campana.carriers.base import Accepted, Report
from campana.domain import cadence
from campana.domain.attempt import EventType
from campana.domain.disposition import Disposition
from campana.services import flow_outcomes, reports, sent_events
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.store import named_reports, sending
from campana.store import reports as store
from campana.store.reports import Taken, Told
from campana.store.sending import Ending


class Answer(Struct, frozen=True, kw_only=True, gc=False):
    """What a carrier said to a send, and how long from then on it may say no more unasked."""

    intent: Claimed
    accepted: Accepted
    ask_after: timedelta


async def store_answers(context: Context, answers: Sequence[Answer], *, owner_id: int) -> None:
    """Write down what carriers said to the sends of one owner. Repeating it changes nothing.

    Raises:
        Unavailable: the database does not answer.
    """
    now = context.clock.now()
    plain = [
        (answer, answer.accepted.reports[0])
        for answer in answers
        if len(answer.accepted.reports) == 1 and _is_plain_end(answer.accepted.reports[0])
    ]
    quick = {answer.intent.attempt_id for answer, _ in plain}
    slow = {answer.intent.attempt_id for answer in answers} - quick
    if plain:
        endings = [_ending(answer, report, now=now) for answer, report in plain]
        # One statement that is its own transaction: nothing else is to be decided.
        async with context.db.glance() as tx:
            slow |= await sending.finish_all(tx, owner_id=owner_id, endings=endings, now=now)
    rest = [answer for answer in answers if answer.intent.attempt_id in slow]
    if rest:
        async with context.db.transaction() as tx:
            await store.accept(tx, taken=[_taken(answer, now) for answer in rest], now=now)
            await named_reports.add_refs(tx, refs=_refs(rest), now=now)
            told = [_told(answer, report) for answer in rest for report in answer.accepted.reports]
            await reports.apply_told(tx, context, told)
            talks = [each.intent.attempt_id for each in rest if each.intent.message is not None]
            if talks:
                await flow_outcomes.accepted(tx, context, talks)


def _is_plain_end(report: Report) -> bool:
    """Does it end the attempt so that nothing is left to decide about the target?"""
    detail = report.event.detail
    return (
        report.event.type is EventType.ENDED
        and cadence.is_last(Disposition(str(detail["disposition"])))
        and not detail.get("answered_at")
    )


def _ending(answer: Answer, report: Report, *, now: datetime) -> Ending:
    intent, event = answer.intent, report.event
    disposition = Disposition(str(event.detail["disposition"]))
    reason = reports.reason_of(event)
    detail = dict(event.detail)
    if answer.accepted.ref is not None:
        detail["ref"] = answer.accepted.ref
    return Ending(
        attempt_id=intent.attempt_id,
        workspace_id=intent.workspace_id,
        campaign_id=intent.campaign_id,
        key=report.key,
        at=event.at,
        detail=msgspec.json.encode(detail).decode(),
        disposition=disposition,
        reason=reason,
        attempt_event=sent_events.ended(
            intent, ended_at=now, disposition=disposition, reason=reason
        ),
        target_event=sent_events.finished(intent, at=now, disposition=disposition, reason=reason),
    )


def _refs(answers: Sequence[Answer]) -> list[tuple[UUID, Sequence[str]]]:
    """What carriers that report by names of their own call these."""
    return [(each.intent.attempt_id, each.accepted.refs) for each in answers if each.accepted.refs]


def _taken(answer: Answer, now: datetime) -> Taken:
    return Taken(
        attempt_id=answer.intent.attempt_id,
        ref=answer.accepted.ref,
        ask_at=now + answer.ask_after,
    )


def _told(answer: Answer, report: Report) -> Told:
    return Told(
        channel_id=answer.intent.channel_id,
        attempt_id=report.attempt_id,
        key=report.key,
        event=report.event,
    )
