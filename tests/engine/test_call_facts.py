"""What is kept of a call's transcript."""

from __future__ import annotations

from datetime import UTC, datetime

from campana.engine.call_facts import facts_of
from campana.voice.call_result import CallResult
from campana.voice.notes import Latency, Line

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_a_reply_keeps_how_long_the_callee_waited_and_why() -> None:
    latency = Latency.between(8.0, 8.256, 8.4, 8.41, 8.43)
    result = CallResult(
        end="answered",
        ended_at=NOW,
        saved={},
        transcript=(
            Line(role="callee", text="Yes.", at_ms=7000),
            Line(role="bot", text="Thank you.", at_ms=8430, latency=latency),
        ),
    )
    kept = facts_of(result, None, recording_key=None).transcript
    assert kept == [
        {"role": "callee", "text": "Yes.", "atMs": 7000},
        {
            "role": "bot",
            "text": "Thank you.",
            "atMs": 8430,
            "latency": {"totalMs": 430, "vadMs": 256, "asrMs": 144, "dialogMs": 10, "ttsMs": 20},
        },
    ]
