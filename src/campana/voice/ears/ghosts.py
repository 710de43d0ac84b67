"""Words that nobody said: what Whisper writes when it is given noise, tones or too little sound.

Seen in trials: silence becomes ". . .", a ring tone "Beep Beep", a beep or a key "You", a short
noise "Thank you."; in a short window a row of digits goes round and round.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_ALWAYS = frozenset({"you", "bye bye bye", "thanks for watching", "the", "so"})
_IN_SHORT_SOUND = frozenset(
    {"thank you", "thanks", "bye", "hmm", "mm", "i", "oh", "uh", "um", "shh", "okay bye"}
)
"""Likely in less than `SHORT_SECONDS` of sound that somebody did not speak in."""
SHORT_SECONDS = 0.4
WORDS_PER_SECOND = 6.0
"""Nobody speaks faster for long: what says more was made up."""
_NOTES = re.compile(r"\[[^\]]*\]|\([^)]*\)|♪[^♪]*♪?")
_WORD = re.compile(r"[\w']+")
_BEEPS = re.compile(r"beep( beep)*( be{0,2})?")
"""The last may be cut off."""


def real_words(text: str, *, spoken_seconds: float) -> str:
    """`text` without notes, loops and ghosts; empty when nothing is left.

    Args:
        text: as the model wrote it.
        spoken_seconds: how long there was speech in the sound.
    """
    text = _NOTES.sub(" ", text)
    text = " ".join(cut_loops(text.split(), spoken_seconds=spoken_seconds))
    plain = " ".join(_WORD.findall(text.lower()))
    # Stars stand for what the makers of subtitles did not write: it is noise, or helps nobody.
    if not plain or plain in _ALWAYS or _BEEPS.fullmatch(plain) or set(plain.split()) == {"f"}:
        return ""
    if spoken_seconds < SHORT_SECONDS and plain in _IN_SHORT_SOUND:
        return ""
    return text


def cut_loops(words: Sequence[str], *, spoken_seconds: float) -> list[str]:
    """`words` up to where they begin to go round: a phrase three times in a row, or one twice in
    less time than it takes to say."""
    is_too_fast = len(words) > max(3.0, WORDS_PER_SECOND * spoken_seconds)
    plain = ["".join(_WORD.findall(word.lower())) for word in words]
    for length in range(2, len(words) // 2 + 1):
        for start in range(len(words) - 2 * length + 1):
            phrase = plain[start : start + length]
            times = 1
            while plain[start + times * length : start + (times + 1) * length] == phrase:
                times += 1
            is_one_word = len(set(phrase)) == 1
            if (times >= 3 and not is_one_word) or (times >= 2 and is_too_fast):
                return list(words[: start + length])
    return list(words)


def goes_round(text: str) -> bool:
    """Does it begin again, and say nothing else up to its end? "25, 25." and "4, 7, 2, 4, 7" do."""
    words = _WORD.findall(text.lower())
    halves = range(1, len(words) * 2 // 3 + 1)
    return any(words[length:] == words[: len(words) - length] for length in halves)
