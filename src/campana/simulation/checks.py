"""Judge a simulation by what arrived at the carrier and what stands in the ledger: nobody twice,
nobody lost, nothing untrue and nothing untold. `rules.py` judges the rules.

The judge asks none of the code it judges.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from campana.domain.disposition import FINALITY, Disposition, Finality
from campana.domain.ids import attempt_text, numbered
from campana.simulation import rules
from campana.simulation.carrier import Sent
from campana.simulation.evidence import Evidence

_DEADLINE = timedelta(seconds=0.5)
"""From the claim's look at the world to the packet."""
_TOLD_AS_A_NUMBER = frozenset({Disposition.CANCELLED, Disposition.EXPIRED})
"""Ends of all who waited at once, of which only how many there were is told."""


def violations(evidence: Evidence) -> list[str]:
    """What was promised and not kept, in words; nothing when all was well."""
    return [
        *_lost(evidence),
        *_twice(evidence),
        *_untrue(evidence),
        *_misread(evidence),
        *_untimely(evidence),
        *_untold(evidence),
        *rules.broken(evidence),
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
    rows = {row.id: row for row in evidence.attempts}
    for to, sends in by_person.items():
        for before, after in pairwise(sorted(sends, key=lambda each: each.at)):
            if after.at < before.ends_at:
                yield f"twice: {to} was contacted at {after.at} during {before.attempt_id}"
        for before, after in pairwise(sorted(sends, key=lambda each: each.at)):
            one, other = rows.get(before.attempt_id), rows.get(after.attempt_id)
            is_same = one and other and one.campaign_id == other.campaign_id
            if is_same and not _may_repeat(before.outcome):
                yield f"twice: {to} was contacted again at {after.at} after {before.outcome}"
    yield from _after_unknown(evidence)


def _after_unknown(evidence: Evidence) -> Iterator[str]:
    """Whose fate was unknown only a person reopens, and here nobody does."""
    lost_at = {row.target_id: row.attempt_no for row in evidence.attempts if row.was_lost}
    for row in evidence.attempts:
        if row.attempt_no > lost_at.get(row.target_id, row.attempt_no):
            yield f"twice: target {row.target_id} was tried again, its fate unknown"


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


def _misread(evidence: Evidence) -> Iterator[str]:
    """An end after which nobody is tried again is the target's own."""
    last = {row.target_id: row for row in sorted(evidence.attempts, key=lambda a: a.attempt_no)}
    for target in evidence.targets:
        said = last[target.id].disposition if target.id in last else None
        if said is not None and not _may_repeat(Disposition(said)) and target.disposition != said:
            yield f"untrue: target {target.id} is {target.disposition}, and its last try {said}"


def _untimely(evidence: Evidence) -> Iterator[str]:
    """An intent leaves within its deadline or never: what was decided before may not hold."""
    rows = {row.id: row for row in evidence.attempts}
    for sent in evidence.sent:
        row = rows.get(sent.attempt_id)
        if row is None or evidence.is_astray(sent.left_at):
            continue
        if not row.created_at <= sent.shown_at <= row.created_at + _DEADLINE:
            yield f"untimely: {row.id} was decided at {row.created_at} and left at {sent.shown_at}"


def _untold(evidence: Evidence) -> Iterator[str]:
    """Each change of the ledger was told, and nothing else: the beginning of each attempt, its end,
    and the end of its target."""
    told = Counter((each.type, each.subject) for each in evidence.told)
    ended = {each.subject: each for each in evidence.told if each.type == "attempt.ended"}
    final = {each.subject: each for each in evidence.told if each.type.startswith("target.")}
    was_sent = {sent.attempt_id for sent in evidence.sent}
    for row in evidence.attempts:
        shown = attempt_text(row.id)
        counts = [told[f"attempt.{name}", shown] for name in ("started", "unknown", "ended")]
        begun = 1 if row.id in was_sent else counts[0]
        if counts != [begun, int(row.was_lost), int(row.state == "ended")] or begun > 1:
            yield f"untold: of {row.id}, which is {row.state}, was told {counts}"
        if row.state == "ended" and shown in ended and ended[shown].disposition != row.disposition:
            yield f"untold: {row.id} is {row.disposition}, and {ended[shown].disposition} was told"
    for target in evidence.targets:
        shown = numbered("tgt", target.id)
        if target.disposition is None or target.disposition in _TOLD_AS_A_NUMBER:
            continue
        if shown not in final or final[shown].disposition != target.disposition:
            yield f"untold: target {target.id} is {target.disposition}: {final.get(shown)} was told"
