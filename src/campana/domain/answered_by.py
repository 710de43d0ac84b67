"""Who answered a call: a person, or a machine that says so, beeps, or talks on and on.

The rule of thumb of telephony (short greeting and a pause: a person) decides only together with the
words: what machines say gives them away. A person taken for a machine is a call lost, so whatever
is not sure is a person.

      silence ──3 s──▶ SILENCE
      speech ─┬─ a machine's words, a beep, 6 s without a pause ─▶ MACHINE
              ├─ a pause after little speech, other words ───────▶ HUMAN
              └─ 10 s of anything else ──────────────────────────▶ UNSURE
"""

from __future__ import annotations

import re
from enum import StrEnum

from campana.domain.understanding.words import words


class AnsweredBy(StrEnum):
    """Who it was; only `machine` is treated as one."""

    HUMAN = "human"
    MACHINE = "machine"
    SILENCE = "silence"
    UNSURE = "unsure"


SILENCE_SECONDS = 3.0
LIMIT_SECONDS = 10.0
TALKS_ON_SECONDS = 6.0
"""Speech without a pause after which it is no greeting of a person's."""
FIRST_READ_SECONDS, READ_EVERY_SECONDS = 1.2, 0.8
SHORT_SECONDS = 0.9
"""A greeting this short ("Hello?") with a pause after it."""
GREETING_SECONDS = 2.5
PAUSE_SECONDS, LONG_PAUSE_SECONDS, LONGER_PAUSE_SECONDS = 0.6, 0.9, 1.5
"""After a short greeting or a question; after an ordinary one; after a long one. Machines pause
after "Hello." too, but not for long."""

_MACHINE = re.compile(
    r"\b(leave|record) (me |us |your |a |an |the )*(brief |short |detailed )?"
    r"(message|name|number|voice)"
    r"|\bleave (me|us) (a )?message|\bmessage after|\bafter the (tone|beep|signal)"
    r"|\bat the (tone|beep|sound)|\bvoice ?mail|\bmailbox|\bmail box|\banswering machine"
    r"|\b(is|are|am|currently) (not available|unavailable)|\bnot available (at|to|right)"
    r"|\b(cant|cannot|can not|unable to|couldnt|could not) (come|take your|take the|get to|answer)"
    r"|\bmissed your call|\bnot in service|\b(is|are) (currently |now )?closed\b"
    r"|\b(been|being) forwarded|\byouve reached|\byou have reached|\bnot home|\baway from (my|the)"
    r"|\bas soon as (i|we|possible)|\bpress (one|two|1|2|pound|star)\b|\bautomat(ed|ic) (voice|mes)"
    r"|\bthe (person|party|number|customer) you (are|have|were)|\breturn your call"
    r"|\bnot accepting (any )?calls|\bhang up or"
)


def sounds_like_a_machine(text: str) -> bool:
    """Are these the words of a greeting that was recorded?"""
    return _MACHINE.search(" ".join(words(text))) is not None


class Greeting:
    """The first seconds of an answered call. Feed it sound as it comes; `verdict` comes in time."""

    def __init__(self) -> None:
        self.verdict: AnsweredBy | None = None
        self._elapsed = 0.0
        self._spoken = 0.0
        self._in_a_row = 0.0
        self._silent = 0.0
        self._read_at = FIRST_READ_SECONDS
        self._text: str | None = None
        self._read_spoken = -1.0
        """How much speech the text that was read holds."""
        self._asked_for = 0.0
        """How much there was when a reading was last asked for."""

    def hear(self, *, is_speech: bool, is_beep: bool, seconds: float) -> bool:
        """The next piece of sound; answers whether what was said so far is to be read now."""
        if self.verdict is not None:
            return False
        self._elapsed += seconds
        if is_speech:
            self._spoken += seconds
            self._in_a_row += seconds
            self._silent = 0.0
        else:
            self._silent += seconds
            if self._silent > 0.25:
                self._in_a_row = 0.0
        self.verdict = self._heard(is_beep=is_beep)
        return self.verdict is None and self._is_to_be_read()

    def read(self, text: str, *, spoken_seconds: float) -> None:
        """The words of the first `spoken_seconds` of speech."""
        if self.verdict is not None:
            return
        self._text, self._read_spoken = text, spoken_seconds
        if sounds_like_a_machine(text):
            self.verdict = AnsweredBy.MACHINE
        else:
            self.verdict = self._heard(is_beep=False)

    @property
    def spoken_seconds(self) -> float:
        """How much speech there was."""
        return self._spoken

    def _heard(self, *, is_beep: bool) -> AnsweredBy | None:
        if is_beep or self._in_a_row >= TALKS_ON_SECONDS:
            return AnsweredBy.MACHINE
        if self._spoken < 0.1:
            return AnsweredBy.SILENCE if self._elapsed >= SILENCE_SECONDS else None
        is_all_read = self._text is not None and self._read_spoken >= self._spoken - 0.05
        if is_all_read and self._silent >= self._pause_of_a_person(self._text or ""):
            return AnsweredBy.HUMAN
        return AnsweredBy.UNSURE if self._elapsed >= LIMIT_SECONDS else None

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
