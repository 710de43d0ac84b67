"""A log whose lines are whole, whatever the disk does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from campana.demo.witness import Witness


def test_a_line_for_which_the_disk_had_no_room_is_an_error_and_spoils_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log.jsonl"
    witness = Witness(log)
    witness.write("one")
    write = os.write

    def half(file: int, octets: bytes) -> int:
        return write(file, octets[: len(octets) // 2])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OSError, match="No space left"):
        witness.write("two")
    monkeypatch.setattr(os, "write", write)
    witness.write("three")
    witness.close()
    one, _half, three = log.read_text().splitlines()
    assert ('"event":"one"' in one, '"event":"three"' in three) == (True, True)
    assert (one[-1], three[0], three[-1]) == ("}", "{", "}")
