"""Sound as bytes: levels, tones, trimming, other rates."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest

from campana.voice.media import (
    PHONE_RATE,
    decibels,
    frame_bytes,
    frames,
    is_still,
    level,
    resample,
    samples,
    seconds,
    silence,
    tone,
    tone_share,
    trim,
)


def test_frames_last_20_ms_and_the_last_is_filled_up() -> None:
    size = frame_bytes(PHONE_RATE)
    assert seconds(bytes(size), PHONE_RATE) == 0.02
    cut = list(frames(b"\1" * (size + 2), size))
    assert [len(frame) for frame in cut] == [size, size]
    assert cut[1] == b"\1\1" + bytes(size - 2)


def test_measures_how_loud_sound_is() -> None:
    assert level(b"") == 0
    assert decibels(silence(1, PHONE_RATE)) == -96
    sine = tone(440, duration=1, rate=PHONE_RATE, amplitude=0.5)
    assert decibels(sine) == pytest.approx(-9, abs=0.2)


def test_tells_one_tone_from_another() -> None:
    sine = tone(440, duration=0.5, rate=PHONE_RATE)
    assert tone_share(sine, hertz=440, rate=PHONE_RATE) > 0.97
    assert tone_share(sine, hertz=700, rate=PHONE_RATE) < 0.01
    assert tone_share(silence(0.5, PHONE_RATE), hertz=440, rate=PHONE_RATE) == 0


def test_trims_silence_and_keeps_a_margin() -> None:
    padded = silence(0.3, PHONE_RATE) + tone(440, duration=1, rate=PHONE_RATE) + silence(0.5, 8000)
    assert seconds(trim(padded, rate=PHONE_RATE), PHONE_RATE) == pytest.approx(1.04, abs=0.01)
    assert trim(silence(1, PHONE_RATE), rate=PHONE_RATE) == b""


@pytest.mark.parametrize("has_library", [True, False])
def test_a_tone_keeps_its_pitch_at_another_rate(
    has_library: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if has_library:
        pytest.importorskip("soxr")
    else:

        def missing(name: str) -> ModuleType:
            raise ImportError(name)

        monkeypatch.setattr(importlib, "import_module", missing)
    sine = tone(440, duration=1, rate=24000)
    slower = resample(sine, source=24000, target=PHONE_RATE)
    assert seconds(slower, PHONE_RATE) == pytest.approx(1, abs=0.001)
    assert tone_share(slower, hertz=440, rate=PHONE_RATE) > 0.97
    assert decibels(slower) == pytest.approx(decibels(sine), abs=0.2)


def test_nothing_is_resampled_to_nothing() -> None:
    assert resample(b"", source=16000, target=PHONE_RATE) == b""
    assert resample(b"\1\2", source=8000, target=8000) == b"\1\2"
    assert list(samples(b"\1\0\2")) == [1]


def test_a_line_without_any_noise_is_still() -> None:
    assert is_still(bytes(320))
    assert is_still(b"\x08\x00" * 160), "the silence of A-law"
    assert not is_still(bytes(318) + b"\x08\x00")
    assert not is_still(b"\x00\x08\x00")
