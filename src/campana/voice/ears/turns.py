"""When somebody begins to speak, pauses, goes on, and has said what they wanted to say.

A pause is looked at three times. After an eighth of a second it may become one, and what was said
can be read in the meantime; after a quarter what was said can be understood, and when that is an
answer nobody waits longer; else it takes `END_SECONDS`, so that "No, … Tuesday is not good" stays
one sentence.
"""

from __future__ import annotations

from enum import StrEnum

CHUNK_SECONDS = 0.032
CHUNK_BYTES = 512
START_SECONDS = 0.096
"""Speech that long is somebody speaking: less is a click."""
HUSH_SECONDS = 0.128
PAUSE_SECONDS = 0.256
END_SECONDS = 0.704
RESUME_SECONDS = 0.064
LEAST_SECONDS = 0.192
"""Less speech than this is not worth reading: it would be made up."""
MOST_SECONDS = 20.0
BEFORE_SECONDS = 0.3
"""Kept of the time before: the first sound of a word is soft."""
IS_SPEECH, IS_STILL_SPEECH = 0.5, 0.35
"""Probability at which speech begins, and under which it ends."""


class Moment(StrEnum):
    """What a chunk of sound brought."""

    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    ENDED = "ended"
    DROPPED = "dropped"
    """It was over before it was worth reading."""


class TurnDetector:
    """One call's turns, from the probability of speech in each chunk of 32 ms."""

    def __init__(self, *, end_seconds: float = END_SECONDS) -> None:
        """After `end_seconds` of silence, more than a pause, they have said what they wanted."""
        self._end_seconds = end_seconds
        self.is_speaking = False
        """Between STARTED and ENDED or DROPPED."""
        self.is_speech = False
        """Was the last chunk speech?"""
        self.spoken_seconds = 0.0
        """How much of the turn was speech."""
        self._sound = bytearray()
        self._before: list[bytes] = []
        self._run = 0.0
        """How long the last chunks have been all speech, or all silence."""
        self._is_paused = False

    @property
    def sound(self) -> bytes:
        """The turn so far, with a little from before it."""
        return bytes(self._sound)

    @property
    def quiet_seconds(self) -> float:
        """For how long nothing has been said."""
        return 0.0 if self.is_speech else self._run

    @property
    def is_hushed(self) -> bool:
        """May this be the beginning of a pause, after something worth reading?"""
        is_quiet = not self.is_speech and _reached(self._run, HUSH_SECONDS)
        is_open = self.is_speaking and not self._is_paused
        return is_open and is_quiet and self.spoken_seconds >= LEAST_SECONDS

    @property
    def chunks_to_wait(self) -> int:
        """With fewer more chunks than this nothing new can be told, whatever is in them."""
        if not self.is_speaking:
            return _chunks(START_SECONDS - (self._run if self.is_speech else 0.0))
        if self.is_speech:
            return _chunks(RESUME_SECONDS - self._run if self._is_paused else HUSH_SECONDS)
        marks = (HUSH_SECONDS, PAUSE_SECONDS, self._end_seconds)
        waited = next((each for each in marks if not _reached(self._run, each)), 0.0)
        left = _chunks(waited - self._run)
        return min(left, _chunks(RESUME_SECONDS)) if self._is_paused else left

    def hear(self, chunk: bytes, probability: float) -> Moment | None:
        """Take in the next chunk."""
        is_speech = probability > (IS_STILL_SPEECH if self.is_speech else IS_SPEECH)
        same = is_speech is self.is_speech
        self._run = self._run + CHUNK_SECONDS if same else CHUNK_SECONDS
        self.is_speech = is_speech
        if not self.is_speaking:
            return self._waiting(chunk)
        self._sound += chunk
        self.spoken_seconds += CHUNK_SECONDS if is_speech else 0.0
        if is_speech:
            return self._going_on()
        return self._silent()

    def forget(self) -> None:
        """The turn was dealt with: what comes next is another one."""
        self.is_speaking = self._is_paused = False
        self.spoken_seconds = 0.0
        self._sound.clear()
        self._before.clear()

    def _waiting(self, chunk: bytes) -> Moment | None:
        self._before.append(chunk)
        del self._before[: -round(BEFORE_SECONDS / CHUNK_SECONDS)]
        if not self.is_speech or not _reached(self._run, START_SECONDS):
            return None
        self.is_speaking = True
        self.spoken_seconds = self._run
        self._sound += b"".join(self._before)
        return Moment.STARTED

    def _going_on(self) -> Moment | None:
        if len(self._sound) >= MOST_SECONDS / CHUNK_SECONDS * CHUNK_BYTES:
            return Moment.ENDED
        if self._is_paused and _reached(self._run, RESUME_SECONDS):
            self._is_paused = False
            return Moment.RESUMED
        return None

    def _silent(self) -> Moment | None:
        if _reached(self._run, self._end_seconds):
            return Moment.ENDED if self._is_paused else Moment.DROPPED
        is_enough = self.spoken_seconds >= LEAST_SECONDS
        if not self._is_paused and is_enough and _reached(self._run, PAUSE_SECONDS):
            self._is_paused = True
            return Moment.PAUSED
        return None


def _chunks(seconds: float) -> int:
    return max(1, round(seconds / CHUNK_SECONDS))


def _reached(run: float, seconds: float) -> bool:
    return run > seconds - CHUNK_SECONDS / 2
