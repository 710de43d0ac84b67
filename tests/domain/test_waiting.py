"""What a person is told of a campaign that contacts nobody just now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campana.domain.campaign import CampaignState
from campana.domain.waiting import ShownState, WaitFacts, WaitReason, explain

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(hours=1), NOW - timedelta(hours=1)

NOBODY = WaitFacts(
    start_date=None,
    is_attempting=False,
    is_enrolling=False,
    is_callable=False,
    first_due_at=None,
    first_reason=None,
    first_attempts=0,
)
RUNNING = (ShownState.RUNNING, None)


def waiting(reason: WaitReason) -> tuple[ShownState, WaitReason]:
    return ShownState.WAITING, reason


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"start_date": LATER}, (ShownState.SCHEDULED, WaitReason.START)),
        ({"start_date": LATER, "is_callable": True}, (ShownState.SCHEDULED, WaitReason.START)),
        ({"start_date": NOW, "is_callable": True}, RUNNING),
        ({"is_attempting": True}, RUNNING),
        ({"is_enrolling": True}, RUNNING),
        ({"is_callable": True}, RUNNING),
        ({}, waiting(WaitReason.CONTACTS)),
        ({"first_due_at": EARLIER}, waiting(WaitReason.WINDOW)),
        ({"first_due_at": LATER, "first_reason": "window"}, waiting(WaitReason.WINDOW)),
        ({"first_due_at": LATER, "first_attempts": 1}, waiting(WaitReason.RETRIES)),
        ({"first_due_at": LATER, "first_reason": "address_busy"}, waiting(WaitReason.CAPACITY)),
    ],
)
def test_a_running_campaign_says_what_it_waits_for(facts: dict[str, Any], told: object) -> None:
    assert explain(CampaignState.RUNNING, replace(NOBODY, **facts), NOW) == told


@pytest.mark.parametrize("state", sorted(set(CampaignState) - {CampaignState.RUNNING}))
def test_any_other_state_is_shown_by_its_name(state: CampaignState) -> None:
    busy = replace(NOBODY, is_callable=True, start_date=LATER)
    assert explain(state, busy, NOW) == (ShownState(state.capitalize()), None)
