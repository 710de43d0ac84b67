"""One file holds one idea: its size says when there are two, its name says what the idea is."""

from __future__ import annotations

import warnings

import pytest

from tests.architecture.tree import PACKAGE, committed, relative

SOFT, HARD = 300, 400
# Names that hide what is inside, and words that the glossary gives another name.
VAGUE = {
    "base_classes", "blast", "common", "core", "data", "handler", "handlers", "helper", "helpers",
    "hopper", "item", "items", "lead", "leads", "manager", "managers", "misc", "record", "records",
    "util", "utils",
}  # fmt: skip


def _long(limit: int) -> dict[str, int]:
    lines = {
        relative(path): len(path.read_bytes().splitlines())
        for path in committed()
        if path.suffix == ".py"
    }
    return {name: count for name, count in lines.items() if count > limit}


def test_no_module_is_longer_than_the_hard_limit() -> None:
    too_long = _long(HARD)
    assert not too_long, f"over {HARD} lines, so two ideas live in: {too_long}"


@pytest.mark.filterwarnings("default::UserWarning")
def test_warns_of_modules_over_the_soft_limit() -> None:
    for name, count in sorted(_long(SOFT).items()):
        warnings.warn(f"{name} has {count} lines; split it before {HARD}", stacklevel=1)


def test_names_say_what_is_inside() -> None:
    vague = [
        relative(path)
        for path in (PACKAGE, *PACKAGE.rglob("*"))
        if path.stem in VAGUE and "__pycache__" not in path.parts
    ]
    assert not vague, f"name these by the idea they hold (docs/glossary.md): {vague}"
