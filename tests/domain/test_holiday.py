"""Public holidays of a country, of a part of it, and of places nobody knows."""

from __future__ import annotations

from datetime import date

import pytest

from campana.domain.holiday import is_holiday, is_known


@pytest.mark.parametrize(
    ("place", "day", "holiday"),
    [
        ("US", "2026-12-25", True),
        ("US", "2026-12-24", False),
        # Saturday 4 July 2026 is observed on the Friday too.
        ("US", "2026-07-03", True),
        ("US", "2026-07-04", True),
        ("US", "2026-11-27", False),
        ("US-CA", "2026-11-27", True),
        ("DE", "2026-06-04", False),
        ("DE-BY", "2026-06-04", True),
        ("IN", "2026-01-26", True),
    ],
)
def test_is_a_holiday_there(place: str, day: str, holiday: bool) -> None:
    assert is_holiday(place, date.fromisoformat(day)) is holiday


@pytest.mark.parametrize(
    ("place", "known"),
    [("US", True), ("US-CA", True), ("GB-SCT", True), ("US-QQ", False), ("QQ", False), ("", False)],
)
def test_knows_countries_and_their_parts(place: str, known: bool) -> None:
    assert is_known(place) is known
