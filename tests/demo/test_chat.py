"""The sandbox of the demo's conversations."""

from __future__ import annotations

from pathlib import Path

import pytest

from campana.demo import chat

pytestmark = pytest.mark.timeout(180)


async def test_people_have_not_answered_in_an_earlier_demo(tmp_path: Path) -> None:
    log = tmp_path / "sandbox.jsonl"
    log.write_text('{"event": "send", "attempt": "of yesterday"}\n')
    async with chat.carrier(tmp_path) as port:
        assert port > 0
        assert "of yesterday" not in log.read_text()
