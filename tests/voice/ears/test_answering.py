"""Who answered, by the models and rules of a call, from greetings as a telephone brings them.

The whole trial is `bench/answering/run.py`; here are a few of its greetings, of all kinds.
"""

from __future__ import annotations

from functools import cache
from random import Random  # noqa: TID251 - seeded, so every run is the same

import pytest

pytest.importorskip("ctranslate2")
pytest.importorskip("hibari")

from campana.domain.answered_by import AnsweredBy
from campana.voice.ears.hearing import Models, load
from campana.voice.media import PHONE_RATE, resample, trim
from campana.voice.speech import Hibari
from tests.support.answering import judged
from tests.support.greetings import HELD_BACK, LEARNED, Greeting
from tests.support.phone_line import Line, heard

pytestmark = [pytest.mark.voice, pytest.mark.timeout(120)]

QUIET = Line("none", 25.0, 0.08, 0.4)
HISSING = Line("hiss", 18.0, 0.05, 0.6)
KINDS = (
    "short",
    "name",
    "relay",
    "late",
    "child",
    "personal",
    "carrier",
    "full",
    "beep",
    "phone",
    "fax",
)
"""One greeting of each kind and half."""


@pytest.fixture(scope="module")
def models() -> Models:
    return load()


@cache
def _voice(pitch: float) -> Hibari:
    return Hibari(pitch=pitch)


@cache
def say(pitch: float, text: str) -> bytes:
    voice = _voice(pitch)
    pcm = b"".join(map(voice.speak, voice.sentences(text)))
    return trim(resample(pcm, source=voice.rate, target=PHONE_RATE), rate=PHONE_RATE)


def picked() -> list[Greeting]:
    return [
        next(each for each in half if each.kind == kind)
        for half in (LEARNED, HELD_BACK)
        for kind in KINDS
    ]


@pytest.mark.parametrize("greeting", picked(), ids=lambda each: each.text[:40])
def test_whoever_answers_is_told_apart(models: Models, greeting: Greeting) -> None:
    dice = Random(greeting.text)  # noqa: S311 - no secret
    way = HISSING if dice.random() < 0.5 else QUIET
    pcm = heard(
        greeting.text,
        lambda text: say(0.86, text),
        lambda text: say(1.0, text),
        way,
        dice,
    )
    found = judged(models, pcm)
    if greeting.truth == "human":
        assert found.who.may_be_a_person, found
    else:
        assert found.who is AnsweredBy(greeting.truth), found
