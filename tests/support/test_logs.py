from __future__ import annotations

from pathlib import Path

from tests.support.logs import json_lines


def test_leaves_a_line_that_is_still_being_written(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(b'{"n":1}\n{"n":2}\n{"n":')
    assert json_lines(log) == [{"n": 1}, {"n": 2}]
    log.write_bytes(b"")
    assert json_lines(log) == []
