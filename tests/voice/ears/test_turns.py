"""Turns from made-up probabilities: when somebody begins, pauses, goes on and is done."""

from __future__ import annotations

from random import Random  # noqa: TID251 - seeded, so every run is the same

from campana.voice.ears.turns import CHUNK_SECONDS, END_SECONDS, MOST_SECONDS, Moment, TurnDetector

CHUNK = bytes(512)


def moments(
    *parts: tuple[float, float], end_seconds: float = END_SECONDS
) -> list[tuple[Moment, int]]:
    """What happens and at which millisecond; a part is a probability and how long it lasts."""
    turns = TurnDetector(end_seconds=end_seconds)
    found: list[tuple[Moment, int]] = []
    elapsed = 0.0
    for probability, seconds in parts:
        for _ in range(round(seconds / CHUNK_SECONDS)):
            elapsed += CHUNK_SECONDS
            moment = turns.hear(CHUNK, probability)
            if moment is not None:
                found.append((moment, round(1000 * elapsed)))
                if moment in {Moment.ENDED, Moment.DROPPED}:
                    turns.forget()
    return found


def test_a_sentence() -> None:
    assert moments((0, 0.96), (0.9, 0.96), (0, 0.96)) == [
        (Moment.STARTED, 1056),
        (Moment.PAUSED, 2176),
        (Moment.ENDED, 2624),
    ]


def test_another_silence_may_end_it() -> None:
    for end_seconds, ended in ((0.3, 2208), (1.5, 3424)):
        assert moments((0, 0.96), (0.9, 0.96), (0, 2.56), end_seconds=end_seconds) == [
            (Moment.STARTED, 1056),
            (Moment.PAUSED, 2176),
            (Moment.ENDED, ended),
        ]


def test_a_pause_within_a_sentence_does_not_end_it() -> None:
    kinds = [kind for kind, _ in moments((0.9, 0.64), (0, 0.48), (0.9, 0.64), (0, 0.96))]
    assert kinds == [Moment.STARTED, Moment.PAUSED, Moment.RESUMED, Moment.PAUSED, Moment.ENDED]


def test_a_click_is_nothing_and_a_cough_is_dropped() -> None:
    assert moments((0, 0.32), (0.9, 0.064), (0, 1.6)) == []
    kinds = [kind for kind, _ in moments((0.9, 0.128), (0, 1.6))]
    assert kinds == [Moment.STARTED, Moment.DROPPED]


def test_a_soft_end_of_a_word_is_still_speech() -> None:
    assert [kind for kind, _ in moments((0.9, 0.32), (0.4, 0.64), (0, 0.32))] == [
        Moment.STARTED,
        Moment.PAUSED,
    ]


def test_nobody_speaks_for_ever() -> None:
    kinds = [kind for kind, _ in moments((0.9, MOST_SECONDS + 1))]
    assert kinds[:2] == [Moment.STARTED, Moment.ENDED]


def test_the_sound_has_a_little_from_before() -> None:
    turns = TurnDetector()
    for _ in range(30):
        turns.hear(CHUNK, 0.0)
    for _ in range(10):
        turns.hear(CHUNK, 0.9)
    assert len(turns.sound) == 512 * (9 + 7)
    assert round(turns.spoken_seconds, 3) == 0.32


def test_nothing_is_told_sooner_than_it_says() -> None:
    chance = Random(7)  # noqa: S311 - no secret
    turns = TurnDetector()
    told: set[Moment | None] = set()
    place = promised = 0
    for _ in range(400):
        probability = chance.choice((0.0, 0.9))
        for _ in range(chance.choice((1, 2, 3, 5, 9, 12, 25))):
            place += 1
            moment = turns.hear(CHUNK, probability)
            # The beginning of a hush is waited for as well.
            is_new_hush = turns.is_hushed and round(turns.quiet_seconds / CHUNK_SECONDS) == 4
            if moment is not None or is_new_hush:
                assert place >= promised, f"{moment} came {promised - place} chunks too soon"
            if moment in {Moment.ENDED, Moment.DROPPED}:
                turns.forget()
                promised = 0
            told.add(moment)
            promised = max(promised, place + turns.chunks_to_wait)
    assert told == {None, *Moment}
