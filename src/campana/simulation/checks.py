"""Judge a simulation by what arrived at the carrier and what stands in the ledger.

The judge asks none of the rules it judges: hours are read from the document and the zone database
here, once more.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from campana.domain.disposition import FINALITY, Disposition, Finality
from campana.simulation.carrier import Sent
from campana.store.checks import AttemptRow, TargetRow

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = timedelta(seconds=1.05)
_LATE = timedelta(seconds=0.5)
"""From the gate's look to the packet: the send deadline."""
_CLOCK_LAG = timedelta(seconds=7)
"""How long a process may go by what the clock showed before it was put forward or back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known of a simulation."""

    sent: Sequence[Sent]
    attempts: Sequence[AttemptRow]
    targets: Sequence[TargetRow]
    documents: Mapping[str, Mapping[str, Any]]
    """Of campaigns, by id."""
    rate: float
    lines: int
    pauses: Sequence[tuple[datetime, datetime, str]]
    """From the answer to a pause to the asking for its end, of a campaign."""
    steps: Sequence[datetime]
    """When the database's clock was put forward or back."""
    is_over: bool


def violations(evidence: Evidence) -> list[str]:
    """What was promised and not kept, in words; nothing when all was well."""
    return [
        *_lost(evidence),
        *_twice(evidence),
        *_untrue(evidence),
        *_outside_hours(evidence),
        *_too_fast(evidence),
        *_paused(evidence),
        *_too_often(evidence),
        *_over_caps(evidence),
    ]


def _lost(evidence: Evidence) -> Iterator[str]:
    for target in evidence.targets:
        is_whole = (
            (target.state == "waiting") == target.is_due
            and int(target.state == "attempting") == target.open_attempts
            and (target.state == "finished") == (target.disposition is not None)
            and target.attempt_count == target.attempts_made
        )
        if not is_whole:
            yield f"lost: {target}"
    if not evidence.is_over:
        states = Counter(target.state for target in evidence.targets)
        yield f"lost: still not over at the end: {dict(states)}"


def _twice(evidence: Evidence) -> Iterator[str]:
    for attempt_id, count in Counter(sent.attempt_id for sent in evidence.sent).items():
        if count > 1:
            yield f"twice: attempt {attempt_id} was sent {count} times"
    by_person: dict[str, list[Sent]] = defaultdict(list)
    for sent in evidence.sent:
        if sent.is_taken:
            by_person[sent.to].append(sent)
    campaign_of = {row.id: row.campaign_id for row in evidence.attempts}
    for to, sends in by_person.items():
        for before, after in pairwise(sorted(sends, key=lambda each: each.at)):
            if after.at < before.ends_at:
                yield f"twice: {to} was contacted at {after.at} during {before.attempt_id}"
            is_same = campaign_of.get(before.attempt_id) == campaign_of.get(after.attempt_id)
            if is_same and not _may_repeat(before.outcome):
                yield f"twice: {to} was contacted again at {after.at} after {before.outcome}"


def _may_repeat(outcome: Disposition | None) -> bool:
    return outcome is None or FINALITY[outcome] is Finality.RETRY


def _untrue(evidence: Evidence) -> Iterator[str]:
    """What the ledger says of an attempt is what the carrier did with it, or that nobody knows.

    A carrier that is too slow with its answer is not believed; how many may end as unknown is
    judged apart.
    """
    sent = {each.attempt_id: each for each in evidence.sent}
    for attempt_id in sent.keys() - {row.id for row in evidence.attempts}:
        yield f"untrue: {attempt_id} was sent and stands nowhere"
    for row in evidence.attempts:
        if row.state not in {"ended", "unknown"}:
            continue
        known = sent.get(row.id)
        said = row.disposition
        if said == Disposition.UNKNOWN:
            continue
        if known is None:
            if said != Disposition.NOT_SENT:
                yield f"untrue: {row.id} was never sent and is {said}"
        elif known.is_taken:
            if said != known.outcome:
                yield f"untrue: {row.id} ended as {known.outcome} and is {said}"
        elif said not in {"not_sent", "carrier_error", "congestion"}:
            yield f"untrue: {row.id} was not taken and is {said}"


def _outside_hours(evidence: Evidence) -> Iterator[str]:
    rows = {row.id: row for row in evidence.attempts}
    for sent in evidence.sent:
        row = rows.get(sent.attempt_id)
        if row is None:
            continue
        hours: Mapping[str, Any] = evidence.documents[row.campaign_id].get("window") or {}
        for zone in row.zones:
            moments = [sent.shown_at, sent.shown_at - _LATE]
            if any(step <= sent.left_at <= step + _CLOCK_LAG for step in evidence.steps):
                continue
            if not any(is_open(hours, zone, moment) for moment in moments):
                yield f"outside: {sent.to} was contacted at {sent.shown_at} in {zone}"


def is_open(hours: Mapping[str, Any], zone: str, moment: datetime) -> bool:
    """Whether somebody in `zone` may be contacted, by the hours of a document."""
    local = moment.astimezone(ZoneInfo(zone))
    if local.date().isoformat() in hours.get("closedDates", ()):
        return False
    clock = local.strftime("%H:%M")
    return any(
        span["from"] <= clock < span["to"] for span in hours.get(WEEKDAYS[local.weekday()], [])
    )


def _too_fast(evidence: Evidence) -> Iterator[str]:
    left = sorted(sent.left_at for sent in evidence.sent)
    most = math.ceil(evidence.rate) + 1
    for first, last in zip(left, left[most:], strict=False):
        if last - first <= _WINDOW:
            yield f"too fast: more than {most} sends within {_WINDOW} from {first}"
    for moment in left:
        at_once = [s for s in evidence.sent if s.is_taken and s.at <= moment < s.ends_at]
        if len(at_once) > evidence.lines:
            yield f"too many: {len(at_once)} lines in use at {moment}"


def _paused(evidence: Evidence) -> Iterator[str]:
    campaign_of: Mapping[UUID, str] = {row.id: row.campaign_id for row in evidence.attempts}
    for begun, ended, campaign_id in evidence.pauses:
        for sent in evidence.sent:
            if campaign_of.get(sent.attempt_id) == campaign_id and begun < sent.left_at < ended:
                yield f"paused: {sent.to} was contacted at {sent.left_at}, paused since {begun}"


def _too_often(evidence: Evidence) -> Iterator[str]:
    ended: dict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    for row in evidence.attempts:
        if row.disposition not in {None, "not_sent"}:
            ended[row.campaign_id, row.target_id][str(row.disposition)] += 1
    names = {
        "busy": "busy",
        "noAnswer": "no_answer",
        "congestion": "congestion",
        "carrierError": "carrier_error",
    }
    for (campaign_id, target_id), counts in ended.items():
        cadence: Mapping[str, Any] = evidence.documents[campaign_id].get("cadence") or {}
        if counts.total() > cadence.get("maxAttempts", counts.total()):
            yield f"too often: target {target_id} was tried {counts.total()} times"
        for written, outcome in names.items():
            rule = cadence.get(written)
            if rule is not None and counts[outcome] > rule["attempts"]:
                yield f"too often: target {target_id} was {outcome} {counts[outcome]} times"


def _over_caps(evidence: Evidence) -> Iterator[str]:
    """Made-up people have one number each, so caps per contact are caps per number here."""
    if evidence.steps:
        # The times attempts were made at are those of a clock that jumped.
        return
    made: dict[str, list[datetime]] = defaultdict(list)
    for row in evidence.attempts:
        if row.disposition != Disposition.NOT_SENT:
            made[row.address].append(row.created_at)
    for row in evidence.attempts:
        if row.disposition == Disposition.NOT_SENT:
            continue
        for cap in evidence.documents[row.campaign_id].get("caps", ()):
            since = row.created_at - timedelta(days=cap["days"])
            count = sum(since < each <= row.created_at for each in made[row.address])
            if count > cap["attempts"]:
                yield f"over the cap: {row.address} was tried {count} times by {row.created_at}"
