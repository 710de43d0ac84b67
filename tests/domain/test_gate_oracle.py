"""No attempt outside the window, judged by `zdump`: another program, another reader of the zones.

Its list of changes gives the clock on the wall by arithmetic alone; zoneinfo is not asked.
"""

from __future__ import annotations

import bisect
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campana.domain.gate import Allow, Defer, check
from campana.domain.window import DEFAULT, MIDNIGHT_AFTER, Hours, Window
from tests.domain.test_gate import FINE
from tests.domain.test_window_anywhere import windows

ZDUMP = shutil.which("zdump")
pytestmark = pytest.mark.skipif(ZDUMP is None, reason="needs zdump, which is not installed")

FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
CHANGE = re.compile(r"(\S+) +\w+ (\w+ +\d+ [\d:]+ \d+) UTC? = .* gmtoff=(-?\d+)")
PRESENT = re.compile(r"(\S+) +\w+ (\w+ +\d+ [\d:]+ \d+) ")
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Wall:
    """A clock on the wall: from each instant on, how far it is ahead of UTC."""

    since: tuple[datetime, ...]
    ahead: tuple[timedelta, ...]

    def shows(self, moment: datetime) -> datetime:
        at = bisect.bisect_right(self.since, moment) - 1
        return (moment + self.ahead[max(at, 0)]).replace(tzinfo=None)

    def changes(self) -> Iterator[datetime]:
        return (each for each in self.since if FIRST <= each < LAST)


def read_time(text: str) -> datetime:
    return datetime.strptime(" ".join(text.split()), "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)


def zdump(*words: str) -> list[str]:
    assert ZDUMP is not None
    done = subprocess.run([ZDUMP, *words], capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


@cache
def walls() -> Mapping[str, Wall]:
    """Every zone both this system and Python know."""
    zones = [
        zone
        for zone in sorted(available_timezones())
        if Path("/usr/share/zoneinfo", zone).is_file()
    ]
    told: dict[str, list[tuple[datetime, timedelta]]] = defaultdict(list)
    for line in zdump("-v", "-c", f"{FIRST.year - 1},{LAST.year}", *zones):
        if found := CHANGE.match(line):
            told[found[1]].append((read_time(found[2]), timedelta(seconds=int(found[3]))))
    # Those that never change: how far they are ahead now.
    never = [zone for zone in zones if zone not in told]
    present = {m[1]: read_time(m[2]) for line in zdump("UTC", *never) if (m := PRESENT.match(line))}
    for zone in never:
        quarters = round((present[zone] - present["UTC"]) / timedelta(minutes=15))
        told[zone].append((FIRST, quarters * timedelta(minutes=15)))
    return {
        zone: Wall(tuple(since for since, _ in changes), tuple(ahead for _, ahead in changes))
        for zone, changes in told.items()
    }


def is_open_at(window: Window, shown: datetime) -> bool:
    """What a person would say who reads the window and looks at the wall."""
    return shown.date() not in window.closed_dates and any(
        hours.start <= shown.time() and (shown.time() < hours.end or hours.end == MIDNIGHT_AFTER)
        for hours in window.days[shown.weekday()]
    )


def judge(window: Window, zones: Sequence[str], now: datetime) -> None:
    """The gate lets through exactly when every wall says so, and puts off to the first such
    moment."""
    clocks = [walls()[zone] for zone in zones]

    def is_open(moment: datetime) -> bool:
        return all(is_open_at(window, clock.shows(moment)) for clock in clocks)

    verdict = check(replace(FINE, window=window, zones=tuple(zones)), now)
    assert (verdict == Allow()) is is_open(now), (zones, now)
    if isinstance(verdict, Defer) and verdict.why == "never_open":
        assert not any(window.days), window
    elif isinstance(verdict, Defer):
        assert verdict.until > now
        assert is_open(verdict.until), (zones, now, verdict)
        assert not is_open(verdict.until - SECOND), (zones, now, verdict)


def night(start: time, end: time, day: int | None = None) -> Window:
    hours = (Hours(start=start, end=end),)
    return Window(days=tuple(hours if day in {None, each} else () for each in range(7)))


def test_all_zones_are_judged() -> None:
    assert len(walls()) > 400
    assert sum(1 for wall in walls().values() if list(wall.changes())) > 100


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_no_attempt_outside_the_window_around_any_change_of_any_clock() -> None:
    """Every change of 2024 to 2030 in every zone, to the second, and the hours on either side."""
    seen: set[Wall] = set()
    for zone, wall in walls().items():
        if wall in seen:
            continue
        seen.add(wall)
        for change in wall.changes():
            closed = frozenset({wall.shows(change).date()})
            for window in (
                night(time(0, 30), time(2, 30)),
                night(time(2), time(3), day=6),
                replace(DEFAULT, closed_dates=closed),
            ):
                for offset in (-3601, -1, 0, 1, 1800, 3600):
                    judge(window, [zone], change + offset * SECOND)


@settings(max_examples=200, deadline=None)
@given(
    window=windows,
    zones=st.lists(st.integers(0, 10_000), min_size=1, max_size=2),
    seconds=st.integers(0, int((LAST - FIRST).total_seconds()) - 400 * 86400),
)
def test_no_attempt_outside_any_window_in_any_zone(
    window: Window, zones: list[int], seconds: int
) -> None:
    names = sorted(walls())
    judge(window, [names[each % len(names)] for each in zones], FIRST + seconds * SECOND)
