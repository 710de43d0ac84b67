"""The judge of accessibility is the one that was published, with its licence."""

from __future__ import annotations

from tests.architecture.tree import sums
from tests.browser.window import AXE, VENDOR


def test_the_vendored_judge_is_unchanged_and_all_accounted_for() -> None:
    told, there = sums(VENDOR)
    assert told == there
    assert "Mozilla Public License" in (AXE.parent / "LICENSE").read_text("utf-8")
