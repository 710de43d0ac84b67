"""What a whole message means, and what it does not."""

from __future__ import annotations

import pytest

from campana.domain.keywords import (
    ANSWERS,
    LANGUAGES,
    WORDS,
    Heard,
    Keyword,
    answer,
    first_words,
    heard,
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("keyword", Keyword)
def test_every_word_of_every_language_is_heard_however_it_is_written(
    language: str, keyword: Keyword
) -> None:
    for word in WORDS[language][keyword]:
        for text in (word, word.upper(), f"  {word.title()}!! ", f"«{word}».", f"{word} 🙏"):
            found = heard(text, languages=[language])
            assert found is not None, text
            assert found.keyword is keyword, text


@pytest.mark.parametrize(
    ("text", "keyword", "language"),
    [
        ("STOP", Keyword.STOP, None),
        ("s.t.o.p", Keyword.STOP, None),
        ("Please stop", Keyword.STOP, None),
        ("opt-out", Keyword.STOP, "en"),
        ("STOP ALL", Keyword.STOP, "en"),
        ("stopall", Keyword.STOP, "en"),
        ("Don't text me", Keyword.STOP, "en"),
        ("BAJA", Keyword.STOP, "es"),
        ("Baja, por favor", Keyword.STOP, "es"),
        ("ARRÊT", Keyword.STOP, "fr"),
        ("ARRE\u0302T", Keyword.STOP, "fr"),
        ("Désabonnement svp", Keyword.STOP, "fr"),
        ("KÜNDIGEN", Keyword.STOP, "de"),
        ("\uff53\uff54\uff4f\uff50", Keyword.STOP, None),
        ("parar", Keyword.STOP, None),
        ("Start", Keyword.START, "en"),
        ("alta", Keyword.START, "es"),
        ("info?", Keyword.HELP, None),
        ("Hilfe", Keyword.HELP, "de"),
    ],
)
def test_a_message_that_is_a_word_means_it(text: str, keyword: Keyword, language: str) -> None:
    assert heard(text) == Heard(keyword=keyword, language=language)


@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "🙂", "please", "please don't stop", "don't stop", "I'll stop by at 5",
        "the bus stop", "stop it, you", "can you help me with my bill?", "cancel my appointment",
        "yes", "Sí", "no", "baja el volumen", "startup", "STOP" * 100, "no puedo parar de reir",
        "this is the end of the line", "halt the presses",
    ],
)  # fmt: skip
def test_a_message_that_only_holds_a_word_does_not(text: str) -> None:
    assert heard(text) is None


def test_words_of_languages_a_channel_does_not_speak_are_words_like_others() -> None:
    assert heard("baja", languages=["de"]) is None
    assert heard("ende", languages=["de"]) == Heard(keyword=Keyword.STOP, language="de")
    assert heard("stop", languages=[]) == Heard(keyword=Keyword.STOP, language=None)


def test_every_language_has_its_answers_and_the_words_they_name() -> None:
    assert set(ANSWERS) == set(WORDS) == set(LANGUAGES)
    for language, texts in ANSWERS.items():
        assert set(texts) == set(Keyword)
        named = [word for word in texts[Keyword.STOP].split() if word.strip(".").isupper()]
        assert [heard(word, languages=[language]) for word in named], language
        assert all(
            (found := heard(word, languages=[language])) and found.keyword is Keyword.START
            for word in named
        ), language
    assert answer(Keyword.HELP, language="xx") == ANSWERS["en"][Keyword.HELP]


def test_of_an_email_what_was_written_above_the_answered_counts() -> None:
    assert first_words("\n Unsubscribe \n\n> On Monday you wrote:\n> stop") == "Unsubscribe"
    assert first_words("> stop") == ""
