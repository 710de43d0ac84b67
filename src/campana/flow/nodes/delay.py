"""Waits for a time, then for the next open hour if hours are given.

The hours are the contact's own, in every zone the person may be in, unless a zone is named. What
the contact writes meanwhile is kept for the next `wait_for_response`.

    {"type": "delay", "delaySeconds": 7200,
     "hours": {"mon": [{"from": "09:00", "to": "18:00"}]}, "next": "remind"}
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Annotated

from campana.domain.window import (
    MIDNIGHT_AFTER,
    WEEKDAYS,
    Hours,
    Window,
    next_open,
    zone_named,
)
from campana.flow.inputs import Input, TimedOut
from campana.flow.marks import Exit
from campana.flow.run import FlowFailed, Node, Run
from campana.flow.sending import DAY
from campana.flow.session import Wait
from campana.flow.shapes import Like, Range

Start = Annotated[str, Like(r"([01]\d|2[0-3]):[0-5]\d", "must be a time such as 09:00")]
End = Annotated[str, Like(r"([01]\d|2[0-3]):[0-5]\d|24:00", "must be a time such as 18:00")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """From, inside; to, outside, or 24:00."""

    from_: Start
    to: End

    def check(self) -> Iterable[tuple[str, str]]:
        """It lasts."""
        if self.from_ >= self.to:
            yield "to", "must be after from"


Stretches = Annotated[tuple[Stretch, ...], Range(0, 10)]


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessHours:
    """Hours by weekday; a day left out is closed."""

    mon: Stretches = ()
    tue: Stretches = ()
    wed: Stretches = ()
    thu: Stretches = ()
    fri: Stretches = ()
    sat: Stretches = ()
    sun: Stretches = ()

    def check(self) -> Iterable[tuple[str, str]]:
        """Some day is open."""
        if not any(getattr(self, weekday) for weekday in WEEKDAYS):
            yield "", "must have hours on some day"

    def window(self) -> Window:
        """The same as the rules of the house know it."""
        return Window(
            days=tuple(
                tuple(_hours(stretch) for stretch in getattr(self, weekday)) for weekday in WEEKDAYS
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay(Node):
    """With hours alone it waits for the next open one, which may be now."""

    delay: Annotated[timedelta, Range(0, 365 * DAY)] = timedelta(0)
    hours: BusinessHours | None = None
    zone: Annotated[str, Range(1, 64)] | None = None
    next: Exit

    def check(self) -> Iterable[tuple[str, str]]:
        """There is something to wait for, and the zone exists."""
        if not self.delay and self.hours is None:
            yield "delaySeconds", "must be at least 1 where no hours are given"
        if self.zone is not None and zone_named(self.zone) is None:
            yield "zone", "is no time zone"
        if self.zone is not None and self.hours is None:
            yield "zone", "means nothing without hours"

    def pauses(self) -> bool:
        """Only a delay always lasts: hours may be open already."""
        return self.delay > timedelta(0)

    def enter(self, run: Run) -> Exit | Wait:
        """Wait until then."""
        until = run.now + self.delay
        if self.hours is not None:
            zones = (self.zone,) if self.zone else run.zones
            opens = next_open(self.hours.window(), zones, until)
            if opens is None:
                raise FlowFailed("these hours never come in the contact's time zone")
            until = opens
        return self.next if until <= run.now else run.wait("delay", until=until)

    def resume(self, run: Run, wait: Wait, told: Input) -> Exit | None:
        """Its time is up."""
        del run, wait
        return self.next if isinstance(told, TimedOut) else None


def _hours(stretch: Stretch) -> Hours:
    end = MIDNIGHT_AFTER if stretch.to == "24:00" else time.fromisoformat(stretch.to)
    return Hours(start=time.fromisoformat(stretch.from_), end=end)
