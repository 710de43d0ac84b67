"""The environment of what Campana is compared with: `.venv.bench`, beside `.venv`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv.bench" / "bin" / "python"

_REQUIREMENTS = ROOT / "bench" / "requirements.txt"
_FOLDER = ROOT / ".venv.bench"


def install() -> None:
    """Make it, where it is not yet as requirements.txt says."""
    stamp, wanted = _FOLDER / "bench.stamp", _REQUIREMENTS.read_text()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print("installing bench/requirements.txt into .venv.bench", file=sys.stderr)
    quiet = ["-qq", "--disable-pip-version-check", "--no-input"]
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(_FOLDER)],
        [
            *(str(PYTHON), "-m", "pip", "install", *quiet),
            *("--only-binary", ":all:", "-r", str(_REQUIREMENTS)),
        ],
    ):
        subprocess.run(command, check=True)
    stamp.write_text(wanted)
