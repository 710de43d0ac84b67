"""A campaign's life: every state has a status, and every action a state it leads to, or none."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from itertools import product
from typing import get_type_hints

import pytest

from campana.domain.campaign import (
    STATUS_OF,
    TRANSITIONS,
    Action,
    Campaign,
    CampaignState,
    CampaignStatus,
    CampaignType,
    ChannelType,
    Plan,
    states_of,
)
from campana.domain.window import DEFAULT

S, A = CampaignState, Action

# What each action makes of each state; None is refused.
LEADS_TO: dict[CampaignState, tuple[CampaignState | None, ...]] = {
    #               launch      pause       resume      cancel        archive       unarchive
    S.DRAFT:     (S.RUNNING,  None,       None,       S.CANCELLED,  None,         S.DRAFT),
    S.PAUSED:    (None,       S.PAUSED,   S.RUNNING,  S.CANCELLED,  None,         S.PAUSED),
    S.TRIPPED:   (None,       S.PAUSED,   S.RUNNING,  S.CANCELLED,  None,         S.TRIPPED),
    S.RUNNING:   (None,       S.PAUSED,   S.RUNNING,  S.CANCELLED,  None,         S.RUNNING),
    S.COMPLETED: (None,       None,       None,       None,         S.COMPLETED,  S.COMPLETED),
    S.CANCELLED: (None,       None,       None,       S.CANCELLED,  S.CANCELLED,  S.CANCELLED),
    S.EXPIRED:   (None,       None,       None,       None,         S.EXPIRED,    S.EXPIRED),
}  # fmt: skip


@pytest.mark.parametrize(("state", "action"), list(product(S, A)))
def test_every_action_in_every_state(state: CampaignState, action: Action) -> None:
    assert TRANSITIONS.get((state, action)) is LEADS_TO[state][list(A).index(action)]


def test_the_statuses_share_out_the_states() -> None:
    shared = [state for status in CampaignStatus for state in states_of(status)]
    assert sorted(shared) == sorted(S)
    assert states_of(CampaignStatus.RUNNING) == (S.RUNNING,)
    assert set(states_of(CampaignStatus.PAUSED)) == {S.DRAFT, S.PAUSED, S.TRIPPED}


def test_no_action_reopens_what_a_person_sees_as_completed() -> None:
    over = states_of(CampaignStatus.COMPLETED)
    assert all(
        STATUS_OF[to] is CampaignStatus.COMPLETED for (s, _), to in TRANSITIONS.items() if s in over
    )


def test_only_launch_and_resume_start_contacting() -> None:
    starts = {a for (s, a), to in TRANSITIONS.items() if s is not S.RUNNING and to is S.RUNNING}
    assert starts == {A.LAUNCH, A.RESUME}


def test_the_words_are_those_of_the_contract() -> None:
    assert [str(s) for s in CampaignStatus] == ["Running", "Paused", "Completed"]
    assert [str(c) for c in ChannelType] == ["Voice", "WhatsApp", "SMS", "Email"]
    assert [str(t) for t in CampaignType] == ["VoiceBot", "Flow"]


def test_a_campaign_shows_its_status_and_cannot_be_changed_in_place() -> None:
    now = datetime(2024, 2, 1, tzinfo=UTC)
    absent = {"description", "start_date", "end_date", "list_id", "channel_id", "launched_at",
              "finished_at"}  # fmt: skip
    campaign = Campaign(
        id="camp_789",
        workspace_id=1,
        name="Reminder",
        type=CampaignType.VOICE_BOT,
        channel_type=ChannelType.VOICE,
        state=S.TRIPPED,
        created_at=now,
        updated_at=now,
        version=1,
        keep_open=False,
        archived=False,
        document={},
        **dict.fromkeys(absent),  # pyright: ignore[reportArgumentType]
    )
    assert campaign.status is CampaignStatus.PAUSED
    assert absent < set(get_type_hints(Campaign))
    with pytest.raises(FrozenInstanceError):
        campaign.state = S.RUNNING  # pyright: ignore[reportAttributeAccessIssue]


def test_a_plan_that_says_nothing_keeps_to_the_default_hours() -> None:
    assert Plan().window == DEFAULT
    assert Plan().script is None
