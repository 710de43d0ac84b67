"""One of some answers, by its words or by its place."""

from __future__ import annotations

import pytest

from campana.domain.understanding.choices import choice_in

DAYS = {
    "monday": ["Monday"],
    "tuesday": ["Tuesday"],
    "tuesday_evening": ["Tuesday evening", "Tuesday night"],
    "check": ["a check up"],
    "never": ["none of these", "no day", "neither"],
}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Monday.", "monday"),
        ("I would like Monday, please.", "monday"),
        ("Mondays are good.", "monday"),
        ("Tuesday evening.", "tuesday_evening"),
        ("Tuesday night would be better.", "tuesday_evening"),
        ("Not Monday, Tuesday.", "tuesday"),
        ("Monday, no wait, Tuesday.", "tuesday"),
        ("The second one.", "tuesday"),
        ("Option three", "tuesday_evening"),
        ("Number 1", "monday"),
        ("The last one.", "never"),
        ("None of these.", "never"),
        ("No day is good.", "never"),
        ("I would like a checkup.", "check"),
    ],
)
def test_the_answer_that_was_said(text: str, answer: str) -> None:
    assert choice_in(text, DAYS) == answer


@pytest.mark.parametrize(
    "text",
    ["", "Monday or Tuesday.", "Wednesday.", "Who is this?", "The ninth one.", "Not Monday."],
)
def test_none_or_two_is_never_guessed(text: str) -> None:
    assert choice_in(text, DAYS) is None
