"""The tones of a fax, from the one tone that sounds in each piece of a call, if one does.

One that answers sends 2100 Hz for three seconds (T.30, V.8, modems too); one that calls sends half
a second of 1100 Hz each three and a half. A single half second of it may be an answering machine's
beep, so two are waited for: what is taken for a fax is not called again.
"""

from __future__ import annotations

ANSWER_HERTZ, CALL_HERTZ = 2100.0, 1100.0
WIDTH_HERTZ = 38.0
ANSWER_SECONDS = 0.9
"""Of 2100 Hz; turns of its phase are gaps of a few hundredths."""
_GAP_SECONDS = 0.15
_BURST_LEAST, _BURST_MOST = 0.35, 0.65
_REST_LEAST, _REST_MOST = 2.6, 3.6


class FaxTones:
    """Listens for both. Feed it each piece of sound, once."""

    def __init__(self) -> None:
        self.is_fax = False
        self._answer = self._gap = 0.0
        self._burst = 0.0
        self._since: float | None = None
        """How long ago a burst ended that may have been the first."""

    @property
    def may_be(self) -> bool:
        """Is something sounding, or to be waited for, that would be one?"""
        return self._answer > 0 or 0 < self._burst <= _BURST_MOST or self._since is not None

    def hear(self, hertz: float | None, *, seconds: float) -> None:
        """The next piece: the frequency of the tone it is, or None for anything else."""
        self._hear_answer(_is_near(hertz, ANSWER_HERTZ), seconds)
        self._hear_call(_is_near(hertz, CALL_HERTZ), seconds)

    def _hear_answer(self, is_tone: bool, seconds: float) -> None:
        if is_tone:
            self._answer, self._gap = self._answer + seconds, 0.0
        elif self._answer:
            self._gap += seconds
            if self._gap > _GAP_SECONDS:
                self._answer = 0.0
        if self._answer >= ANSWER_SECONDS:
            self.is_fax = True

    def _hear_call(self, is_tone: bool, seconds: float) -> None:
        if self._since is not None:
            self._since += seconds
            if self._since > _REST_MOST + _BURST_MOST:
                self._since = None
        if is_tone:
            self._burst += seconds
            return
        burst, self._burst = self._burst, 0.0
        if not _BURST_LEAST <= burst <= _BURST_MOST:
            return
        if self._since is not None and self._since - burst >= _REST_LEAST:
            self.is_fax = True
        self._since = 0.0


def _is_near(hertz: float | None, wanted: float) -> bool:
    return hertz is not None and abs(hertz - wanted) <= WIDTH_HERTZ
