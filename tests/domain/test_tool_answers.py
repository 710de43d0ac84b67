"""What is kept of a program's answer."""

from __future__ import annotations

import pytest

from campana.domain.tool_answers import MOST_CHARACTERS, kept

BODY = """{"day": "Tuesday  the\\nfirst", "left": 3, "price": 2.5, "open": true, "none": null,
 "slots": [{"day": "Monday"}, {"day": "Friday"}], "0": "zero"}"""


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("day", "Tuesday the first"),
        ("left", "3"),
        ("price", "2.5"),
        ("open", "true"),
        ("slots.1.day", "Friday"),
        ("0", "zero"),
    ],
)
def test_keeps_plain_values_by_their_path(path: str, value: str) -> None:
    assert kept(BODY, {"x": path}) == {"x": value}


@pytest.mark.parametrize(
    "path", ["nothing", "none", "slots", "slots.0", "slots.2.day", "slots.day", "day.x", "slots.-1"]
)
def test_a_value_that_is_not_there_is_no_answer(path: str) -> None:
    assert kept(BODY, {"day": "day", "x": path}) is None


@pytest.mark.parametrize("answer", ["", "booked", "[" * 100_000, '{"x": NaN}', "null"])
def test_what_is_no_json_answers_only_who_asks_for_no_value(answer: str) -> None:
    assert kept(answer, {"x": "x"}) is None
    assert kept(answer, {}) == {}


def test_a_long_value_is_cut() -> None:
    assert kept('{"x": "' + "a" * 9_000 + '"}', {"x": "x"}) == {"x": "a" * MOST_CHARACTERS}
