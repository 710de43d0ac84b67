"""Moments, seen from Thursday, 26 November 2026, ten past two in New York."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from campana.domain.understanding.moments import moment_in

NOW = datetime(2026, 11, 26, 14, 10, tzinfo=ZoneInfo("America/New_York"))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Call me tomorrow at five.", "2026-11-27 17:00"),
        ("Please call me tomorrow at 5.", "2026-11-27 17:00"),
        ("Tomorrow morning after nine.", "2026-11-27 09:00"),
        ("Tomorrow morning.", "2026-11-27 09:30"),
        ("Friday afternoon.", "2026-11-27 14:00"),
        ("Next Tuesday at half past three.", "2026-12-01 15:30"),
        ("At quarter to six.", "2026-11-26 17:45"),
        ("At 5:30 p.m.", "2026-11-26 17:30"),
        ("At ten tomorrow.", "2026-11-27 10:00"),
        ("At nine.", "2026-11-27 09:00"),
        ("At 9 PM tonight.", "2026-11-26 21:00"),
        ("This evening.", "2026-11-26 18:00"),
        ("In an hour.", "2026-11-26 15:10"),
        ("In half an hour.", "2026-11-26 14:40"),
        ("In twenty minutes.", "2026-11-26 14:30"),
        ("In 2 hours.", "2026-11-26 16:10"),
        ("Tomorrow at noon.", "2026-11-27 12:00"),
        ("Tomorrow.", "2026-11-27 14:10"),
        ("Monday at five thirty.", "2026-11-30 17:30"),
        ("On December third at eleven a.m.", "2026-12-03 11:00"),
        ("Around four o'clock.", "2026-11-26 16:00"),
        ("Tomorrow at three in the afternoon.", "2026-11-27 15:00"),
        ("Tomorrow at eight in the evening.", "2026-11-27 20:00"),
        ("Call me next month.", "2026-12-26 14:10"),
        ("In two months.", "2027-01-25 14:10"),
        ("In January.", "2027-01-01 14:10"),
        ("At the weekend.", "2026-11-28 14:10"),
        ("Next weekend at ten.", "2026-12-05 10:00"),
        ("At the end of the week.", "2026-11-27 14:10"),
        ("Not today, another day.", "2026-11-27 14:10"),
        ("Not today, on Monday at nine.", "2026-11-30 09:00"),
        ("Between five and six.", "2026-11-26 17:00"),
        ("Tomorrow between five and six.", "2026-11-27 17:00"),
        ("After work.", "2026-11-26 17:30"),
        ("At lunchtime.", "2026-11-27 12:00"),
        # No later than so: it is said back, and better than within the hour.
        ("In six months.", "2027-02-24 14:10"),
        ("On May fifth at three.", "2027-02-24 15:00"),
        ("Next year.", "2027-01-02 14:10"),
    ],
)
def test_the_moment_that_was_said(text: str, moment: str) -> None:
    found = moment_in(text, now=NOW)
    assert found is not None
    assert f"{found:%Y-%m-%d %H:%M}" == moment
    assert found.tzinfo is NOW.tzinfo


@pytest.mark.parametrize(
    "text", ["", "Later.", "Another time.", "Call me back.", "I have two children.", "Yesterday."]
)
def test_no_moment_is_none(text: str) -> None:
    assert moment_in(text, now=NOW) is None
