"""Judge a simulation by what arrived at the carrier and what stands in the ledger: nobody twice,
nobody lost, nothing untrue and nothing untold. `rules.py` judges the rules.

The judge asks none of the code it judges.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from campana.domain.disposition import Disposition
from campana.domain.ids import attempt_text, numbered
from campana.simulation import rules, tries
from campana.simulation.carrier import Sent
from campana.simulation.evidence import Evidence
from campana.store.checks import AttemptRow

_DEADLINE = timedelta(seconds=0.5)
"""From the claim's look at the world to the packet."""
_TOLD_AS_A_NUMBER = frozenset({Disposition.CANCELLED, Disposition.EXPIRED})
"""Ends of all who waited at once, of which only how many there were is told."""


_REPEATED = {
    Disposition.BUSY,
    Disposition.NO_ANSWER,
    Disposition.CONGESTION,
    Disposition.CARRIER_ERROR,
    Disposition.CALLBACK_REQUEST,
    Disposition.NOT_SENT,
}
"""After these a campaign may contact somebody again of itself."""
_NEVER_AGAIN = {Disposition.DECLINED, Disposition.COMPLETED, Disposition.TRANSFERRED}
"""Not even when a person asks for it, unless nobody knew."""
_OF_WHO_WAITS = {None, "cancelled", "expired", "suppressed", "no_consent"}


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
        *tries.broken(evidence),
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
    for to, sends in by_person.items():
        for before, after in pairwise(sorted(sends, key=lambda each: each.at)):
            if after.at < before.ends_at:
                yield f"twice: {to} was contacted at {after.at} during {before.attempt_id}"
    yield from _after_an_end(evidence)
    yield from _after_unknown(evidence)


def _after_an_end(evidence: Evidence) -> Iterator[str]:
    """Whom a campaign has reached, or who said no, it contacts no more."""
    rows = {row.id: row for row in evidence.attempts}
    by_target: dict[int, list[Sent]] = defaultdict(list)
    for sent in evidence.sent:
        if sent.is_taken and sent.attempt_id in rows:
            by_target[rows[sent.attempt_id].target_id].append(sent)
    for sends in by_target.values():
        for before, after in pairwise(sorted(sends, key=lambda each: each.at)):
            if not _may_follow(before, after, rows[before.attempt_id], evidence):
                yield f"twice: {after.to} was contacted again at {after.at} after {before.outcome}"


def _may_follow(before: Sent, after: Sent, row: AttemptRow, evidence: Evidence) -> bool:
    """Whether a campaign may contact somebody again; `row` is what the ledger says of the first."""
    if _may_repeat(before.outcome):
        return True
    if after.to != before.to and evidence.goes_elsewhere(row.campaign_id, before.outcome):
        return True
    # What a person goes by is what the ledger said then.
    became = {Disposition.UNKNOWN} if row.was_lost else set[Disposition]()
    if before.outcome is not None and before.outcome not in _NEVER_AGAIN:
        became.add(before.outcome)
    return any(
        evidence.is_reopened(row.campaign_id, each, after=before.at, before=after.left_at)
        for each in became
    )


def _after_unknown(evidence: Evidence) -> Iterator[str]:
    """Whose fate was unknown only a person reopens."""
    lost = {row.target_id: row for row in evidence.attempts if row.was_lost}
    sent = {each.attempt_id: each for each in evidence.sent}
    for row in evidence.attempts:
        before = lost.get(row.target_id)
        if before is None or row.attempt_no <= before.attempt_no or row.id not in sent:
            continue
        since = sent[before.id].at if before.id in sent else before.created_at
        if not evidence.is_reopened(
            row.campaign_id, None, after=since, before=sent[row.id].left_at
        ):
            yield f"twice: target {row.target_id} was tried again, its fate unknown"


def _may_repeat(outcome: Disposition | None) -> bool:
    return outcome is None or outcome in _REPEATED


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
    reopened = {each.campaign_id for each in evidence.reopened}
    for target in evidence.targets:
        if target.campaign_id in reopened and target.disposition in _OF_WHO_WAITS:
            # Tried again, and then not.
            continue
        said = last[target.id].disposition if target.id in last else None
        if target.disposition in _OF_WHO_WAITS and evidence.goes_elsewhere(
            target.campaign_id, said
        ):
            continue
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
