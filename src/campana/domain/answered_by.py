"""Who answered a call: a person, or a machine that says so or beeps.

The rule of thumb of telephony (short greeting and a pause: a person) decides only together with the
words: what machines say gives them away. A person taken for a machine is a call lost, so whatever
is not sure is a person. That somebody talks on and on says nothing: people do, and where others
talk in the same room it never ends.

      silence ──3 s──▶ SILENCE
      2100 Hz, or 1100 Hz on and off ──────────────────────────────▶ FAX
      speech ─┬─ an assistant asks who calls ──────────────────────▶ SCREENER
              ├─ a machine's words, or a beep ─────────────────────▶ MACHINE
              ├─ a pause: words that may be a machine's ───────────▶ MACHINE
              ├─ a pause after little speech, other words ─────────▶ HUMAN
              └─ 10 s of anything else ────────────────────────────▶ UNSURE
"""

from __future__ import annotations

from enum import StrEnum

from campana.domain.fax_tones import FaxTones
from campana.domain.greeting_words import (
    may_be_a_machine,
    sounds_like_a_machine,
    sounds_like_a_screener,
)


class AnsweredBy(StrEnum):
    """Who it was; whoever may be a person is treated as one."""

    HUMAN = "human"
    MACHINE = "machine"
    """A recording: a mailbox, an announcement, a menu."""
    SCREENER = "screener"
    """An assistant that asks who calls and why before a person comes."""
    FAX = "fax"
    """Or a modem: nobody will ever talk there."""
    SILENCE = "silence"
    UNSURE = "unsure"

    @property
    def may_be_a_person(self) -> bool:
        """Is the bot to talk?"""
        return self in {AnsweredBy.HUMAN, AnsweredBy.SILENCE, AnsweredBy.UNSURE}


SILENCE_SECONDS = 3.0
LIMIT_SECONDS = 10.0
FIRST_READ_SECONDS, READ_EVERY_SECONDS = 1.2, 0.8
SHORT_SECONDS = 0.9
"""A greeting this short ("Hello?") with a pause after it."""
GREETING_SECONDS = 2.5
PAUSE_SECONDS, LONG_PAUSE_SECONDS, LONGER_PAUSE_SECONDS = 0.6, 0.9, 1.5
"""After a short greeting or a question; after an ordinary one; after a long one. Machines pause
after "Hello." too, but not for long."""


class Greeting:
    """The first seconds of an answered call. Feed it sound as it comes; `verdict` comes in time."""

    def __init__(self, *, patience: float = SILENCE_SECONDS) -> None:
        """`patience` is how long nobody need say anything."""
        self._patience = patience
        self._fax = FaxTones()
        self._has_beeped = False
        self.verdict: AnsweredBy | None = None
        self._elapsed = 0.0
        self._spoken = 0.0
        self._silent = 0.0
        self._read_at = FIRST_READ_SECONDS
        self._text: str | None = None
        self._read_spoken = -1.0
        """How much speech the text that was read holds."""
        self._asked_for = 0.0
        """How much there was when a reading was last asked for."""

    def hear(
        self, *, is_speech: bool, is_beep: bool, seconds: float, hertz: float | None = None
    ) -> bool:
        """The next piece of sound; answers whether what was said so far is to be read now.

        Args:
            is_speech: somebody speaks in it.
            is_beep: it ends a fifth of a second of one tone.
            seconds: how long it is.
            hertz: the frequency of the one tone that it is, if it is one.
        """
        if self.verdict is not None:
            return False
        self._elapsed += seconds
        self._fax.hear(hertz, seconds=seconds)
        self._has_beeped = self._has_beeped or is_beep
        if is_speech:
            self._spoken += seconds
            self._silent = 0.0
        else:
            self._silent += seconds
        self.verdict = self._heard()
        return self.verdict is None and self._is_to_be_read()

    def read(self, text: str, *, spoken_seconds: float) -> None:
        """The words of the first `spoken_seconds` of speech."""
        if self.verdict is not None:
            return
        self._text, self._read_spoken = text, spoken_seconds
        if sounds_like_a_screener(text):
            self.verdict = AnsweredBy.SCREENER
        elif sounds_like_a_machine(text):
            self.verdict = AnsweredBy.MACHINE
        else:
            self.verdict = self._heard()

    @property
    def spoken_seconds(self) -> float:
        """How much speech there was."""
        return self._spoken

    def _heard(self) -> AnsweredBy | None:
        if self._fax.is_fax:
            return AnsweredBy.FAX
        text = self._text or ""
        if self._spoken < 0.1:
            return self._without_words()
        if self._has_beeped:
            return AnsweredBy.MACHINE
        is_all_read = self._text is not None and self._read_spoken >= self._spoken - 0.05
        if is_all_read and self._silent >= self._pause_of_a_person(text):
            return AnsweredBy.MACHINE if may_be_a_machine(text) else AnsweredBy.HUMAN
        if self._elapsed < LIMIT_SECONDS:
            return None
        return AnsweredBy.MACHINE if may_be_a_machine(text) else AnsweredBy.UNSURE

    def _without_words(self) -> AnsweredBy | None:
        if self._fax.may_be:
            return None
        if self._has_beeped:
            return AnsweredBy.MACHINE
        return AnsweredBy.SILENCE if self._elapsed >= self._patience else None

    def _pause_of_a_person(self, text: str) -> float:
        if self._spoken <= SHORT_SECONDS or text.rstrip().endswith("?"):
            return PAUSE_SECONDS
        return LONG_PAUSE_SECONDS if self._spoken <= GREETING_SECONDS else LONGER_PAUSE_SECONDS

    def _is_to_be_read(self) -> bool:
        if self._spoken >= self._read_at:
            self._read_at = self._spoken + READ_EVERY_SECONDS
            self._asked_for = self._spoken
            return True
        is_new = self._spoken >= 0.1 and self._asked_for < self._spoken - 0.05
        if is_new and self._silent >= PAUSE_SECONDS / 2:
            self._asked_for = self._spoken
            return True
        return False
