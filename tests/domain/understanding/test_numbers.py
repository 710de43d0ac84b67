"""Numbers as people say them and as a recognizer writes them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from campana.domain.understanding.numbers import digits_in, number_in


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Five.", 5),
        ("I would say seven", 7),
        ("8", 8),
        ("twenty five", 25),
        ("twenty-five", 25),
        ("a hundred", 100),
        ("one hundred and twenty five dollars", 125),
        ("$125.50", Decimal("125.50")),
        ("two thousand three hundred and four", 2304),
        ("1,250", 1250),
        ("two and a half", Decimal("2.5")),
        ("three point one four", Decimal("3.14")),
        ("minus five", -5),
        ("a million", 1_000_000),
        ("four two", 42),
        ("7, 2", 72),
        ("five, no, six", 6),
        ("three, sorry, I mean four", 4),
        ("nineteen", 19),
        ("zero", 0),
        ("ninety nine", 99),
    ],
)
def test_the_number_that_was_said(text: str, number: int | Decimal) -> None:
    assert number_in(text) == Decimal(number)


@pytest.mark.parametrize(
    "text", ["", "I do not know.", "twenty or thirty", "between five and six hundred people", "and"]
)
def test_no_number_or_more_than_one_is_none(text: str) -> None:
    assert number_in(text) is None


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("four seven two nine one", "47291"),
        ("4, 7, 2, 9, 1.", "47291"),
        ("4729 1", "47291"),
        ("oh four double seven", "0477"),
        ("triple five zero one two three", "5550123"),
        ("twenty one forty two", "2142"),
        ("My order number is 1 2 3 4", "1234"),
        ("I do not have it", None),
    ],
)
def test_digits_one_by_one_or_in_groups(text: str, digits: str | None) -> None:
    assert digits_in(text) == digits
