"""Time as a parameter. Nothing below bootstrap reads the machine's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time; production samples the database's clock, tests say what they like."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


def wire(moment: datetime | None) -> str | None:
    """`2024-03-01T09:00:00Z`: how every time leaves Campana, whole seconds in UTC."""
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
