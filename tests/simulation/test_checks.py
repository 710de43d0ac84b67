"""The judge of simulations recognizes each broken promise; else its silence proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from campana.sandbox.plan import Fate, Happening
from campana.simulation.carrier import Sent
from campana.simulation.checks import Evidence, violations
from campana.store.checks import AttemptRow, TargetRow

ANA, BRUNO = "+12125550101", "+12125550102"
NOON = datetime(2026, 3, 9, 16, tzinfo=UTC)
"""Monday, in New York."""
DOCUMENT: dict[str, Any] = {
    "window": {"mon": [{"from": "09:00", "to": "17:00"}], "closedDates": ["2026-03-16"]},
    "cadence": {"maxAttempts": 2, "busy": {"attempts": 1}},
    "caps": [{"per": "number", "attempts": 3, "days": 1}],
}


def sent(number: int, *, to: str = ANA, at: datetime = NOON, outcome: Any = "completed") -> Sent:
    happenings = (Happening(after=60.0, status="finished", outcome=outcome),) if outcome else ()
    return Sent(
        at=at,
        left_at=at,
        shown_at=at,
        attempt_id=UUID(int=number),
        to=to,
        fate=Fate(fault=None, reply_seconds=0.1, happenings=happenings),
        is_taken=bool(happenings),
        is_repeat=False,
        sender="worker",
    )


def row(of: Sent, *, number: int = 1, disposition: str | None = None) -> AttemptRow:
    return AttemptRow(
        id=of.attempt_id,
        campaign_id="camp",
        target_id=1 if of.to == ANA else 2,
        attempt_no=number,
        address=of.to,
        zones=["America/New_York"],
        state="ended",
        disposition=disposition or (str(of.outcome) if of.outcome else "not_sent"),
        created_at=of.at,
        ended_at=of.ends_at,
    )


def target(**changes: Any) -> TargetRow:
    whole = TargetRow(
        id=1,
        campaign_id="camp",
        address=ANA,
        state="finished",
        disposition="completed",
        attempt_count=1,
        attempts_made=1,
        open_attempts=0,
        is_due=False,
    )
    return replace(whole, **changes)


def evidence(sends: Sequence[Sent], **changes: Any) -> Evidence:
    kept = Evidence(
        sent=sends,
        attempts=[row(each) for each in sends],
        targets=[target()],
        documents={"camp": DOCUMENT},
        rate=1.0,
        lines=2,
        pauses=[],
        steps=[],
        is_over=True,
    )
    return replace(kept, **changes)


def test_a_day_on_which_all_went_well_has_nothing_to_tell() -> None:
    assert violations(evidence([sent(1), sent(2, to=BRUNO, at=NOON + timedelta(seconds=2))])) == []


SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
MANY = [sent(n, to=f"+1212555010{n}", at=NOON + n * SECOND / 10) for n in range(3)]


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (evidence([sent(1)], is_over=False), "lost"),
        (evidence([sent(1)], targets=[target(is_due=True)]), "lost"),
        (evidence([sent(1)], targets=[target(state="waiting", disposition=None)]), "lost"),
        (evidence([sent(1)], targets=[target(attempts_made=2)]), "lost"),
        (evidence([sent(1), sent(1, at=NOON + HOUR)]), "twice"),
        (evidence([sent(1), sent(2, at=NOON + HOUR)]), "twice"),
        (evidence([sent(1, outcome="busy"), sent(2, at=NOON + SECOND)]), "twice"),
        (evidence([sent(1)], attempts=[]), "untrue"),
        (evidence([sent(1)], attempts=[row(sent(1), disposition="busy")]), "untrue"),
        (evidence([], attempts=[row(sent(1))]), "untrue"),
        (evidence([sent(1, at=NOON + 6 * HOUR)]), "outside"),
        (evidence([sent(1, at=NOON + 7 * 24 * HOUR)]), "outside"),
        (evidence([sent(1, at=NOON + 24 * HOUR)]), "outside"),
        (evidence(MANY), "too fast"),
        (evidence(MANY, rate=100.0), "too many"),
        (evidence([sent(1)], pauses=[(NOON - SECOND, NOON + SECOND, "camp")]), "paused"),
        (
            evidence([sent(n, at=NOON + n * HOUR / 2, outcome="busy") for n in range(2)]),
            "too often",
        ),
        (
            evidence([sent(n, at=NOON + n * HOUR / 2, outcome="no_answer") for n in range(4)]),
            "over the cap",
        ),
    ],
)
def test_each_broken_promise_is_told(found: Evidence, word: str) -> None:
    told = violations(found)
    assert any(each.startswith(word) for each in told), told


def test_the_end_of_the_hours_may_be_missed_by_the_send_deadline() -> None:
    closing = NOON + 5 * HOUR
    assert violations(evidence([sent(1, at=closing + timedelta(seconds=0.4))])) == []
    assert violations(evidence([sent(1, at=closing + timedelta(seconds=0.6))])) != []
