"""What was seen, as tables for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.api.report import machine as _machine
from bench.dispatch.race import Ran
from bench.dispatch.replay import Replayed
from bench.dispatch.steady import Steady
from bench.dispatch.waiting import LIMIT, Claims

TIMES, CLAIM_RATIO = 25.0, 1.3
"""What Campana sets out to reach: so often Celery's rate; so much of the small claim's time."""


@dataclass(slots=True)
class Seen:
    """Every run, by workers, in the order of the rounds."""

    campana: dict[int, list[Ran]] = field(default_factory=dict[int, list[Ran]])
    celery: dict[int, list[Ran]] = field(default_factory=dict[int, list[Ran]])
    replayed: list[Replayed] = field(default_factory=list[Replayed])
    claims: list[Claims] = field(default_factory=list[Claims])
    """With few who wait, then with many."""
    steady: Steady | None = None


def machine() -> str:
    """Where it ran."""
    return _machine("18")


def text(seen: Seen) -> str:
    """Markdown: medians, and the least and the most of the rounds behind them."""
    parts = [_races(seen), _replays(seen), _claims(seen), _steady(seen)]
    return "\n\n".join(part for part in parts if part)


def _races(seen: Seen) -> str:
    if not seen.campana:
        return ""
    lines = [
        "| workers | Campana, contacts/s | Celery + Redis | times | by processor time"
        " | µs a contact: Campana (workers + PostgreSQL) | Celery (workers + PostgreSQL + Redis) |",
        "|---|---|---|---|---|---|---|",
    ]
    for workers, ours in seen.campana.items():
        theirs = seen.celery[workers]
        times = [our.rate / their.rate for our, their in zip(ours, theirs, strict=True)]
        costs = [their.cpu_us / our.cpu_us for our, their in zip(ours, theirs, strict=True)]
        below = "" if median(times) >= TIMES else " (below)"
        lines.append(
            f"| {workers} | {_spread([each.rate for each in ours], ',.0f')}"
            f" | {_spread([each.rate for each in theirs], ',.0f')}"
            f" | {_spread(times, '.1f')}{below} | {_spread(costs, '.1f')}"
            f" | {_cost(ours, _workers)} + {_cost(ours, _database)}"
            f" | {_cost(theirs, _workers)} + {_cost(theirs, _database)}"
            f" + {_cost(theirs, _broker)} |"
        )
    return "\n".join(lines)


def _replays(seen: Seen) -> str:
    if not seen.replayed:
        return ""
    return (
        f"One worker: {_spread([each.campana for each in seen.replayed], ',.0f')} contacts/s;"
        f" pgbench with its statements: {_spread([each.pgbench for each in seen.replayed], ',.0f')}"
        f"; share: {_spread([100 * each.share for each in seen.replayed], '.0f')} %"
    )


def _claims(seen: Seen) -> str:
    if not seen.claims:
        return ""
    small, large = seen.claims
    ratio = large.typical / small.typical
    lines = [
        f"| waiting | claim of {LIMIT}, ms: median (p95) | choosing, ms: median |",
        "|---|---|---|",
    ]
    lines += [
        f"| {each.waiting:,}{note} | {each.typical:.2f} ({_late(each.claim_ms):.2f})"
        f" | {median(each.choose_ms):.2f} |"
        for each, note in ((small, ""), (large, ", an old snapshot held"))
    ]
    below = "" if ratio <= CLAIM_RATIO else f" (above {CLAIM_RATIO})"
    return "\n".join([*lines, "", f"Ratio of the medians: {ratio:.2f}{below}"])


def _steady(seen: Seen) -> str:
    found = seen.steady
    if found is None:
        return ""
    total = sum(found.ms(part) for part in found.cpu)
    parts = ", ".join(f"{part} {found.ms(part):,.0f}" for part in found.cpu)
    return (
        f"Over HTTP: {found.rate:.0f} attempts/s for {found.seconds:.0f} s;"
        f" {total:,.0f} ms of processors for 1,000 attempts ({parts});"
        f" the sandbox took {1e6 * found.sandbox_cpu / found.attempts:,.0f} beside them"
    )


def _spread(values: Sequence[float], form: str) -> str:
    return f"**{median(values):{form}}** ({min(values):{form}} to {max(values):{form}})"


def _late(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def _cost(found: Sequence[Ran], of: Callable[[Ran], float]) -> str:
    return f"{median(1e6 * of(each) / each.contacts for each in found):.0f}"


def _workers(ran: Ran) -> float:
    return ran.workers_cpu


def _database(ran: Ran) -> float:
    return ran.database_cpu


def _broker(ran: Ran) -> float:
    return ran.broker_cpu
