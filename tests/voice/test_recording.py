"""The stereo WAV: sides aligned in time, playable after a kill, harmless when the disk refuses."""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path

import pytest

from campana.voice.media import PHONE_RATE, level, samples, seconds, silence, tone, tone_share
from campana.voice.recording import Recording, part_of


def sides(path: Path) -> tuple[bytes, bytes]:
    """The callee's and the bot's side."""
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth()) == (2, 2)
        both = samples(file.readframes(file.getnframes()))
    return both[0::2].tobytes(), both[1::2].tobytes()


def piece(pcm: bytes, start: float, end: float) -> bytes:
    return pcm[2 * int(start * PHONE_RATE) : 2 * int(end * PHONE_RATE)]


def test_each_side_lies_where_it_sounded(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", rate=PHONE_RATE)
    recording.said(tone(500, duration=1, rate=PHONE_RATE), at=0.5)
    recording.heard(tone(700, duration=1, rate=PHONE_RATE), at=2.0)
    recording.advance(4)
    recording.said(tone(500, duration=1, rate=PHONE_RATE), at=4.0)
    assert recording.finish()
    callee, bot = sides(tmp_path / "call.wav")
    assert seconds(callee, PHONE_RATE) == seconds(bot, PHONE_RATE) == 5
    assert level(piece(bot, 0, 0.5)) == 0
    assert tone_share(piece(bot, 0.5, 1.5), hertz=500, rate=PHONE_RATE) > 0.97
    assert level(piece(bot, 1.5, 4)) == 0
    assert tone_share(piece(bot, 4, 5), hertz=500, rate=PHONE_RATE) > 0.97
    assert tone_share(piece(callee, 2, 3), hertz=700, rate=PHONE_RATE) > 0.97
    assert level(piece(callee, 3, 5)) == 0


def test_sound_that_comes_a_little_early_or_late_is_joined_without_a_gap(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", rate=PHONE_RATE)
    sine = tone(700, duration=1, rate=PHONE_RATE)
    for n, jitter in enumerate((0, 0.03, -0.03, 0.05, -0.02)):
        recording.heard(piece(sine, n / 5, (n + 1) / 5), at=n / 5 + jitter)
        recording.advance(n / 5)
    recording.finish()
    callee, _ = sides(tmp_path / "call.wav")
    assert callee == sine


def test_what_was_taken_back_is_not_recorded(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", rate=PHONE_RATE)
    recording.said(tone(500, duration=1, rate=PHONE_RATE), at=0)
    recording.unsaid(2 * PHONE_RATE // 4)
    recording.finish()
    _, bot = sides(tmp_path / "call.wav")
    assert seconds(bot, PHONE_RATE) == 0.75


def test_a_call_without_a_sound_is_an_empty_recording(tmp_path: Path) -> None:
    assert Recording(tmp_path / "call.wav", rate=PHONE_RATE).finish()
    assert sides(tmp_path / "call.wav") == (b"", b"")


def test_only_a_complete_recording_has_its_name(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", rate=PHONE_RATE)
    recording.heard(silence(3, PHONE_RATE), at=0)
    recording.advance(3)
    assert [file.name for file in tmp_path.iterdir()] == ["call.wav.part"]
    recording.finish()
    assert [file.name for file in tmp_path.iterdir()] == ["call.wav"]


@pytest.mark.timeout(180)
def test_after_a_kill_the_part_plays_up_to_the_last_second(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    program = f"""
import os, signal
from pathlib import Path
from campana.voice.media import tone
from campana.voice.recording import Recording
recording = Recording(Path({str(path)!r}), rate=8000)
for n in range(500):
    recording.heard(tone(700, duration=0.02, rate=8000), at=n / 50)
    recording.advance(n / 50)
os.kill(os.getpid(), signal.SIGKILL)
"""
    died = subprocess.run([sys.executable, "-c", program], check=False)
    assert died.returncode == -9
    assert not path.exists()
    callee, bot = sides(part_of(path))
    assert 8 < seconds(callee, PHONE_RATE) < 10
    assert len(callee) == len(bot)
    assert level(callee) > 1000


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    recording = Recording(tmp_path / "file" / "call.wav", rate=PHONE_RATE)
    recording.said(tone(500, duration=1, rate=PHONE_RATE), at=0)
    recording.advance(3)
    assert not recording.finish()
    assert recording.problem is not None
    assert "file/call.wav could not be written: " in recording.problem


def test_a_full_disk_ends_the_recording_and_nothing_else(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no device that is always full")
    part_of(tmp_path / "call.wav").symlink_to(full)
    recording = Recording(tmp_path / "call.wav", rate=PHONE_RATE)
    for second in range(4):
        recording.heard(silence(1, PHONE_RATE), at=second)
        recording.advance(second)
    assert not recording.finish()
    assert recording.problem is not None
    assert "No space left on device" in recording.problem
    assert not (tmp_path / "call.wav").exists()
