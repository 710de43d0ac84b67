"""Who answered, from made-up sound and the words in it."""

from __future__ import annotations

import pytest

from campana.domain.answered_by import AnsweredBy, Greeting
from campana.domain.greeting_words import (
    may_be_a_machine,
    sounds_like_a_machine,
    sounds_like_a_screener,
)

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
        [("Mister Brown is not available at the moment, can I take a message?", 4.0)],
        [("He can't come to the phone right now, this is his wife.", 3.4)],
        [("You have reached Riverside Plumbing, how can I help you?", 3.2)],
        [("Would you like to leave a message for him?", 2.2)],
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
        [("I can't take your call.", 1.6)],
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
        ("You have reached Dan. I can't get to the phone.", True),
        ("Our office is closed. Please call back during the day.", True),
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


@pytest.mark.parametrize(
    ("text", "may_be"),
    [
        ("We can't take your call.", True),
        ("Our office is currently closed.", True),
        ("We are away from the office.", True),
        ("Sorry, she is not available, this is her sister.", False),
        ("I can't come down right now, can you leave it at the door?", False),
        ("Hello, Riverside Plumbing.", False),
    ],
)
def test_words_that_decide_only_when_all_has_been_said(text: str, may_be: bool) -> None:
    assert not sounds_like_a_machine(text)
    assert may_be_a_machine(text) is may_be


@pytest.mark.parametrize(
    ("text", "is_screener"),
    [
        ("Please record your name and reason for calling.", True),
        ("I will see if this person is available.", True),
        ("This person is using a call screening service.", True),
        ("Before I try to connect you, say your name.", True),
        ("Leave your name and number after the tone.", False),
        ("May I ask the reason for your call?", False),
        ("Can I have your name and what this is about?", False),
    ],
)
def test_the_words_of_screeners(text: str, is_screener: bool) -> None:
    assert sounds_like_a_screener(text) is is_screener


def test_a_screener() -> None:
    said = "The person you are calling is using a screening service. Say your name."
    assert judge((said, 5.0))[0] is AnsweredBy.SCREENER


def test_whoever_talks_on_and_on_may_be_a_person() -> None:
    assert judge((" ".join(["and then we went to the sea"] * 6), 11.0))[0] is AnsweredBy.UNSURE


def listen(*parts: tuple[float | None, float], spoken: float = 0.0) -> AnsweredBy | None:
    """The verdict after tones of so many hertz (None: silence) for so many seconds."""
    greeting = Greeting()
    for _ in range(round(spoken / CHUNK)):
        greeting.hear(is_speech=True, is_beep=False, seconds=CHUNK)
    for hertz, seconds in parts:
        for place in range(round(seconds / CHUNK)):
            is_beep = hertz is not None and hertz <= 2000 and place >= 6
            greeting.hear(is_speech=False, is_beep=is_beep, seconds=CHUNK, hertz=hertz)
    return greeting.verdict


@pytest.mark.parametrize(
    ("parts", "who"),
    [
        # One that answers, late, and one whose phase turns.
        ([(None, 2.5), (2093.75, 1.2)], AnsweredBy.FAX),
        ([(None, 1.0), *[(2093.75, 0.41), (None, 0.04)] * 4], AnsweredBy.FAX),
        # One that calls; the first half second alone is somebody's beep.
        ([(1093.75, 0.5), (None, 3.0), (1093.75, 0.5), (None, 0.1)], AnsweredBy.FAX),
        ([(1093.75, 0.5), (None, 3.0)], None),
        ([(1093.75, 0.5), (None, 4.6)], AnsweredBy.MACHINE),
        ([(1093.75, 1.0)], AnsweredBy.MACHINE),
        ([(1000.0, 0.5)], AnsweredBy.MACHINE),
        ([(2093.75, 0.5), (None, 3.2)], AnsweredBy.SILENCE),
    ],
)
def test_tones(parts: list[tuple[float | None, float]], who: AnsweredBy | None) -> None:
    assert listen(*parts) is who


def test_the_beep_after_words_is_a_machines_whatever_its_tone() -> None:
    assert listen((1093.75, 0.5), spoken=1.0) is AnsweredBy.MACHINE


def test_after_the_verdict_nothing_changes_it_and_nothing_is_read() -> None:
    greeting = Greeting()
    assert not greeting.hear(is_speech=False, is_beep=False, seconds=3.1)
    assert not greeting.hear(is_speech=True, is_beep=True, seconds=2.0)
    greeting.read("Leave a message after the tone.", spoken_seconds=2.0)
    assert greeting.verdict is AnsweredBy.SILENCE


def test_whoever_may_be_a_person() -> None:
    people = {AnsweredBy.HUMAN, AnsweredBy.UNSURE, AnsweredBy.SILENCE}
    assert {each for each in AnsweredBy if each.may_be_a_person} == people
