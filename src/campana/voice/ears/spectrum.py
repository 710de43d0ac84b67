"""The picture of a sound that Whisper reads: 80 bands of the mel scale, a hundred columns a second.

The scale is Slaney's (linear below 1 kHz, logarithmic above), the window Hann's of 25 ms, as in
OpenAI's published model; on the same sound the words are the same as with the reference.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
COLUMNS_PER_SECOND = 100
BANDS = 80
_WINDOW, _STEP = 400, 160
_LINEAR_HERTZ = 200 / 3
_KNEE_HERTZ, _KNEE_MEL = 1000.0, 15.0
_LOG_STEP = np.log(6.4) / 27

Floats = NDArray[np.float32]


def log_mel(sound: Floats) -> Floats:
    """Bands by columns of `sound`, samples from -1 to 1 at 16 kHz."""
    padded = np.pad(sound, _WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_STEP]
    power = np.abs(np.fft.rfft(frames * _hann(), axis=1)[:-1]) ** 2
    bands = np.log10(np.maximum(_filters() @ power.T.astype(np.float32), 1e-10))
    return ((np.maximum(bands, bands.max() - 8) + 4) / 4).astype(np.float32)


@cache
def _hann() -> Floats:
    return np.hanning(_WINDOW + 1)[:-1].astype(np.float32)


@cache
def _filters() -> Floats:
    """One row a band: a triangle over the frequencies of the transform."""
    hertz = np.fft.rfftfreq(_WINDOW, 1 / RATE)
    corners = _hertz_of(np.linspace(0.0, _mel_of(RATE / 2), BANDS + 2))
    widths = np.diff(corners)
    slopes = corners[:, None] - hertz[None]
    triangles = np.minimum(-slopes[:-2] / widths[:-1, None], slopes[2:] / widths[1:, None])
    heights = 2 / (corners[2:] - corners[:-2])
    return (np.maximum(0, triangles) * heights[:, None]).astype(np.float32)


def _mel_of(hertz: float) -> float:
    if hertz < _KNEE_HERTZ:
        return hertz / _LINEAR_HERTZ
    return float(_KNEE_MEL + np.log(hertz / _KNEE_HERTZ) / _LOG_STEP)


def _hertz_of(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _KNEE_HERTZ * np.exp(_LOG_STEP * (mel - _KNEE_MEL))
    return np.where(mel < _KNEE_MEL, mel * _LINEAR_HERTZ, above)
