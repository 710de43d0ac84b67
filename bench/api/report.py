"""What was seen, as tables for people and as plain values for programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from bench.api.load import Seen

PAGE = "one page"
MIX = "400 queries"
COLD = "never asked before"

_OF_FLOOR, _OF_ORM = 0.20, 3.5
"""What Campana sets out to reach."""

Everything = Mapping[tuple[str, str], Sequence[Seen]]


def while_written(name: str, interval: float) -> str:
    """The name of a way of asking while a campaign changes every `interval` seconds."""
    return f"{name}, a write each {interval * 1000:.0f} ms"


def machine(postgresql: str) -> str:
    """Where it ran."""
    names = [
        line.partition(":")[2].strip()
        for line in (_text("/proc/cpuinfo").splitlines())
        if line.startswith("model name")
    ]
    processor = names[0] if names else platform.processor()
    return (
        f"{os.cpu_count()} cores ({processor}), {platform.system()}, Python"
        f" {platform.python_version()}, PostgreSQL {postgresql};"
        f" load over the last quarter of an hour {os.getloadavg()[2]:.1f}"
    )


def table(seen: Everything, *, connections: int, seconds: float) -> str:
    """Markdown: medians, and the least and the most of all rounds behind them."""
    rounds = len(next(iter(seen.values())))
    lines = [
        f"{rounds} rounds of {seconds:g} s, {connections} connections.",
        "",
        "| asked | static | Campana | ORM | of static | times ORM | by processor time |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in [name for server, name in seen if server == "campana"]:
        ours, theirs = seen["campana", name], seen["orm", name]
        floor = seen["floor", PAGE if name.startswith(PAGE) else MIX]
        shares = [our.rate / low.rate for our, low in zip(ours, floor, strict=True)]
        times = [our.rate / their.rate for our, their in zip(ours, theirs, strict=True)]
        lines.append(
            f"| {name} | {_rates(floor)} | {_rates(ours)} | {_rates(theirs)}"
            f" | {_spread([100 * share for share in shares], '.0f')} %"
            f"{_mark(median(shares) >= _OF_FLOOR)}"
            f" | {_spread(times, '.1f')}{_mark(median(times) >= _OF_ORM)}"
            f" | {100 * _cost(floor) / _cost(ours):.0f} %, {_cost(theirs) / _cost(ours):.1f} |"
        )
    lines += [
        "",
        "| server | asked | p50 ms | p99 ms | web µs | PostgreSQL µs | writes |",
        "|---|---|---|---|---|---|---|",
    ]
    for (server, name), found in sorted(seen.items()):
        lines.append(
            f"| {server} | {name} | {_middle(found, 'p50_ms', '.1f')} |"
            f" {_middle(found, 'p99_ms', '.1f')} | {_middle(found, 'web_us', '.0f')} |"
            f" {_middle(found, 'database_us', '.0f')} | {_middle(found, 'writes', '.0f')} |"
        )
    return "\n".join(lines)


def plain(seen: Everything) -> list[dict[str, Any]]:
    """Every figure of every round."""
    return [
        {"server": server, "asked": name, "rounds": [asdict(each) for each in found]}
        for (server, name), found in seen.items()
    ]


def _rates(found: Sequence[Seen]) -> str:
    return _spread([each.rate for each in found], ",.0f")


def _spread(values: Sequence[float], form: str) -> str:
    low, high = min(values), max(values)
    return f"**{median(values):{form}}** ({low:{form}} to {high:{form}})"


def _middle(found: Sequence[Seen], field: str, form: str) -> str:
    return format(median(getattr(each, field) for each in found), form)


def _cost(found: Sequence[Seen]) -> float:
    """Microseconds of processors for an answer, the database's among them."""
    return median(each.web_us + each.database_us for each in found)


def _mark(is_reached: bool) -> str:
    return "" if is_reached else " (below)"


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
