"""The judge of accessibility is the one that was published, with its licence."""

from __future__ import annotations

import hashlib

from tests.browser.window import AXE, VENDOR


def test_the_vendored_judge_is_unchanged_and_all_accounted_for() -> None:
    lines = (VENDOR / "SHA256SUMS").read_text("utf-8").splitlines()
    told = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    there = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert told == there
    assert "Mozilla Public License" in (AXE.parent / "LICENSE").read_text("utf-8")
