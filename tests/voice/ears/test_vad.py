"""The detectors on sound: speech is speech, silence and hiss are not, a beep is a beep."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("ctranslate2")

from campana.domain.errors import SetupError
from campana.voice.ears.beep import BeepDetector
from campana.voice.ears.hearing import Chunk, load
from campana.voice.ears.vad import Vad
from campana.voice.media import PHONE_RATE, silence, tone
from tests.voice.ears.speaking import noisy, say

pytestmark = [pytest.mark.voice, pytest.mark.timeout(120)]


def chunks(pcm: bytes) -> list[bytes]:
    return [pcm[start : start + 512] for start in range(0, len(pcm) - 511, 512)]


def beeps(pcm: bytes) -> int:
    detector = BeepDetector()
    return sum(detector.is_beep(chunk) for chunk in chunks(pcm))


def test_speech_is_told_from_silence_and_hiss() -> None:
    vad = Vad()
    speaking, quiet, hissing = vad.detector(), vad.detector(), vad.detector()
    spoken = [speaking.probability(chunk) > 0.5 for chunk in chunks(say("Yes, I can come."))]
    assert 0.5 < 0.032 * sum(spoken) < 2.0
    assert not any(spoken[:20])
    nothing = silence(2, PHONE_RATE)
    assert max(quiet.probability(chunk) for chunk in chunks(nothing)) < 0.5
    hiss = chunks(noisy(nothing, level=0.003))
    assert sum(hissing.probability(chunk) > 0.5 for chunk in hiss) < 3


@pytest.mark.parametrize("hertz", [440, 1000, 1400])
def test_a_beep_is_a_steady_tone_of_a_fifth_of_a_second(hertz: int) -> None:
    pcm = noisy(tone(hertz, duration=0.5, rate=PHONE_RATE), level=0.003)
    assert beeps(pcm) > 3
    assert beeps(tone(hertz, duration=0.15, rate=PHONE_RATE)) == 0


def test_speech_keys_and_rings_are_no_beeps() -> None:
    assert beeps(say("Please leave a message after the tone, Maria.")) == 0
    for low, high in ((770, 1336), (440, 480)):
        first = tone(low, duration=0.5, rate=PHONE_RATE)
        second = tone(high, duration=0.5, rate=PHONE_RATE)
        assert beeps(_both(first, second)) == 0


def test_another_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vad.onnx").write_bytes(b"not the one")
    with pytest.raises(SetupError, match="not the detector"):
        Vad(tmp_path / "vad.onnx")


def _both(first: bytes, second: bytes) -> bytes:
    import numpy as np

    sound = np.frombuffer(first, "<i2").astype(int) + np.frombuffer(second, "<i2")
    return (sound // 2).astype("<i2").tobytes()


def test_calls_looked_at_together_are_told_as_each_alone() -> None:
    models = load()
    sounds = [say("Yes, I can come."), noisy(say("No."), level=0.003), silence(2, PHONE_RATE)]
    together = [models.call() for _ in sounds]
    found: list[list[Chunk]] = [[] for _ in sounds]
    # Each in steps of its own, so that they are at different places, and sometimes have nothing.
    steps = [range(0, 40_000, 320), range(0, 40_000, 1100), range(0, 40_000, 5000)]
    for at in range(0, 40_000, 20):
        due = [n for n, each in enumerate(steps) if at in each]
        parts = [sounds[n][at : at + steps[n].step] for n in due]
        given = list(zip((together[n] for n in due), parts, strict=True))
        for n, chunks in zip(due, models.sense(given), strict=True):
            found[n] += chunks
    for sound, chunks in zip(sounds, found, strict=True):
        alone = models.call().sense(sound[: 512 * len(chunks)])
        assert len(chunks) >= len(sound[:40_000]) // 512
        assert [each.pcm for each in chunks] == [each.pcm for each in alone]
        assert [each.probability for each in chunks] == pytest.approx(
            [each.probability for each in alone], abs=1e-3
        )
