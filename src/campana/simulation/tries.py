"""Judge the cadence of a simulation: how often somebody was tried, how long after, at which number,
and whether who asked to be called again was, at that time and before the others.

Only the campaign's document and the carrier's own log are asked.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from campana.simulation.carrier import Sent
from campana.simulation.evidence import ALWAYS, Evidence
from campana.simulation.rules import counted
from campana.store.checks import AttemptRow, TargetRow

_DELAYED = {"busy", "no_answer", "congestion", "carrier_error"}
"""Outcomes with a number of tries and a delay."""
_ASKED = "callback_request"
_REPEATED = {*_DELAYED, _ASKED}
_NOTICED = timedelta(seconds=8)
"""How long a worker may go on with what it has seen waiting."""


def broken(evidence: Evidence) -> Iterator[str]:
    """What was against a campaign's cadence, in words."""
    yield from _too_often(evidence)
    yield from _given_up(evidence)
    yield from _too_soon(evidence)
    yield from _elsewhere(evidence)
    yield from _behind_others(evidence)


def _too_often(evidence: Evidence) -> Iterator[str]:
    """Since a person asked to try again, where one did. Whoever asks to be called again is, however
    often they were tried."""
    left = {sent.attempt_id: sent.left_at for sent in evidence.sent}
    for rows in _tries(evidence):
        ended: Counter[tuple[int, str, str]] = Counter()
        made: Counter[int] = Counter()
        before: AttemptRow | None = None
        for row in rows:
            campaign_id = row.campaign_id
            asked = [each for each in evidence.reopened if each.campaign_id == campaign_id]
            times = sum(each.since <= left[row.id] for each in asked)
            most = evidence.cadence(campaign_id).get("maxAttempts", len(rows))
            if made[times] >= most and (before is None or before.disposition != _ASKED):
                yield f"too often: target {row.target_id} was tried {made[times] + 1} times"
            made[times] += 1
            before, outcome = row, row.disposition or ""
            ended[times, row.address, outcome] += 1
            count = ended[times, row.address, outcome]
            most = evidence.rule(campaign_id, outcome).get("attempts", count)
            if outcome in _REPEATED and count > most:
                yield f"too often: target {row.target_id} was {outcome} {count} times"


def _given_up(evidence: Evidence) -> Iterator[str]:
    """Nobody is given up who was not tried as often as the campaign says, unless it is over."""
    if evidence.steps:
        return
    tries = {rows[0].target_id: rows for rows in _tries(evidence)}
    reopened = {each.campaign_id for each in evidence.reopened}
    for target in evidence.targets:
        rows = tries.get(target.id, ())
        if not rows or target.campaign_id in reopened or any(row.was_lost for row in rows):
            continue
        if _may_be_given_up(evidence, target, rows):
            continue
        yield f"given up: target {target.id} is {target.disposition} after {len(rows)} tries"


def _may_be_given_up(evidence: Evidence, target: TargetRow, rows: Sequence[AttemptRow]) -> bool:
    last, outcome = rows[-1], target.disposition
    if outcome not in _REPEATED or last.disposition != outcome:
        return True
    rule = evidence.rule(target.campaign_id, outcome)
    same = sum((row.address, row.disposition) == (last.address, outcome) for row in rows)
    if same >= rule.get("attempts", same):
        return True
    most = evidence.cadence(target.campaign_id).get("maxAttempts", len(rows))
    return _is_over(evidence, last) or (outcome != _ASKED and len(rows) >= most)


def _is_over(evidence: Evidence, last: AttemptRow) -> bool:
    """Was the campaign, or about to be, when this ended?"""
    if last.ended_at is None:
        return True
    ends = evidence.documents[last.campaign_id].get("endDate")
    if ends is not None and last.ended_at >= datetime.fromisoformat(ends) - _NOTICED:
        return True
    return any(
        stop.campaign_id == last.campaign_id
        and stop.until == ALWAYS
        and last.ended_at >= stop.since - _NOTICED
        for stop in evidence.stops
    )


def _too_soon(evidence: Evidence) -> Iterator[str]:
    """From the end at the carrier to the next try, or to the time they asked for, by a clock that
    nobody touched."""
    if evidence.steps:
        return
    sent = {each.attempt_id: each for each in evidence.sent}
    for rows in _tries(evidence):
        for before, after in pairwise(rows):
            earliest = _earliest(evidence, sent[before.id], before)
            if before.address != after.address or earliest is None:
                continue
            if evidence.is_reopened(
                before.campaign_id,
                None,
                after=sent[before.id].at,
                before=sent[after.id].left_at,
            ):
                continue
            if sent[after.id].left_at < earliest:
                yield (
                    f"too soon: target {after.target_id} was tried at {sent[after.id].left_at}, "
                    f"{before.disposition} at {sent[before.id].ends_at} and not before {earliest}"
                )


def _earliest(evidence: Evidence, sent: Sent, row: AttemptRow) -> datetime | None:
    """When somebody may be tried again at the soonest; None: whenever."""
    if row.disposition == _ASKED:
        return sent.callback_at
    rule = evidence.rule(row.campaign_id, row.disposition)
    if row.disposition not in _DELAYED or not rule:
        return None
    return sent.ends_at + timedelta(seconds=rule["delaySeconds"])


def _elsewhere(evidence: Evidence) -> Iterator[str]:
    """Another number is tried where the campaign says so, and none that was given up again."""
    for rows in _tries(evidence):
        given_up: set[str] = set()
        for before, after in pairwise(rows):
            if after.address == before.address:
                continue
            given_up.add(before.address)
            said = before.disposition
            if after.address in given_up or not evidence.goes_elsewhere(after.campaign_id, said):
                yield f"elsewhere: {after.address} was tried after {before.address} was {said}"


def _behind_others(evidence: Evidence) -> Iterator[str]:
    """Once the time has come that somebody asked for, nobody of the same campaign and the same
    hours comes before them who did not ask.

    Only where nothing else can have kept them waiting.
    """
    if evidence.steps or len(evidence.documents) > 1:
        return
    [(campaign_id, document)] = evidence.documents.items()
    if document.get("caps") or document.get("requireConsent"):
        return
    if any(each.campaign_id == campaign_id for each in evidence.reopened):
        return
    by_target: dict[int, list[AttemptRow]] = defaultdict(list)
    for row in sorted(evidence.attempts, key=lambda each: each.attempt_no):
        by_target[row.target_id].append(row)
    ordinary = [
        each for rows in by_target.values() for each, asked in _with_asked(rows) if not asked
    ]
    for since, after in _asked_for(evidence, by_target.values()):
        for other in ordinary:
            is_alike = other.zones == after.zones and other.target_id != after.target_id
            if is_alike and since + _NOTICED < other.created_at < after.created_at:
                yield (
                    f"behind: target {other.target_id} was claimed at {other.created_at}, and "
                    f"{after.target_id}, who had asked for {since}, at {after.created_at}"
                )


def _asked_for(
    evidence: Evidence, targets: Iterable[Sequence[AttemptRow]]
) -> Iterator[tuple[datetime, AttemptRow]]:
    """Since when somebody could be called again who asked for it, and the attempt at it."""
    sent = {each.attempt_id: each for each in evidence.sent}
    for rows in targets:
        for before, after in pairwise(rows):
            known = sent.get(before.id)
            if known is None or known.callback_at is None or before.was_lost:
                continue
            if before.disposition == _ASKED and before.ended_at is not None:
                yield max(known.callback_at, before.ended_at), after


def _with_asked(rows: Sequence[AttemptRow]) -> Iterator[tuple[AttemptRow, bool]]:
    """Each attempt of a target, and whether the person had asked for it."""
    was_asked = False
    for row in rows:
        yield row, was_asked
        if row.disposition != "not_sent":
            was_asked = row.disposition == _ASKED


def _tries(evidence: Evidence) -> Iterable[Sequence[AttemptRow]]:
    """What was sent of each target and counts, in order."""
    sent = {each.attempt_id for each in evidence.sent}
    tries: dict[int, list[AttemptRow]] = defaultdict(list)
    for row in sorted(counted(evidence), key=lambda each: each.attempt_no):
        if row.id in sent:
            tries[row.target_id].append(row)
    return tries.values()
