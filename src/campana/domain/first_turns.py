"""Whose turn it is first: the beginning of a run, one attempt after the other.

`forecast` tells a run by the hour; this tells its first attempts singly, by the same hours, pace
and quotas. Places for new people (`Pace.people`) are counted, and none of them is waited for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from campana.domain.forecast import LONGEST, Pace
from campana.domain.quota import Left
from campana.domain.window import Window, next_open


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """An attempt at `at` to somebody of these zones: the `place`-th of them, from 0."""

    at: datetime
    zones: tuple[str, ...]
    place: int


def first_turns(
    people: Mapping[tuple[str, ...], int],
    *,
    window: Window,
    pace: Pace,
    start: datetime,
    end: datetime | None = None,
    most: int,
) -> list[Turn]:
    """The first `most` attempts from `start` (aware UTC) on, if all are reached at the first try.

    Those whose hours are open take turns; `people` is how many there are of each set of zones.
    """
    stop = min(end or start + LONGEST, start + LONGEST)
    if pace.people is not None:
        most = min(most, pace.people - sum(count for _, count in pace.taken))
    gone: dict[tuple[str, ...], int] = {}
    found: list[Turn] = []
    # Whoever opens later is not asked again until then: to find it takes a while.
    opens: dict[tuple[str, ...], datetime] = {}
    now, left = start, Left(pace.quotas, start)
    while len(found) < most:
        turn = left.turn
        if left.least <= 0:
            if turn is None:
                break
            now = max(now, turn)
        left.renew(now)
        turn = left.turn
        opens = {
            zones: opening
            for zones, count in people.items()
            if gone.get(zones, 0) < count
            and (opening := _opening(window, zones, now, opens.get(zones))) is not None
        }
        if not opens or (at := min(opens.values())) >= stop:
            break
        if turn is not None and at >= turn:
            now = at
            continue
        # Who had the fewest turns is next; of several the first by name, so that it is always one.
        zones = min(
            (each for each, opening in opens.items() if opening == at),
            key=lambda each: (gone.get(each, 0), each),
        )
        found.append(Turn(at=at, zones=zones, place=gone.get(zones, 0)))
        gone[zones] = gone.get(zones, 0) + 1
        left.take(1)
        rate, _ = pace.turn(at, start=start)
        now = at + timedelta(seconds=1 / rate)
        if len(found) == pace.first:
            now = max(now, at + pace.first_wait)
    return found


def _opening(
    window: Window, zones: tuple[str, ...], now: datetime, known: datetime | None
) -> datetime | None:
    return known if known is not None and known >= now else next_open(window, zones, now)
