"""Sound as endpoints send it: WAV, as it is streamed too, and bare samples; out come 16-bit mono
samples.

A WAV that is made while it is sent does not know its length: what it says of that is not believed.
"""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass

from campana.domain.sound_models import RATES

_PCM, _EXTENSIBLE = 1, 0xFFFE
_HEADER = 12
_WHOLE_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_SIGNATURES = (
    *(b"ID3", b"OggS", b"fLaC", b"\x1aE\xdf\xa3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"),
    *(b"<!", b"<h", b"<?", b'{"', b"{\n", b"{ "),
)
"""What other things than sound, and other kinds of sound, begin with."""


class NoSound(Exception):
    """It is not sound that can be played; a phrase for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """16-bit mono PCM at `rate` samples per second."""

    pcm: bytes
    rate: int


def read(received: bytes, *, pcm_rate: int | None) -> Sound:
    """The sound in an answer.

    Args:
        received: all of it.
        pcm_rate: of bare samples; None where only a WAV was asked for.

    Raises:
        NoSound
    """
    if received[:4] == b"RIFF":
        return _wave(received)
    if not received.strip(b"\0"):
        raise NoSound("there is no sound in it")
    if pcm_rate is None or received.lstrip()[:4].startswith(_SIGNATURES):
        raise NoSound("it is no sound of the kind that was asked for")
    return Sound(pcm=received[: len(received) // 2 * 2], rate=pcm_rate)


def written(pcm: bytes, *, rate: int) -> bytes:
    """A WAV of 16-bit mono `pcm`."""
    return header(len(pcm), rate=rate, channels=1) + pcm


def header(size: int, *, rate: int, channels: int) -> bytes:
    """What comes before `size` bytes of 16-bit samples to make a WAV of them."""
    width = 2 * channels
    return _WHOLE_HEADER.pack(
        *(b"RIFF", _WHOLE_HEADER.size - 8 + size, b"WAVE"),
        *(b"fmt ", 16, _PCM, channels, rate, rate * width, width, 16),
        *(b"data", size),
    )


def _wave(received: bytes) -> Sound:
    if received[8:_HEADER] != b"WAVE":
        raise NoSound("it is no WAV")
    at, form = _HEADER, None
    while at + 8 <= len(received):
        name, size = received[at : at + 4], struct.unpack_from("<I", received, at + 4)[0]
        content = received[at + 8 : at + 8 + size]
        if name == b"data" and form is not None:
            # Of what is streamed the size is 0, or as large as can be.
            return _mono(content or received[at + 8 :], *form)
        if name == b"fmt ":
            form = _form(content)
        at += 8 + size + size % 2
    raise NoSound("it is a WAV without sound")


def _form(content: bytes) -> tuple[int, int]:
    """How many channels, and samples per second."""
    if len(content) < 16:
        raise NoSound("it is no WAV")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", content)
    if kind == _EXTENSIBLE and len(content) >= 26:
        kind = struct.unpack_from("<H", content, 24)[0]
    if (kind, bits) != (_PCM, 16) or channels not in {1, 2}:
        raise NoSound("it is no 16-bit WAV of one channel or two")
    if not RATES[0] <= rate <= RATES[1]:
        raise NoSound(f"it has {rate} samples per second")
    return channels, rate


def _mono(content: bytes, channels: int, rate: int) -> Sound:
    whole = content[: len(content) // (2 * channels) * 2 * channels]
    if channels == 2:
        both = array("h", whole)
        whole = array(
            "h", ((a + b) // 2 for a, b in zip(both[::2], both[1::2], strict=True))
        ).tobytes()
    if not whole.strip(b"\0"):
        raise NoSound("there is no sound in it")
    return Sound(pcm=whole, rate=rate)
