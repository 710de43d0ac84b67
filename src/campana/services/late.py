"""Late start: after an outage nobody is called hours after their turn unless a person says so.

While any work process lives, every running campaign is looked at each minute (`watched_at`). When
it was not for longer than its `runIfWithin`, nothing is claimed from it until it has been looked at
again; and if somebody could have been called longer ago than that (due, window open, nobody there),
it is tripped. People who merely waited for their window, for pacing or
for a retry missed nothing: their turn had not come, or the campaign was being watched.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from campana.domain.target import zones_of
from campana.domain.window import next_open
from campana.services import key_hours, tripping
from campana.services.campaign_document import plan_of
from campana.services.context import Context
from campana.store import due, watches

LATE_START = "nobody was there for longer than runIfWithin to contact those whose turn had come"


def is_unwatched(*, watched_at: datetime, run_if_within: timedelta, now: datetime) -> bool:
    """Was nobody there for so long that somebody has to look before anybody is called?"""
    return now - watched_at > run_if_within


async def look(context: Context, *, campaign_id: str) -> bool:
    """Look at a running campaign (engine role): False when it was too late, and is tripped."""
    now = context.clock.now()
    async with context.db.transaction() as tx:
        watch = await watches.get(tx, campaign_id=campaign_id)
        if watch is None:
            return False
        plan = plan_of(watch.document)
        missed = False
        if is_unwatched(watched_at=watch.watched_at, run_if_within=plan.run_if_within, now=now):
            latest_turn = now - plan.run_if_within
            since = max(watch.watched_at, watch.start_date or watch.watched_at)
            firsts = await due.firsts(tx, campaign_id=campaign_id)
            hours = await key_hours.hours_under(
                tx,
                campaign_id=campaign_id,
                document=watch.document,
                keys=[each.window_key for each in firsts],
            )
            for first in firsts:
                window = hours[first.window_key]
                turn = next_open(window, zones_of(first.window_key), max(first.due_at, since))
                missed = missed or (turn is not None and turn < latest_turn)
        if not missed:
            await watches.set_watched(
                tx, campaign_id=campaign_id, workspace_id=watch.workspace_id, now=now
            )
    if missed:
        await tripping.trip(context, campaign_id=campaign_id, reason=LATE_START)
    return not missed
