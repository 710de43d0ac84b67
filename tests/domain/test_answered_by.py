"""Who answered, from made-up sound and the words in it."""

from __future__ import annotations

import pytest

from campana.domain.answered_by import AnsweredBy, Greeting, sounds_like_a_machine

CHUNK = 0.032


def judge(*parts: tuple[str, float] | str, limit: float = 12.0) -> tuple[AnsweredBy | None, float]:
    """The verdict and when it came. A part is words and how long they take; `""` is silence."""
    greeting, elapsed, so_far = Greeting(), 0.0, ""
    for part in (*parts, ("", limit)):
        words, seconds = (part, 0.3) if isinstance(part, str) else part
        count = round(seconds / CHUNK)
        for place in range(count):
            is_beep = words == "<beep>"
            wants = greeting.hear(
                is_speech=bool(words) and not is_beep, is_beep=is_beep, seconds=CHUNK
            )
            elapsed += CHUNK
            if words and not is_beep:
                said = words.split()
                heard = said[: max(1, len(said) * (place + 1) // count)]
            else:
                heard = []
            if wants:
                text = " ".join([so_far, *heard]).strip()
                greeting.read(text, spoken_seconds=greeting.spoken_seconds)
            if greeting.verdict is not None or elapsed > limit:
                return greeting.verdict, elapsed
        so_far = f"{so_far} {words}" if words and words != "<beep>" else so_far
    return greeting.verdict, elapsed


@pytest.mark.parametrize(
    "parts",
    [
        [("", 0.5), ("Hello?", 0.4)],
        [("Yes?", 0.3)],
        [("", 1.0), ("This is Maria speaking.", 1.4)],
        [("Good afternoon, Riverside Plumbing, how can I help you?", 3.0)],
        [("Hello", 0.4), ("", 0.3), ("who is this?", 0.8)],
        [("Smith residence.", 1.0)],
    ],
)
def test_a_person(parts: list[tuple[str, float]]) -> None:
    verdict, seconds = judge(*parts)
    assert verdict is AnsweredBy.HUMAN
    assert seconds <= sum(part[1] for part in parts) + 1.6


@pytest.mark.parametrize(
    "parts",
    [
        [("Hi, you have reached Maria. Please leave a message after the tone.", 4.0)],
        [("Hello.", 0.5), ("", 0.4), ("I can't come to the phone right now.", 2.2)],
        [("The person you are calling is not available.", 2.5)],
        [("", 0.8), ("<beep>", 0.5)],
        [(" ".join(["word"] * 20), 8.0)],
    ],
)
def test_a_machine(parts: list[tuple[str, float]]) -> None:
    assert judge(*parts)[0] is AnsweredBy.MACHINE


def test_nobody_says_anything() -> None:
    verdict, seconds = judge(("", 10.0))
    assert verdict is AnsweredBy.SILENCE
    assert 2.9 < seconds < 3.2


def test_what_is_not_sure_is_said_to_be_so() -> None:
    parts = [part for _ in range(8) for part in (("well you see", 1.2), ("", 0.4))]
    assert judge(*parts)[0] is AnsweredBy.UNSURE


@pytest.mark.parametrize(
    ("text", "is_machine"),
    [
        ("Please record your message.", True),
        ("You've reached the voicemail box of five five five.", True),
        ("Leave your name and number and I will call you back.", True),
        ("The mailbox is full.", True),
        ("We can't take your call.", True),
        ("Our office is currently closed.", True),
        ("Press one to leave a message.", True),
        ("Hello, Riverside Plumbing.", False),
        ("Can I take a message?", False),
        ("Yes, hello, can you hear me?", False),
        ("I can't talk right now.", False),
        ("Who is calling?", False),
        ("I am available on Tuesday.", False),
    ],
)
def test_the_words_of_machines(text: str, is_machine: bool) -> None:
    assert sounds_like_a_machine(text) is is_machine
