"""What the telephone makes of a voice: its band, levels and noises; and the sounds of machines.

Everything is 16-bit mono PCM at 8 kHz, and the same for the same `Random`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random  # noqa: TID251 - seeded, so every run is the same

import numpy as np
from numpy.typing import NDArray

from campana.voice.media import PHONE_RATE, resample

Floats = NDArray[np.float64]
Speak = Callable[[str], bytes]

NOISES = ("none", "hiss", "street", "hum", "people")
RATIOS = (25.0, 18.0, 12.0, 8.0)
"""Speech over noise, in dB."""
BEEP_HERTZ = (440.0, 620.0, 800.0, 850.0, 1000.0, 1400.0)
BEEP_SECONDS = (0.25, 0.4, 0.5, 1.0)
HIGHER = 1.35
_PARTS = re.compile(r"\{([^}]*)\}")
_FULL = 32767.0


@dataclass(frozen=True, slots=True)
class Line:
    """The way a call came."""

    noise: str
    ratio: float
    loudness: float
    """Root mean square of the speech, of full scale."""
    before: float
    """Seconds until anything is heard."""

    def __str__(self) -> str:
        return "quiet line" if self.noise == "none" else f"{self.noise} {self.ratio:g} dB"


def line(dice: Random) -> Line:
    """Some line; two in five are quiet."""
    noise = dice.choice(("none", *NOISES))
    return Line(
        noise, dice.choice(RATIOS), 10 ** (dice.uniform(-34, -18) / 20), dice.uniform(0.1, 0.9)
    )


def heard(text: str, speak: Speak, other: Speak, way: Line, dice: Random) -> bytes:
    """What reaches us of a greeting (see `greetings.py`), from the answer on, in G.711."""
    sound = np.concatenate(
        [np.zeros(int(way.before * PHONE_RATE)), _said(text, speak, other, way, dice)]
    )
    sound = np.concatenate([sound, np.zeros(12 * PHONE_RATE)])
    noise = _noise(way, len(sound), dice, other)
    return mu_law(np.clip(_band(sound + noise), -1, 1))


def mu_law(sound: Floats) -> bytes:
    """Samples from -1 to 1 after the trip through eight bits, as PCM."""
    code = np.round(127 * np.sign(sound) * np.log1p(255 * np.abs(sound)) / np.log(256)) / 127
    back = np.sign(code) * np.expm1(np.abs(code) * np.log(256)) / 255
    return (back * _FULL).astype("<i2").tobytes()


def _said(text: str, speak: Speak, other: Speak, way: Line, dice: Random) -> Floats:
    pieces: list[Floats] = [np.zeros(1)]
    voice, is_high = speak, "{high}" in text
    for place, part in enumerate(_PARTS.split(text)):
        part = part.strip()
        if place % 2:
            if part == "other":
                voice = other
            elif part == "beep":
                pieces += [_rest(dice.uniform(0.2, 1.2)), _beep(dice)]
            elif part in TONES:
                pieces.append(TONES[part]())
            elif part != "high":
                pieces.append(_rest(float(part)))
        elif part:
            pieces.append(_level(_voiced(voice(part), is_high=is_high), way.loudness))
    return np.concatenate(pieces)


def _voiced(pcm: bytes, *, is_high: bool) -> Floats:
    if is_high:  # Faster and higher, as a small throat is.
        pcm = resample(pcm, source=round(PHONE_RATE * HIGHER), target=PHONE_RATE)
    return np.frombuffer(pcm, "<i2") / 32768


def _level(sound: Floats, loudness: float) -> Floats:
    loud = np.abs(sound) > 0.02 * max(np.abs(sound).max(initial=0.0), 1e-9)
    return (
        sound * (loudness / max(float(np.sqrt(np.mean(sound[loud] ** 2))), 1e-9))
        if loud.any()
        else sound
    )


def _rest(seconds: float) -> Floats:
    return np.zeros(int(seconds * PHONE_RATE))


def _tone(*hertz: float, seconds: float, loudness: float = 0.1) -> Floats:
    at = np.arange(int(seconds * PHONE_RATE)) / PHONE_RATE
    return loudness * sum((np.sin(2 * np.pi * each * at) for each in hertz), np.zeros(len(at)))


def _beep(dice: Random) -> Floats:
    return _tone(
        dice.choice(BEEP_HERTZ),
        seconds=dice.choice(BEEP_SECONDS),
        loudness=10 ** (dice.uniform(-30, -14) / 20),
    )


def _cng() -> Floats:
    """A fax that calls: 1100 Hz, half a second of each three and a half (T.30)."""
    return np.concatenate([np.concatenate([_tone(1100, seconds=0.5), _rest(3.0)])] * 3)


def _ced() -> Floats:
    """A fax that answers: 2100 Hz for some three seconds, then its data (T.30)."""
    return np.concatenate([_tone(2100, seconds=3.2), _rest(0.075), _flags()])


def _ansam() -> Floats:
    """The same with its phase turned each 450 ms and a slow swell (V.8)."""
    at = np.arange(int(3.5 * PHONE_RATE)) / PHONE_RATE
    turned = np.where((at // 0.45) % 2 == 0, 1.0, -1.0)
    swell = 1 + 0.2 * np.sin(2 * np.pi * 15 * at)
    return np.concatenate([0.1 * turned * swell * np.sin(2 * np.pi * 2100 * at), _flags()])


def _flags() -> Floats:
    """300 bit/s on 1650 and 1850 Hz (V.21): flags, over and over."""
    bits = "01111110" * 60
    hertz = np.repeat([1650.0 if bit == "1" else 1850.0 for bit in bits], PHONE_RATE // 300)
    return 0.1 * np.sin(2 * np.pi * np.cumsum(hertz) / PHONE_RATE)


def _sit() -> Floats:
    """The three tones before "the number you have dialed"."""
    parts = ((985.2, 0.38), (1428.5, 0.276), (1776.7, 0.38))
    return np.concatenate([*(_tone(each, seconds=length) for each, length in parts), _rest(0.3)])


TONES: dict[str, Callable[[], Floats]] = {
    "cng": _cng,
    "ced": _ced,
    "ansam": _ansam,
    "sit": _sit,
}


def _noise(way: Line, count: int, dice: Random, other: Speak) -> Floats:
    made = np.random.default_rng(dice.getrandbits(32))
    floor = 0.0003 * made.standard_normal(count)
    match way.noise:
        case "hiss":
            noise = made.standard_normal(count)
        case "street":  # Deep and slowly changing.
            noise = np.convolve(made.standard_normal(count), np.ones(24) / 24, "same")
            noise *= 1 + 0.6 * np.sin(2 * np.pi * 0.3 * np.arange(count) / PHONE_RATE)
        case "hum":
            at = np.arange(count) / PHONE_RATE
            noise = sum(
                (np.sin(2 * np.pi * 60 * n * at) / n for n in (1, 3, 5, 7)), np.zeros(count)
            )
        case "people":
            noise = _people(other, count, dice)
        case _:
            return floor
    size = max(float(np.sqrt(np.mean(noise**2))), 1e-9)
    return floor + noise * way.loudness * 10 ** (-way.ratio / 20) / size


def _people(other: Speak, count: int, dice: Random) -> Floats:
    """Six at once in the next room: nobody can be understood."""
    talk = np.frombuffer(other(CHATTER), "<i2") / 32768
    turned: Sequence[Floats] = [
        np.roll(np.resize(talk, count), dice.randrange(count)) for _ in range(6)
    ]
    return sum(turned, np.zeros(count))


CHATTER = (
    "And then we took the train along the river, because the road was under water again, and my"
    " sister had the tickets in her other coat. I always say that soup is better on the second day."
)


def _band(sound: Floats) -> Floats:
    """300 to 3400 Hz, with soft edges."""
    spectrum = np.fft.rfft(sound)
    hertz = np.fft.rfftfreq(len(sound), 1 / PHONE_RATE)
    low = np.clip((hertz - 180) / 120, 0, 1)
    high = np.clip((3700 - hertz) / 300, 0, 1)
    return np.fft.irfft(spectrum * low * high, len(sound))
