"""Which names can be told from another, and which cannot."""

from __future__ import annotations

import pytest

from campana.domain.naming import problem_of


@pytest.mark.parametrize(
    "name",
    [
        "A",
        " Reminder ",
        "Recordatorio de mañana",
        "Напоминание",
        "תזכורת",
        "\u0645\u06cc\u200c\u062e",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "e\u0301",
    ],
)
def test_people_may_name_things_in_any_script(name: str) -> None:
    assert problem_of(name) is None


@pytest.mark.parametrize("name", ["", " ", "\u00a0", "\u2003\u3000", "\u200b", "\u3164", "\u0301"])
def test_a_name_that_shows_nothing_is_none(name: str) -> None:
    assert problem_of(name) == "must have at least one character that is seen"


@pytest.mark.parametrize("name", ["a\nb", "a\tb", "a\0", "a\x7f", "a\u2028b", "\x85"])
def test_a_name_is_one_line(name: str) -> None:
    assert problem_of(name) == "must have no line breaks and no control characters"


@pytest.mark.parametrize("name", ["a\u202egnp", "\u200fa", "a\u2066b\u2069"])
def test_a_name_turns_nothing_around(name: str) -> None:
    assert problem_of(name) == "must have no marks that turn the direction of a text"
