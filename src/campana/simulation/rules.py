"""Judge whether a simulation kept to its rules: hours, pace, lines, quotas, caps, budgets, and what
people have forbidden meanwhile. `tries.py` judges the cadence.

Nothing of the rules' own code is asked: hours are read from the document and the zone database
here, once more.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from campana.domain.disposition import Disposition
from campana.simulation.evidence import Evidence
from campana.store.checks import AttemptRow

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAYS = {"US": frozenset({"2026-07-03", "2026-07-04"})}
"""Of the days that trials are on."""
PRICE = 1
"""Of each try, where a campaign has a budget."""

_WINDOW = timedelta(seconds=1.05)
_MINUTE = timedelta(seconds=60)
_LATE = timedelta(seconds=0.5)
"""From the gate's look to the packet: the send deadline."""


def broken(evidence: Evidence) -> Iterator[str]:
    """What was against a rule, in words."""
    yield from _outside_hours(evidence)
    yield from _too_near_the_end(evidence)
    yield from _too_fast(evidence)
    yield from _too_many_lines(evidence)
    yield from _stopped(evidence)
    yield from _barred(evidence)
    yield from _over_caps(evidence)
    yield from _over_quotas(evidence)
    yield from _over_budget(evidence)


def _outside_hours(evidence: Evidence) -> Iterator[str]:
    rows = {row.id: row for row in evidence.attempts}
    for sent in evidence.sent:
        row = rows.get(sent.attempt_id)
        if row is None or evidence.is_astray(sent.left_at):
            continue
        document = evidence.documents[row.campaign_id]
        hours: Mapping[str, Any] = document.get("window") or {}
        for zone in row.zones:
            moments = [sent.shown_at, sent.shown_at - _LATE]
            if not any(is_open(hours, zone, moment) for moment in moments):
                yield f"outside: {sent.to} was contacted at {sent.shown_at} in {zone}"
        ends = document.get("endDate")
        if ends is not None and sent.shown_at >= datetime.fromisoformat(ends):
            yield f"outside: {sent.to} was contacted at {sent.shown_at}, after the end {ends}"


def _too_near_the_end(evidence: Evidence) -> Iterator[str]:
    """Nobody is decided on so shortly before an end date that they may be contacted after it."""
    if evidence.steps:
        return
    for row in evidence.attempts:
        ends = evidence.documents[row.campaign_id].get("endDate")
        since = evidence.ends_since.get(row.campaign_id)
        if ends is None or (since is not None and row.created_at <= since):
            continue
        if row.created_at > datetime.fromisoformat(ends) - _LATE:
            yield f"outside: {row.id} was decided at {row.created_at}, just before the end {ends}"


def is_open(hours: Mapping[str, Any], zone: str, moment: datetime) -> bool:
    """Whether somebody in `zone` may be contacted, by the hours of a document."""
    local = moment.astimezone(ZoneInfo(zone))
    day = local.date().isoformat()
    if day in hours.get("closedDates", ()):
        return False
    if any(day in HOLIDAYS[place] for place in hours.get("holidays", ())):
        return False
    clock = local.strftime("%H:%M")
    return any(
        span["from"] <= clock < span["to"] for span in hours.get(WEEKDAYS[local.weekday()], [])
    )


def _too_fast(evidence: Evidence) -> Iterator[str]:
    for limits in evidence.limits:
        left = [s.left_at for s in evidence.sent if limits.since < s.left_at < limits.until]
        yield from _faster(evidence, left, rate=limits.rate)
    campaign_of = _campaigns(evidence)
    for campaign_id, document in evidence.documents.items():
        rate = _pacing(document).get("rate")
        if rate is not None:
            left = [
                s.left_at for s in evidence.sent if campaign_of.get(s.attempt_id) == campaign_id
            ]
            yield from _faster(evidence, left, rate=rate)


def _faster(evidence: Evidence, moments: Sequence[datetime], *, rate: float) -> Iterator[str]:
    """More at once than the rate and one, or more in a minute than it and what may be late."""
    left = sorted(moments)
    for window, most in ((_WINDOW, math.ceil(rate) + 1), (_MINUTE, math.ceil(60 * rate) + 2)):
        for first, last in zip(left, left[most:], strict=False):
            if last - first <= window and not _is_stepped(evidence, first, last):
                yield f"too fast: more than {most} sends within {window} from {first}"


def _is_stepped(evidence: Evidence, first: datetime, last: datetime) -> bool:
    """Was the clock put forward in between? A grant reaches into the future of the old one."""
    return any(first - _MINUTE <= step <= last for step in evidence.steps)


def _too_many_lines(evidence: Evidence) -> Iterator[str]:
    campaign_of = _campaigns(evidence)
    taken = [sent for sent in evidence.sent if sent.is_taken]
    for sent in evidence.sent:
        at_once = [s for s in taken if s.at <= sent.left_at < s.ends_at]
        for limits in evidence.limits:
            if limits.since < sent.left_at < limits.until and len(at_once) > limits.lines:
                yield f"too many: {len(at_once)} lines in use at {sent.left_at}"
        campaign_id = campaign_of.get(sent.attempt_id, "")
        own = sum(campaign_of.get(s.attempt_id) == campaign_id for s in at_once)
        if own > _pacing(evidence.documents.get(campaign_id, {})).get("lines", own):
            yield f"too many: {own} lines of {campaign_id} in use at {sent.left_at}"


def _stopped(evidence: Evidence) -> Iterator[str]:
    campaign_of = _campaigns(evidence)
    for stop in evidence.stops:
        for sent in evidence.sent:
            is_meant = stop.campaign_id in {None, campaign_of.get(sent.attempt_id)}
            if is_meant and stop.since < sent.left_at < stop.until:
                yield f"stopped: {sent.to} was contacted at {sent.left_at}, stopped at {stop.since}"


def _barred(evidence: Evidence) -> Iterator[str]:
    campaign_of = _campaigns(evidence)
    for barred in evidence.barred:
        for sent in evidence.sent:
            is_meant = barred.campaign_id in {None, campaign_of.get(sent.attempt_id)}
            if barred.is_expiry:
                is_late = sent.shown_at > barred.since and not evidence.is_astray(sent.left_at)
            else:
                is_late = sent.left_at > barred.since
            if is_meant and sent.to == barred.address and is_late:
                yield f"barred: {sent.to} was contacted at {sent.left_at}, barred at {barred.since}"


def _over_caps(evidence: Evidence) -> Iterator[str]:
    if evidence.steps:
        # The times attempts were made at are those of a clock that jumped.
        return
    made: dict[str | int, list[datetime]] = defaultdict(list)
    for row in counted(evidence):
        made[row.address].append(row.created_at)
        made[row.contact_id].append(row.created_at)
    for row in counted(evidence):
        for cap in evidence.documents[row.campaign_id].get("caps", ()):
            since = row.created_at - timedelta(days=cap["days"])
            whose = row.address if cap["per"] == "number" else row.contact_id
            count = sum(since < each <= row.created_at for each in made[whose])
            if count > cap["attempts"]:
                yield f"over the cap: {row.address} was tried {count} times by {row.created_at}"


def _over_quotas(evidence: Evidence) -> Iterator[str]:
    """Of days in UTC, by the clock that claims went by."""
    if evidence.steps:
        return
    all_of: Counter[object] = Counter()
    own: Counter[tuple[str, object]] = Counter()
    for row in counted(evidence):
        all_of[row.created_at.date()] += 1
        own[row.campaign_id, row.created_at.date()] += 1
    for day, count in all_of.items():
        if evidence.daily is not None and count > evidence.daily:
            yield f"over the quota: {count} attempts of the channel on {day}"
    for (campaign_id, day), count in own.items():
        daily = _pacing(evidence.documents[campaign_id]).get("dailyAttempts", count)
        if count > daily:
            yield f"over the quota: {count} attempts of {campaign_id} on {day}"


def _over_budget(evidence: Evidence) -> Iterator[str]:
    tries = Counter(row.campaign_id for row in counted(evidence))
    for campaign_id, document in evidence.documents.items():
        most = document.get("spendLimit")
        if most is not None and tries[campaign_id] * PRICE > most:
            yield f"over the budget: {campaign_id} tried {tries[campaign_id]} times for {most}"


def counted(evidence: Evidence) -> list[AttemptRow]:
    """Attempts that came to something, as far as the ledger knows."""
    return [row for row in evidence.attempts if row.disposition != Disposition.NOT_SENT]


def _pacing(document: Mapping[str, Any]) -> Mapping[str, Any]:
    return document.get("pacing") or {}


def _campaigns(evidence: Evidence) -> Mapping[UUID, str]:
    return {row.id: row.campaign_id for row in evidence.attempts}
