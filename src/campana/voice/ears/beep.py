"""The beep after a machine's greeting: one steady tone, and nothing else, for a fifth of a second.

Speech is never so pure for so long; a key (two tones) and a ring tone (two tones in North America)
are not one.
"""

from __future__ import annotations

from collections import deque
from functools import cache

import numpy as np
from numpy.typing import NDArray

from campana.voice.ears.vad import CHUNK_SAMPLES, RATE

LOWEST_HERTZ, HIGHEST_HERTZ = 400.0, 2000.0
HIGHEST_TONE_HERTZ = 2250.0
"""Of a tone that is none of a machine's beeps: a fax answers at 2100 Hz."""
SECONDS = 0.2
"""How long it must last. Half a second or a second is usual, a fifth the shortest we know of."""
_PURE = 0.85
"""Part of the energy that lies around the strongest frequency."""
_QUIET = 0.003
"""Level, of full scale, below which a tone is not listened to (-50 dB)."""
_BIN_HERTZ = RATE / CHUNK_SAMPLES
_TONE_HERTZ = 15.0
_CHUNKS = round(SECONDS * RATE / CHUNK_SAMPLES)


class BeepDetector:
    """Listens to one call, 256 samples of 8 kHz at a time."""

    def __init__(self) -> None:
        self._hertz = 0.0
        self._tones: deque[bytes] = deque(maxlen=_CHUNKS)
        """The last chunks, as long as each was one and the same tone."""

    def is_beep(self, chunk: bytes) -> bool:
        """Has a beep been sounding for long enough by the end of this chunk?"""
        hertz = _pure_tone(chunk, within=_BIN_HERTZ)
        if hertz is None:
            self._tones.clear()
            return False
        if abs(hertz - self._hertz) > _BIN_HERTZ + 1:
            self._tones.clear()
        self._hertz = hertz
        self._tones.append(chunk)
        if len(self._tones) < _CHUNKS or hertz > HIGHEST_HERTZ:
            return False
        # Seen for so long, a ring of 440 and 480 Hz falls apart into two.
        return _pure_tone(b"".join(self._tones), within=_TONE_HERTZ) is not None

    @property
    def hertz(self) -> float | None:
        """The frequency of the last chunk if it was a pure tone, to the next 31 Hz."""
        return self._hertz if self._tones else None


@cache
def _hann(count: int) -> NDArray[np.float64]:
    return np.hanning(count)


def _pure_tone(pcm: bytes, *, within: float) -> float | None:
    """The frequency of the one tone that this is, if it is one."""
    sound = np.frombuffer(pcm, "<i2").astype(np.float64) / 32768
    if float(sound @ sound) < len(sound) * _QUIET**2:
        return None
    turned = np.fft.rfft(sound * _hann(len(sound)))
    power = turned.real**2 + turned.imag**2
    width = RATE / len(sound)
    peak = int(power.argmax())
    hertz = peak * width
    if not LOWEST_HERTZ <= hertz <= HIGHEST_TONE_HERTZ:
        return None
    bins = max(2, round(within / width))
    around = power[max(0, peak - bins) : peak + bins + 1].sum()
    return hertz if around / power.sum() >= _PURE else None
