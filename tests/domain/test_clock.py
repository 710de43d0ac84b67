"""Times as people write them and as they leave the house."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from campana.domain.clock import parse_moment, wire


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-03-01", "2024-03-01T00:00:00"),
        ("20240301", "2024-03-01T00:00:00"),
        ("2024-W09-5", "2024-03-01T00:00:00"),
        ("2024-03-01T09:00:00Z", "2024-03-01T09:00:00"),
        ("2024-03-01 09:00", "2024-03-01T09:00:00"),
        ("2024-03-01T09:00:00+05:30", "2024-03-01T03:30:00"),
        ("2024-03-01T09:00:00.250-08:00", "2024-03-01T17:00:00.250000"),
    ],
)
def test_iso_8601_is_read_as_an_instant_in_utc(text: str, moment: str) -> None:
    read = parse_moment(text)
    assert read.isoformat() == moment + "+00:00"
    assert read.tzinfo is UTC


@pytest.mark.parametrize("text", ["2024-03-01", "20240301", "2024-W09-5"])
def test_a_date_alone_ends_with_its_last_instant(text: str) -> None:
    last = datetime(2024, 3, 1, 23, 59, 59, 999999, tzinfo=UTC)
    assert parse_moment(text, is_end=True) == last


def test_a_time_is_itself_as_an_end_too() -> None:
    assert parse_moment("2024-03-01T09", is_end=True) == datetime(2024, 3, 1, 9, tzinfo=UTC)
    assert parse_moment("2024W09T12", is_end=True).hour == 12


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024",
        "2024-03",
        "tomorrow",
        "2024-13-01",
        "2024-02-30",
        "2024-03-01x09:00",
        "2024-03-01T",
        "2024-03-01T25:00",
        "2024-03-01T09:00:00 02:00",
        "2024-03-01\n",
        "2024-03-01t09:00z",
        "\u0662\u0660\u0662\u0664-\u0660\u0663-\u0660\u0661",
        "1709280000",
        "2024-03-01T09:00:00." + "0" * 40,
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each kind of mistake has its own words
        parse_moment(text)


def test_every_time_leaves_in_whole_seconds_of_utc() -> None:
    east = datetime(2024, 3, 1, 9, 0, 7, 999999, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert wire(east) == "2024-03-01T03:30:07Z"
    assert wire(None) is None
