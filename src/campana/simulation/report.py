"""What came of a simulation: for people as tables, for programs as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Group
from rich.table import Table

from campana.domain.campaign import CampaignStatus
from campana.domain.clock import wire
from campana.simulation.play import Played
from campana.store.campaigns import Counts

_SHADES = ("dim", "cyan", "bold cyan")


def as_json(played: Played, *, zone: str) -> Mapping[str, Any]:
    """The same for the same seed, to the byte."""
    counts = played.counts
    return {
        "seed": played.seed,
        "starts": wire(played.starts),
        "ends": wire(played.ends),
        "status": played.campaign.status,
        "state": played.campaign.state.capitalize(),
        "stateReason": played.campaign.state_reason,
        "finishedAt": wire(played.campaign.finished_at),
        "people": {
            "total": sum(counts.targets.values()),
            "waiting": _going_on(counts),
            "rejectedRows": played.rejected,
            "byDisposition": dict(sorted(counts.dispositions.items())),
        },
        "attempts": {
            "total": len(played.sends),
            "retries": counts.retries,
            "byOutcome": dict(sorted(counts.attempts.items())),
            "byChannelType": dict(sorted(played.by_channel.items())),
        },
        "replies": played.replies,
        "conversations": dict(sorted(played.endings.items())),
        "zone": zone,
        "attemptsByHour": [
            {"date": day.isoformat(), "hours": [hours[hour] for hour in range(24)]}
            for day, hours in _by_hour(played, zone).items()
        ],
        "reasons": [
            {"kind": each.kind, "reason": each.reason, "people": each.people}
            for each in played.reasons
        ],
    }


def for_people(played: Played, *, zone: str) -> Group:
    """The week, what came of everybody, and why somebody was not contacted."""
    tables = [_week(played, zone), _outcomes(played), *_endings(played), *_reasons(played)]
    return Group(*tables, _end(played))


def _by_hour(played: Played, zone: str) -> Mapping[date, Counter[int]]:
    """Sends by day and hour on the clock of `zone`, from the first to the last."""
    clock = ZoneInfo(zone)
    locals_ = [moment.astimezone(clock) for moment in played.sends]
    dates = [each.date() for each in locals_] or [played.starts.astimezone(clock).date()]
    first, last = min(dates), max(dates)
    days = {first + timedelta(days=n): Counter[int]() for n in range((last - first).days + 1)}
    for each in locals_:
        days[each.date()][each.hour] += 1
    return days


def _week(played: Played, zone: str) -> Table:
    by_hour = _by_hour(played, zone)
    used = sorted({hour for hours in by_hour.values() for hour in hours})
    shown = range(used[0], used[-1] + 1) if used else range(0)
    most = max((n for hours in by_hour.values() for n in hours.values()), default=1)
    table = Table(
        title=f"{played.campaign.name}: attempts by hour, {zone}",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("day", no_wrap=True)
    for hour in shown:
        table.add_column(f"{hour:02d}", justify="right", no_wrap=True)
    table.add_column("all", justify="right", no_wrap=True)
    for day, hours in by_hour.items():
        cells = [_cell(hours[hour], most) for hour in shown]
        table.add_row(f"{day:%a %Y-%m-%d}", *cells, str(hours.total()))
    return table


def _cell(count: int, most: int) -> str:
    if not count:
        return "[dim]·[/]"
    return f"[{_SHADES[min(2, 3 * count // (most + 1))]}]{count}[/]"


def _outcomes(played: Played) -> Table:
    counts = played.counts
    table = Table("what came of it")
    table.add_column("people", justify="right")
    table.add_column("attempts", justify="right")
    words = {*counts.dispositions, *counts.attempts}
    for word in sorted(words, key=lambda each: (-counts.dispositions.get(each, 0), each)):
        table.add_row(
            word.replace("_", " "),
            str(counts.dispositions.get(word, 0)),
            str(counts.attempts.get(word, 0)),
        )
    waiting = _going_on(counts)
    if waiting:
        table.add_row("still waiting", str(waiting), "")
    table.add_section()
    table.add_row(
        f"together, {counts.retries} attempts being retries",
        str(sum(counts.targets.values())),
        str(len(played.sends)),
    )
    return table


def _going_on(counts: Counts) -> int:
    """People who are not finished with."""
    return sum(people for state, people in counts.targets.items() if state != "finished")


def _endings(played: Played) -> list[Table]:
    """Of a flow: how its conversations ended, and what was said in which way."""
    if not played.endings and not played.replies:
        return []
    table = Table("how the flow ended")
    table.add_column("people", justify="right")
    for word, people in played.endings.items():
        table.add_row(word.replace("_", " "), str(people))
    table.add_section()
    for channel_type, sends in sorted(played.by_channel.items()):
        table.add_row(f"attempts by {channel_type}", str(sends))
    table.add_row("messages people wrote", str(played.replies))
    return [table]


def _reasons(played: Played) -> list[Table]:
    if not played.reasons:
        return []
    table = Table("not contacted at once", "why")
    table.add_column("people", justify="right")
    for each in played.reasons:
        table.add_row(each.kind, each.reason.replace("_", " "), str(each.people))
    return [table]


def _end(played: Played) -> str:
    campaign = played.campaign
    if campaign.finished_at is not None:
        return f"It was over at {wire(campaign.finished_at)}."
    if campaign.status is CampaignStatus.PAUSED:
        return f"It was stopped: {campaign.state_reason or campaign.state}."
    return f"It was not over at {wire(played.ends)}."
