"""The files of the project, as the architecture tests see them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "campana"
TESTS = ROOT / "tests"
_FOLDERS = (".ci", "bench", "deploy", "docs", "src", "tests", "tools")


def committed() -> Iterator[Path]:
    """Every file of ours, generated ones left out."""
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.name[:5] != ".venv")
    for folder in _FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            generated = "__pycache__" in path.parts or path.parent.suffix == ".egg-info"
            if path.is_file() and not generated:
                yield path


def modules(folder: Path) -> list[Path]:
    """The public modules directly in a folder; none where it does not exist."""
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))


def relative(path: Path) -> str:
    """As a person would name it."""
    return path.relative_to(ROOT).as_posix()


def sums(folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The digests that the folder's SHA256SUMS tells, and those of its files, by name."""
    lines = (folder / "SHA256SUMS").read_text("utf-8").splitlines()
    told = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    there = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    return told, there
