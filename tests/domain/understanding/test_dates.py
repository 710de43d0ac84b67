"""Days, seen from Thursday, 26 November 2026."""

from __future__ import annotations

from datetime import date

import pytest

from campana.domain.understanding.dates import Direction, date_in

TODAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Today.", date(2026, 11, 26)),
        ("Tomorrow would be fine.", date(2026, 11, 27)),
        ("The day after tomorrow.", date(2026, 11, 28)),
        ("On Friday.", date(2026, 11, 27)),
        ("Thursday.", date(2026, 12, 3)),
        ("Tuesday at three", date(2026, 12, 1)),
        ("Next Tuesday.", date(2026, 12, 1)),
        ("Next Friday.", date(2026, 12, 4)),
        ("Monday next week", date(2026, 11, 30)),
        ("Next week.", date(2026, 12, 3)),
        ("In three days.", date(2026, 11, 29)),
        ("In two weeks.", date(2026, 12, 10)),
        ("In a week.", date(2026, 12, 3)),
        ("December third.", date(2026, 12, 3)),
        ("The third of December", date(2026, 12, 3)),
        ("December the twenty first", date(2026, 12, 21)),
        ("December 3rd, 2027.", date(2027, 12, 3)),
        ("3 December", date(2026, 12, 3)),
        ("The 15th of March.", date(2027, 3, 15)),
        ("May 5", date(2027, 5, 5)),
        ("On the fifteenth.", date(2026, 12, 15)),
        ("12/03/2026", date(2026, 12, 3)),
        ("2026-12-03", date(2026, 12, 3)),
        ("January first twenty twenty seven", date(2027, 1, 1)),
        ("The third of June nineteen eighty five.", date(1985, 6, 3)),
        ("June 3rd, 1985", date(1985, 6, 3)),
        ("February 29", date(2028, 2, 29)),
    ],
)
def test_the_day_that_was_said(text: str, day: date) -> None:
    assert date_in(text, today=TODAY) == day


@pytest.mark.parametrize(
    ("text", "direction", "day"),
    [
        ("December third", "past", date(2025, 12, 3)),
        ("November first", "past", date(2026, 11, 1)),
        ("Yesterday", "past", date(2026, 11, 25)),
        ("Two weeks ago", "past", date(2026, 11, 12)),
        ("Last Monday", "past", date(2026, 11, 23)),
        ("On the fifteenth", "past", date(2026, 11, 15)),
    ],
)
def test_a_day_of_the_past(text: str, direction: Direction, day: date) -> None:
    assert date_in(text, today=TODAY, direction=direction) == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I do not know.",
        "Monday or Tuesday.",
        "February thirtieth",
        "13/45/2026",
        "You may call me",
        "March on",
        "2026-13-40",
    ],
)
def test_no_day_or_two_is_none(text: str) -> None:
    assert date_in(text, today=TODAY) is None
