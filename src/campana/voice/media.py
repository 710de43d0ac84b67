"""Sound as bytes: 20 ms frames of 16-bit mono PCM, how loud they are, which tone they hold.

Only resampling uses a library, and only when it is installed. Compression (G.711) is the driver's.
"""

from __future__ import annotations

import importlib
import math
from array import array
from collections.abc import Iterator
from operator import mul
from typing import Protocol, cast

PHONE_RATE = 8000
"""Samples per second of a telephone call: G.711, which every carrier speaks."""
FRAME_SECONDS = 0.02
SAMPLE_BYTES = 2
FULL_SCALE = 32768.0
QUIET = 0.01
"""Part of the loudest sample below which sound counts as silence: -40 dB."""


def frame_bytes(rate: int) -> int:
    """Bytes of one frame at `rate` samples per second."""
    return int(rate * FRAME_SECONDS) * SAMPLE_BYTES


def seconds(pcm: bytes, rate: int) -> float:
    """How long `pcm` lasts."""
    return len(pcm) / (SAMPLE_BYTES * rate)


def silence(duration: float, rate: int) -> bytes:
    """`duration` seconds of nothing."""
    return bytes(SAMPLE_BYTES * int(duration * rate))


def is_still(pcm: bytes) -> bool:
    """Is it one and the same sample throughout: the silence of a line that sends no noise?"""
    return pcm.count(pcm[:SAMPLE_BYTES]) * SAMPLE_BYTES == len(pcm)


def frames(pcm: bytes, size: int) -> Iterator[bytes]:
    """`pcm` in frames of `size` bytes; the last one is filled up with silence."""
    for start in range(0, len(pcm), size):
        yield pcm[start : start + size].ljust(size, b"\0")


def samples(pcm: bytes) -> array[int]:
    """The samples of `pcm`; an odd last byte is left out."""
    return array("h", pcm[: len(pcm) // SAMPLE_BYTES * SAMPLE_BYTES])


def level(pcm: bytes) -> float:
    """Root mean square of `pcm`, 0 (silence) to 32767."""
    values = samples(pcm)
    return math.sqrt(sum(map(mul, values, values)) / len(values)) if values else 0.0


def decibels(pcm: bytes) -> float:
    """Level in dB below full scale; -96 for silence."""
    return max(-96.0, 20 * math.log10(max(level(pcm), 1e-9) / FULL_SCALE))


def tone(hertz: float, *, duration: float, rate: int, amplitude: float = 0.3) -> bytes:
    """A sine, with 5 ms slopes so that it does not click."""
    count, slope = int(duration * rate), max(1, int(0.005 * rate))
    step = 2 * math.pi * hertz / rate
    wave = array(
        "h",
        (
            round(32767 * amplitude * min(1, n / slope, (count - n) / slope) * math.sin(step * n))
            for n in range(count)
        ),
    )
    return wave.tobytes()


def tone_share(pcm: bytes, *, hertz: float, rate: int) -> float:
    """The part of the energy of `pcm` that lies at `hertz`: 1 for that pure tone, 0 for none of it.

    Goertzel's algorithm. The bin is as wide as `pcm` is short: 1 / duration hertz to either side.
    """
    values = samples(pcm)
    energy = sum(map(mul, values, values))
    if not energy:
        return 0.0
    turn = 2 * math.cos(2 * math.pi * hertz / rate)
    last = before = 0.0
    for value in values:
        last, before = value + turn * last - before, last
    power = last * last + before * before - turn * last * before
    return min(1.0, 2 * power / (len(values) * energy))


def trim(pcm: bytes, *, rate: int, keep: float = 0.02, before: float | None = None) -> bytes:
    """`pcm` without the silence around it, leaving `keep` seconds of it at each side; in front
    `before`, when given."""
    values = samples(pcm)
    peak = max(max(values, default=0), -min(values, default=0))
    if not peak:
        return b""
    threshold, margin = peak * QUIET, int(keep * rate)
    ahead = margin if before is None else int(before * rate)
    first = next(n for n, value in enumerate(values) if abs(value) > threshold)
    last = next(n for n in range(len(values) - 1, -1, -1) if abs(values[n]) > threshold)
    return values[max(0, first - ahead) : last + 1 + margin].tobytes()


class _Samples(Protocol):
    def tobytes(self) -> bytes: ...


class _Soxr(Protocol):
    def resample(self, x: _Samples, in_rate: float, out_rate: float) -> _Samples: ...


class _Numpy(Protocol):
    def frombuffer(self, buffer: bytes, dtype: str) -> _Samples: ...


def resample(pcm: bytes, *, source: int, target: int) -> bytes:
    """`pcm` at `target` samples per second instead of `source`.

    Without soxr a straight line is drawn between the samples: good enough for a recorded prompt.
    """
    if source == target:
        return pcm
    try:
        soxr = cast("_Soxr", importlib.import_module("soxr"))
        numpy = cast("_Numpy", importlib.import_module("numpy"))
    except ImportError:
        return _interpolate(samples(pcm), target / source).tobytes()
    return soxr.resample(numpy.frombuffer(pcm, "int16"), source, target).tobytes()


def _interpolate(values: array[int], ratio: float) -> array[int]:
    if not values:
        return values
    count, last = int(len(values) * ratio), len(values) - 1
    moved = array("h")
    for n in range(count):
        whole, part = divmod(n / ratio, 1)
        here = min(int(whole), last)
        there = min(here + 1, last)
        moved.append(round(values[here] * (1 - part) + values[there] * part))
    return moved
