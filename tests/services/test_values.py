"""Cells of a named type: read in one way or refused, never guessed."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campana.domain.contact import AttributeValue
from campana.services.values import AttributeType, Unfit, text_of, typed


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("12", 12), ("-3", -3), ("12.50", 12.5), ("12,5", 12.5), ("1,234.50", 1234.5),
        ("1.234,50", 1234.5), ("1,234,567", 1234567), ("1.234.567", 1234567), ("1 234,5", 1234.5),
        ("1'234.5", 1234.5), ("1.234", 1.234), ("007", 7), (5, 5), (2.5, 2.5),
    ],
)  # fmt: skip
def test_reads_numbers_as_people_write_them(cell: AttributeValue, value: float) -> None:
    found = typed(cell, AttributeType.NUMBER)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("2026-03-31", "2026-03-31"), ("31.3.2026", "2026-03-31"), ("2026/3/1", "2026-03-01"),
        ("31/03/2026", "2026-03-31"), ("3/31/2026", "2026-03-31"), ("5/5/2026", "2026-05-05"),
        ("2026-03-31T00:00:00", "2026-03-31"), ("2026-03-31 09:30", "2026-03-31T09:30:00"),
    ],
)  # fmt: skip
def test_reads_days_as_people_write_them(cell: str, value: str) -> None:
    assert typed(cell, AttributeType.DATE) == value


@pytest.mark.parametrize(
    ("cell", "wanted", "reason", "suggestion"),
    [
        ("1,234", "number", "1,234 may be 1234 or 1.234", "write 1234 or 1.234"),
        ("x", "number", "not a number", "1234.50"),
        (True, "number", "not a number", "1234.50"),
        ("12345678901234567", "number", "more than 15 digits", "as text"),
        ("3/4/2026", "date", "this may be 2026-04-03 or 2026-03-04", "write 2026-04-03 or"),
        ("31.02.2026", "date", "no such date", "2026-03-31"),
        ("soon", "date", "no such date", "2026-03-31"),
        (45000, "date", "no such date", "2026-03-31"),
    ],
)
def test_what_could_be_two_things_is_refused_with_both(
    cell: AttributeValue, wanted: str, reason: str, suggestion: str
) -> None:
    with pytest.raises(Unfit) as unfit:
        typed(cell, AttributeType(wanted))
    assert reason in unfit.value.reason
    assert suggestion in unfit.value.suggestion


def test_text_is_as_a_person_would_write_it() -> None:
    cells = [5, 5.0, 5.5, True, " x", 0.1]
    assert [text_of(cell) for cell in cells] == ["5", "5", "5.5", "true", " x", "0.1"]
    assert typed(5.0, AttributeType.TEXT) == "5"
    assert typed(5.0, None) == 5.0


@given(st.text(max_size=30), st.sampled_from(AttributeType))
def test_never_fails_in_another_way(cell: str, wanted: AttributeType) -> None:
    with suppress(Unfit):
        assert isinstance(typed(cell, wanted), str | int | float)
