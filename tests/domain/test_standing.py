"""What a person is told of a campaign that contacts nobody just now: one cause, one sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campana.domain.campaign import CampaignState
from campana.domain.standing import standing
from campana.domain.waiting import (
    SHOWN,
    Cause,
    ChannelFacts,
    ChannelPause,
    ShownState,
    WaitFacts,
    WaitReason,
)

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
TOMORROW = NOW + timedelta(days=1)

NOBODY = WaitFacts(
    start_date=None,
    is_attempting=False,
    is_enrolling=False,
    is_callable=False,
    first_due_at=None,
    first_reason=None,
    first_attempts=0,
)
FREE = ChannelFacts(
    name="Main line",
    lines=10,
    lines_in_use=3,
    arrival_at=EARLIER,
    quota_resets_at=None,
    down_until=None,
    has_worker=True,
)


def channel(**facts: Any) -> dict[str, Any]:
    """Somebody could be called, on a channel like this."""
    return {"is_callable": True, "channel": replace(FREE, **facts)}


def put_off(reason: str) -> dict[str, Any]:
    """Whoever is due first was tried once and is put off for this."""
    return {"first_due_at": LATER, "first_reason": reason, "first_attempts": 1}


PAUSED = ChannelPause(name="Main line", by="the key night", at=EARLIER, reason=None)

RUNNING: list[tuple[dict[str, Any], Cause, str]] = [
    ({"start_date": LATER}, Cause.BEFORE_START, "It starts at 2026-03-10 16:00 UTC."),
    ({"start_date": LATER, "is_callable": True}, Cause.BEFORE_START, "It starts at"),
    ({"start_date": NOW, "is_callable": True}, Cause.READY, "about to begin"),
    ({"is_attempting": True, "is_clock_steady": False}, Cause.CONTACTING, "now"),
    ({"is_enrolling": True}, Cause.ENROLLING, "being enrolled"),
    (
        {"is_enrolling": True, "has_care": False},
        Cause.NO_WORKER,
        "start campana serve or campana w",
    ),
    (
        {"is_importing": True, "has_care": False},
        Cause.NO_WORKER,
        "start campana serve or campana w",
    ),
    ({"is_enrolling": True, "is_callable": True}, Cause.READY, "about to begin"),
    ({"is_callable": True, "is_clock_steady": False}, Cause.CLOCK_UNSTEADY, "has jumped"),
    ({"is_callable": True, "may_call": False}, Cause.NO_COUNTRIES, "not call any country"),
    (channel(), Cause.READY, "about to begin"),
    (
        channel(has_worker=False) | {"paused": PAUSED},
        Cause.CHANNEL_PAUSED,
        "channel Main line is paused, by the key night at 2026-03-10 14:00 UTC: resume the channel",
    ),
    (
        channel() | {"paused": replace(PAUSED, reason="Fraud.")},
        Cause.CHANNEL_PAUSED,
        "UTC (Fraud): resume",
    ),
    ({"is_attempting": True, "paused": PAUSED}, Cause.CONTACTING, "now"),
    (
        channel() | {"is_attempting": True, "paused": PAUSED},
        Cause.CHANNEL_PAUSED,
        "resume the channel to go on; what is under way goes on to its end.",
    ),
    (
        channel(down_until=LATER) | {"is_attempting": True},
        Cause.CARRIER_DOWN,
        "tried again at 2026-03-10 16:00 UTC; what is under way goes on to its end.",
    ),
    (channel(lines_in_use=10) | {"is_attempting": True}, Cause.CONTACTING, "now"),
    (
        channel(has_worker=False) | {"is_attempting": True, "is_callable": False},
        Cause.NO_WORKER,
        "or campana work or voice; what was under way is looked into then.",
    ),
    (channel(has_worker=False), Cause.NO_WORKER, "No worker that serves the channel Main line"),
    (channel(down_until=LATER), Cause.CARRIER_DOWN, "tried again at 2026-03-10 16:00 UTC"),
    (channel(down_until=EARLIER), Cause.READY, "about to begin"),
    (channel(quota_resets_at=LATER), Cause.CHANNEL_QUOTA, "attempts of the day"),
    (channel(lines_in_use=10), Cause.CHANNEL_LINES, "All 10 lines of the channel Main line"),
    (channel(arrival_at=LATER), Cause.CHANNEL_RATE, "at its rate"),
    (channel(arrival_at=LATER, served_before="Storm"), Cause.MORE_URGENT, "campaign Storm first"),
    (channel() | {"held_by": "rate", "held_until": LATER}, Cause.CAMPAIGN_RATE, "its own rate"),
    (channel() | {"held_by": "rate", "held_until": EARLIER}, Cause.READY, "about to begin"),
    (channel() | {"held_by": "lines", "held_until": LATER}, Cause.CAMPAIGN_LINES, "it may use"),
    (channel() | {"held_by": "quota", "held_until": LATER}, Cause.CAMPAIGN_QUOTA, "of the day"),
    (channel() | {"held_by": "canary", "held_until": LATER}, Cause.CANARY, "verdict"),
    ({}, Cause.ALL_FINISHED, "Everybody is finished; it is about to be completed."),
    ({"outcomes": {"no_answer": 2}}, Cause.ALL_FINISHED, "finished: 2 no answer; it"),
    ({"keeps_open": True}, Cause.NO_CONTACTS, "kept open for more people"),
    ({"is_importing": True}, Cause.IMPORTING, "still being imported"),
    ({"first_due_at": EARLIER}, Cause.WINDOW_CLOSED, "It is outside the hours of whoever is next."),
    (
        {"first_due_at": EARLIER, "opens_at": LATER},
        Cause.WINDOW_CLOSED,
        "they open at 2026-03-10 16:00 UTC.",
    ),
    ({"first_due_at": LATER, "first_reason": "window"}, Cause.WINDOW_CLOSED, "at 2026-03-10 16:00"),
    ({"first_due_at": LATER, "first_attempts": 1}, Cause.RETRIES, "the next try is at 2026-03-10"),
    ({"first_due_at": LATER, "first_reason": "address_busy"}, Cause.ADDRESS_BUSY, "another campa"),
    ({"first_due_at": LATER, "first_reason": "contact_busy"}, Cause.ADDRESS_BUSY, "another campa"),
    ({"first_due_at": LATER, "first_reason": "some_rule"}, Cause.DEFERRED, "put off (some rule)"),
    (
        put_off("caps"),
        Cause.CAPS,
        "as often as the caps allow, over all campaigns; the next try is",
    ),
    (put_off("budget"), Cause.SPEND_LIMIT, "raise it to go on sooner; asked again at 2026-03-10"),
    (put_off("caller_ids_used_up"), Cause.CHANNEL_QUOTA, "Every number it may call from"),
    (put_off("portfolio"), Cause.CHANNEL_QUOTA, "may write first to no more people"),
    (put_off("pair_rate"), Cause.CHANNEL_RATE, "was sent something a moment ago"),
    (put_off("callback_request"), Cause.CALLBACK, "asked to be called back at 2026-03-10 16:00"),
    (put_off("no_answer"), Cause.RETRIES, "was tried already (no answer); the next try is at"),
    (put_off("caps") | {"opens_at": TOMORROW}, Cause.WINDOW_CLOSED, "open at 2026-03-11 15:00"),
    (put_off("never_open"), Cause.WINDOW_CLOSED, "outside the hours of whoever is next"),
    (put_off("never_open") | {"never_opens": True}, Cause.NEVER_OPEN, "change the one or the"),
    ({"is_talking": True}, Cause.TALKING, "waits for their answer, or for the time"),
    ({"is_talking": True, "keeps_open": True}, Cause.TALKING, "waits for their answer"),
    ({"awaits_reports": True}, Cause.REPORTS, "their carrier has still to tell"),
    (channel(refusal="the registration is refused"), Cause.CARRIER_DOWN, "is refused."),
]


@pytest.mark.parametrize(("facts", "cause", "said"), RUNNING)
def test_a_running_campaign_says_what_it_waits_for(
    facts: dict[str, Any], cause: Cause, said: str
) -> None:
    told = standing(CampaignState.RUNNING, replace(NOBODY, **facts), NOW)
    assert told.cause is cause
    assert said in told.sentence
    assert told.sentence.endswith(".")
    assert ". " not in told.sentence, "one cause, one sentence"


def test_what_the_newest_attempts_failed_of_is_told_where_it_explains_anything() -> None:
    failed = replace(NOBODY, failure="401 Unauthorized", **put_off("no_answer"))
    told = standing(CampaignState.RUNNING, failed, NOW)
    assert told.sentence == (
        "Whoever is next was tried already (no answer); the next try is at 2026-03-10 16:00 UTC;"
        " the newest attempts failed at the carrier: 401 Unauthorized."
    )
    assert (told.cause, told.until) == (Cause.RETRIES, LATER)
    paused = standing(CampaignState.PAUSED, failed, NOW)
    assert "401" not in paused.sentence


RESTING: list[tuple[CampaignState, dict[str, Any], str]] = [
    (CampaignState.DRAFT, {}, "It is a draft that nobody has launched: launch it to begin."),
    (CampaignState.PAUSED, {}, "It was paused: resume it to go on."),
    (
        CampaignState.PAUSED,
        {"acted_by": "the key ops", "acted_at": EARLIER},
        "It was paused by the key ops at 2026-03-10 14:00 UTC: resume it to go on.",
    ),
    (
        CampaignState.TRIPPED,
        {"state_reason": "too much."},
        "A breaker stopped it: too much; resume it to go on.",
    ),
    (
        CampaignState.TRIPPED,
        {"state_reason": "too much", "resume_at": LATER},
        "A breaker stopped it: too much; it goes on at 2026-03-10 16:00 UTC.",
    ),
    (CampaignState.CANCELLED, {}, "It was cancelled."),
    (CampaignState.EXPIRED, {"end_date": EARLIER}, "Its end date passed on 2026-03-10 14:00 UTC."),
    (CampaignState.COMPLETED, {"outcomes": {"busy": 1}}, "Everybody is finished: 1 busy."),
]


@pytest.mark.parametrize(("state", "facts", "said"), RESTING)
def test_any_other_state_says_who_or_what_brought_it_there(
    state: CampaignState, facts: dict[str, Any], said: str
) -> None:
    busy = replace(NOBODY, is_callable=True, start_date=LATER, **facts)
    told = standing(state, busy, NOW)
    assert told.sentence == said
    assert (told.state, told.wait_reason) == (ShownState(state.capitalize()), None)
    assert told.cause.value == state.value


def test_every_cause_is_shown_and_every_wait_reason_has_one() -> None:
    assert SHOWN.keys() == set(Cause)
    assert {reason for _, reason in SHOWN.values()} == {None, *WaitReason}
    told = {cause for _, cause, _ in RUNNING} | {Cause(state) for state, _, _ in RESTING}
    assert told == set(Cause)
