"""The two locks and the wheels they were cut from, read back."""

from __future__ import annotations

import json
import re
import tomllib

from packaging.requirements import Requirement

from tests.architecture.tree import ROOT

LOCKS = ("requirements.lock", "requirements-voice.lock")


def locked() -> dict[Requirement, int]:
    """Each pinned requirement of both locks, with the number of its hashes."""
    pins: dict[Requirement, int] = {}
    for name in LOCKS:
        text = re.sub(r"^#.*\n", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
        for block in re.split(r"\n(?=\S)", text.strip()):
            line, *hashes = (part.strip() for part in block.split("\\\n"))
            pins[Requirement(line)] = len(hashes)
    return pins


def ranges() -> list[Requirement]:
    """What pyproject.toml asks for: to run, to speak, and to develop."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [
        Requirement(line)
        for line in (
            *project["project"]["dependencies"],
            *project["project"]["optional-dependencies"]["voice"],
            *project["dependency-groups"]["dev"],
        )
    ]


def wheels() -> dict[str, list[str]]:
    """The wheels of each `name==version`, by file name."""
    return json.loads((ROOT / "requirements-wheels.json").read_text(encoding="utf-8"))
