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
        "I will be there.",
        "I would love to.",
        "I'd like that very much.",
        "I can talk.",
        "That is fine with me.",
        "I'm good with that.",
        "I think so.",
        "I can't wait.",
        "Don't worry, I will be there.",
        "Yes, who is this?",
        "Yes, one moment.",
        "Well, let me see, yes.",
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
        "Absolutely not.",
        "Of course not.",
        "Definitely not.",
        "I'd rather not.",
        "Yeah, I don't think so.",
        "I doubt it.",
        "I will pass.",
        "Let me check. No.",
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
        "I have another appointment.",
        "I am out of town.",
        "I will be away.",
        "I would prefer Wednesday.",
        "I would like to speak to a manager.",
        "I would like to be removed from your list.",
        "I have a question.",
        "I will have to check my calendar.",
        "That is too early.",
        "It is Maria.",
        "Right now I am at work.",
        "My right knee hurts.",
        "You can call my wife.",
        "I'm fine, thanks.",
        "Are you sure?",
        "Is Wednesday okay?",
        "Who's speaking?",
        "Okay, what is this about?",
        "Can't you do it another day?",
        "Never mind.",
        "Hold on.",
        "Yes, but Wednesday would be better.",
        "Sure, but could we make it Wednesday?",
        "Yes, I can't.",
    ],
)
def test_neither_is_never_guessed(text: str) -> None:
    assert yes_no_in(text) is None
