"""What is denied, unsure or only asked about is no answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest

from campana.domain.answers import Answer, Choice, Day, Number, Option, from_words
from campana.domain.understanding.asserted import asserted

PART = Choice(
    options=(
        Option(value="morning", phrases=("morning",), key="1"),
        Option(value="afternoon", phrases=("afternoon", "later in the day"), key="2"),
    )
)
WISH = Choice(
    options=(
        Option(value="yes", phrases=("interested", "yes"), key="1"),
        Option(value="no", phrases=("not interested", "I don't want it", "none"), key="2"),
    )
)
COUNT = Number(least=Decimal(0), most=Decimal(50))
FRIDAY = date(2026, 11, 27)


def meant(answer: Answer, text: str, scores: Mapping[str, float]) -> str | None:
    found = from_words(answer, text=text, scores=scores, today=FRIDAY)
    return found.value if found is not None else None


@pytest.mark.parametrize(
    ("answer", "text", "value"),
    [
        (PART, "In the morning, please.", "morning"),
        (PART, "Not the morning, the afternoon.", "afternoon"),
        (PART, "I can't come in the morning, so in the afternoon.", "afternoon"),
        (PART, "I don't mind, the afternoon.", "afternoon"),
        (PART, "Why not the afternoon?", "afternoon"),
        (PART, "Good morning. The afternoon would be better.", "afternoon"),
        (WISH, "I am not interested.", "no"),
        (WISH, "None.", "no"),
        (WISH, "I'm interested.", "yes"),
        (COUNT, "About twenty.", "20"),
        (COUNT, "Not ten, eleven.", "11"),
        (COUNT, "Five point zero.", "5"),
        (Day(), "Not on Tuesday but on Thursday.", "2026-12-03"),
        (Day(), "I can't on Tuesday, Wednesday maybe.", "2026-12-02"),
        (Day(), "Tuesday, the first of December.", "2026-12-01"),
    ],
)
def test_what_is_said_beside_a_denial_counts(answer: Answer, text: str, value: str) -> None:
    assert meant(answer, text, {}) == value


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (PART, "I can't come in the morning."),
        (PART, "Morning doesn't work."),
        (PART, "The morning is bad for me."),
        (PART, "Anything but the morning."),
        (PART, "I don't know, morning?"),
        (PART, "Is the morning still free?"),
        (PART, "What was the first one?"),
        (PART, "Good morning."),
        (WISH, "I don't know."),
        (COUNT, "Not ten."),
        (COUNT, "One moment."),
        (COUNT, "I'm not sure, maybe five."),
        (COUNT, "More than five."),
        (COUNT, "Between five and ten."),
        (Day(), "Not Tuesday."),
        (Day(), "Any day but Tuesday."),
        (Day(), "Tuesday doesn't work."),
        (Day(), "The thirty first of November."),
    ],
)
def test_what_is_only_denied_or_asked_is_never_guessed(answer: Answer, text: str) -> None:
    # However well the sound of the word fits.
    assert meant(answer, text, {"morning": -0.1}) is None


def test_nothing_is_left_of_nothing() -> None:
    assert asserted("") is None
