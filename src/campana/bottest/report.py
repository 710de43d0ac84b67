"""What a test of a bot shows to people, and to programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from campana.bottest.score import Score


def for_people(scores: Sequence[Score]) -> RenderableType:
    """A row a callee, and the sum of it."""
    table = Table(title="Callees, in words over SIP and RTP")
    for column in ("callee", "right", "what came of it", "the bot heard", "reply ms"):
        table.add_column(column, overflow="fold")
    for each in scores:
        heard = [line.text for line in each.result.transcript if line.role == "callee"]
        waited = sorted(each.latencies)
        table.add_row(
            each.kind.replace("_", " "),
            "[green]yes[/]" if each.is_right else "[red]no[/]",
            escape(each.why.replace("_", " ")),
            escape("\n".join(heard)),
            f"{_part(waited, 0.5)} (worst {waited[-1]})" if waited else "-",
        )
    return Group(table, *(_closing(scores)))


def _closing(scores: Sequence[Score]) -> list[str]:
    told = as_json(scores)
    lines = [f"{told['right']} of {told['calls']} as they should be."]
    if told["latencyMs"]["p50"] is not None:
        lines.append(
            f"Replies after {told['latencyMs']['p50']} ms (median), {told['latencyMs']['p95']} ms "
            "(95th percentile), on this machine while it played the callees, too."
        )
    if told["optOutIgnored"]:
        lines.append("[red]A wish not to be called again was ignored.[/]")
    return lines


def as_json(scores: Sequence[Score]) -> dict[str, Any]:
    """The same, for programs."""
    waited = sorted(latency for each in scores for latency in each.latencies)
    return {
        "calls": len(scores),
        "right": sum(each.is_right for each in scores),
        "optOutIgnored": any(each.is_opt_out_ignored for each in scores),
        "latencyMs": {"p50": _part(waited, 0.5), "p95": _part(waited, 0.95)},
        "callees": [
            {
                "kind": each.kind,
                "isRight": each.is_right,
                "why": each.why,
                "isOptOutIgnored": each.is_opt_out_ignored,
                "latenciesMs": each.latencies,
                "modelFailure": each.result.model_failure,
                "saved": dict(each.result.saved),
                "transcript": [
                    {"role": line.role, "text": line.text, "atMs": line.at_ms}
                    for line in each.result.transcript
                ],
            }
            for each in scores
        ],
    }


def _part(ordered: Sequence[int], part: float) -> int | None:
    """The value that this part of them does not exceed."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else None
