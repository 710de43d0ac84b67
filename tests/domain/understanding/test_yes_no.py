"""Yes and no in the ways people say them."""

from __future__ import annotations

import pytest

from campana.domain.understanding.yes_no import yes_no_in


@pytest.mark.parametrize(
    "text",
    [
        "Yes.",
        "Yes, I can come.",
        "Yeah, sure.",
        "Yep",
        "Okay.",
        "That is correct.",
        "That works for me.",
        "Absolutely, go ahead.",
        "Of course.",
        "Um, yes please.",
        "I can.",
        "Yes, no problem.",
        "No problem.",
        "Why not?",
        "Right.",
        "Sounds good.",
        "Yes, I do not mind.",
        "It is.",
        "Uh-huh.",
        "Sure, Tuesday is fine.",
    ],
)
def test_yes(text: str) -> None:
    assert yes_no_in(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "No.",
        "No, thank you.",
        "Nope.",
        "No, Tuesday does not work for me.",
        "I can't.",
        "I cannot come.",
        "Not really.",
        "I'm afraid I can't make it.",
        "That is not correct.",
        "No, I am not interested.",
        "Yeah, no.",
        "I won't be there.",
        "That doesn't work.",
        "Unfortunately I am away.",
        "I am not.",
        "No, that's wrong.",
        "Sorry, you have the wrong number.",
    ],
)
def test_no(text: str) -> None:
    assert yes_no_in(text) is False


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I don't know.",
        "Maybe.",
        "I am not sure.",
        "Yes and no.",
        "No, wait, yes.",
        "Yes, no, wait.",
        "What did you say?",
        "Tuesday.",
        "Who is this?",
        "It depends.",
    ],
)
def test_neither_is_never_guessed(text: str) -> None:
    assert yes_no_in(text) is None
