"""Environments of what Campana is compared with or tried on, beside `.venv`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv.bench" / "bin" / "python"

_REQUIREMENTS = ROOT / "bench" / "requirements.txt"


def install(requirements: Path = _REQUIREMENTS, python: Path = PYTHON) -> None:
    """Make the environment of `python`, where it is not yet as `requirements` says."""
    folder = python.parents[1]
    stamp, wanted = folder / "bench.stamp", requirements.read_text()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"installing {requirements.relative_to(ROOT)} into {folder.name}", file=sys.stderr)
    quiet = ["-qq", "--disable-pip-version-check", "--no-input"]
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [
            *(str(python), "-m", "pip", "install", *quiet),
            *("--only-binary", ":all:", "-r", str(requirements)),
        ],
    ):
        subprocess.run(command, check=True)
    stamp.write_text(wanted)
