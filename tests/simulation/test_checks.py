"""The judge of simulations recognizes each broken promise; else its silence proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from campana.domain.address import parse_phone
from campana.domain.campaign import ChannelType
from campana.domain.ids import attempt_text
from campana.sandbox.fate import Fate, Happening
from campana.simulation.acts import spelled
from campana.simulation.carrier import Sent
from campana.simulation.chance import Chance
from campana.simulation.checks import violations
from campana.simulation.evidence import Barred, Evidence, Limits, Reopened, Stop
from campana.store.checks import AttemptRow, EventRow, TargetRow

ANA, BRUNO = "+12125550101", "+12125550102"
NOON = datetime(2026, 3, 9, 16, tzinfo=UTC)
"""Monday, in New York."""
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DOCUMENT: dict[str, Any] = {
    "window": {"mon": [{"from": "09:00", "to": "17:00"}], "closedDates": ["2026-03-16"]},
    "cadence": {"maxAttempts": 2, "busy": {"attempts": 1, "delaySeconds": 600}},
    "caps": [{"per": "number", "attempts": 3, "days": 1}],
    "endDate": "2026-03-30T00:00:00+00:00",
}


def sent(number: int, *, to: str = ANA, at: datetime = NOON, outcome: Any = "completed") -> Sent:
    happenings = (Happening(after=60.0, status="finished", outcome=outcome),) if outcome else ()
    return Sent(
        at=at,
        left_at=at,
        shown_at=at,
        attempt_id=UUID(int=number),
        channel_type=ChannelType.VOICE,
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
        contact_id=1 if of.to == ANA else 2,
        attempt_no=number,
        address=of.to,
        zones=["America/New_York"],
        state="ended",
        disposition=disposition or (str(of.outcome) if of.outcome else "not_sent"),
        created_at=of.at,
        ended_at=of.ends_at,
        was_lost=False,
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


def told(rows: Sequence[AttemptRow], *, target: TargetRow) -> list[EventRow]:
    """What others are told of these: each begins and ends, and then their target."""
    found: list[EventRow] = []
    for each in rows:
        shown, target_name = attempt_text(each.id), f"tgt_{each.target_id}"
        found += [
            EventRow(f"attempt.{what}", "camp", target_name, shown, disposition)
            for what, disposition in (("started", None), ("ended", each.disposition))
        ]
    if target.disposition is not None:
        found.append(EventRow("target.finished", "camp", "tgt_1", "tgt_1", target.disposition))
    return found


def evidence(sends: Sequence[Sent], **changes: Any) -> Evidence:
    rows = [row(each) for each in sends]
    rows = changes.get("attempts", rows)
    of = changes.get("targets", [target(disposition=_last(rows))])
    kept = Evidence(
        sent=sends,
        attempts=rows,
        targets=of,
        told=told(rows, target=of[0]),
        documents={"camp": DOCUMENT},
        limits=[Limits(since=NOON - 9 * HOUR, rate=1.0, lines=2)],
        is_over=True,
    )
    return replace(kept, **changes)


def _last(rows: Sequence[AttemptRow]) -> str:
    """How the first person ended."""
    ends = [each.disposition for each in rows if each.target_id == 1 and each.disposition]
    return ends[-1] if ends else "expired"


def one(**changes: Any) -> list[AttemptRow]:
    """The ledger of a single send."""
    return [replace(row(sent(1)), **changes)]


def with_document(sends: Sequence[Sent], **changes: Any) -> Evidence:
    return evidence(sends, documents={"camp": {**DOCUMENT, **changes}})


def test_a_day_on_which_all_went_well_has_nothing_to_tell() -> None:
    assert violations(evidence([sent(1), sent(2, to=BRUNO, at=NOON + timedelta(seconds=2))])) == []


EARLIER = NOON - SECOND
MANY = [sent(n, to=f"+1212555010{n}", at=NOON + n * SECOND / 10) for n in range(3)]
STEADY = [sent(n, to=f"+12125550{100 + n}", at=NOON + n * SECOND * 0.9) for n in range(64)]
"""Never more than two in a second, and too many in a minute."""
APART = [sent(n, to=f"+1212555010{n}", at=NOON + n * 1.5 * SECOND) for n in range(5)]
LOWERED = [
    Limits(since=NOON - HOUR, until=EARLIER, rate=100.0, lines=9),
    Limits(since=EARLIER, rate=1.0, lines=9),
]
TWICE = [sent(1, outcome="busy"), sent(2, at=NOON + HOUR, outcome="busy")]
SECOND_TRY = row(TWICE[1], number=2)


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
        (evidence(MANY, limits=[Limits(since=EARLIER, rate=100.0, lines=2)]), "too many"),
        (evidence(STEADY), "too fast"),
        (evidence(MANY, limits=LOWERED), "too fast"),
        (with_document(APART, pacing={"rate": 0.01}), "too fast"),
        (with_document(APART, pacing={"lines": 1}), "too many"),
        (with_document(APART, pacing={"dailyAttempts": 1}), "over the quota"),
        (evidence(APART, daily=1), "over the quota"),
        (with_document(APART, spendLimit=1), "over the budget"),
        (with_document([sent(1)], endDate="2026-03-09T16:00:00+00:00"), "outside"),
        (with_document([sent(1)], endDate="2026-03-09T16:00:00.400000+00:00"), "outside"),
        (evidence([sent(1)], stops=[Stop(since=EARLIER, campaign_id="camp")]), "stopped"),
        (evidence([sent(1)], stops=[Stop(since=EARLIER, campaign_id=None)]), "stopped"),
        (evidence([sent(1)], barred=[Barred(address=ANA, since=EARLIER)]), "barred"),
        (
            evidence([sent(1)], barred=[Barred(address=ANA, since=EARLIER, is_expiry=True)]),
            "barred",
        ),
        (evidence([sent(1)], attempts=one(created_at=NOON - SECOND)), "untimely"),
        (evidence([sent(1)], attempts=one(created_at=NOON + SECOND)), "untimely"),
        (evidence([sent(1)], targets=[target(disposition="busy")]), "untrue"),
        (evidence([sent(1)], told=[]), "untold"),
        (evidence([sent(1)], told=told([row(sent(1))] * 2, target=target())), "untold"),
        (evidence([sent(1)], told=told(one(disposition="busy"), target=target())), "untold"),
        (evidence([sent(1)], told=told([row(sent(1))], target=target(disposition=None))), "untold"),
        (evidence([sent(1)], attempts=one(was_lost=True)), "untold"),
        (evidence(TWICE, attempts=[replace(row(TWICE[0]), was_lost=True), SECOND_TRY]), "twice"),
        (evidence([sent(n, at=NOON + n * SECOND, outcome="busy") for n in range(2)]), "too soon"),
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
    broken = violations(found)
    assert any(each.startswith(word) for each in broken), broken


def test_the_end_of_the_hours_may_be_missed_by_the_send_deadline() -> None:
    closing = NOON + 5 * HOUR
    assert violations(evidence([sent(1, at=closing + timedelta(seconds=0.4))])) == []
    assert violations(evidence([sent(1, at=closing + timedelta(seconds=0.6))])) != []


HOLIDAY = datetime(2026, 7, 3, 16, tzinfo=UTC)
"""A Friday on which a holiday of the Saturday is had."""


@pytest.mark.parametrize(("holidays", "is_told"), [([], False), (["US"], True)])
def test_a_holiday_that_the_hours_name_is_closed(holidays: list[str], is_told: bool) -> None:
    window = {"fri": [{"from": "09:00", "to": "17:00"}], "holidays": holidays}
    limits = [Limits(since=HOLIDAY - HOUR, rate=1.0, lines=2)]
    day = {**DOCUMENT, "window": window, "endDate": "2026-07-30T00:00:00+00:00"}
    found = evidence([sent(1, at=HOLIDAY)], documents={"camp": day}, limits=limits)
    assert bool(violations(found)) is is_told


def again(first: str, *, asked: str | None, was_lost: bool = False) -> list[str]:
    """What is said of somebody who is contacted once more, and of whom that was asked."""
    sends = [sent(1, outcome=first), sent(2, at=NOON + HOUR)]
    rows = [
        replace(row(sends[0]), was_lost=was_lost, state="ended"),
        row(sends[1], number=2),
    ]
    moment = NOON + HOUR / 2
    reopened = [
        Reopened(since=moment, until=moment, campaign_id="camp", outcomes=frozenset({asked}))
        for asked in ([asked] if asked else [])
    ]
    return [
        each
        for each in violations(evidence(sends, attempts=rows, reopened=reopened))
        if each.startswith("twice")
    ]


@pytest.mark.parametrize("first", ["hung_up", "invalid_number", "blocked"])
def test_whom_a_person_has_tried_again_may_be_contacted_again(first: str) -> None:
    assert again(first, asked=first) == []
    assert again(first, asked=None) != []
    assert again(first, asked="busy") != []


@pytest.mark.parametrize("first", ["declined", "completed"])
def test_nobody_has_them_tried_again_who_said_no_or_were_reached(first: str) -> None:
    assert again(first, asked=first) != []


def test_what_nobody_knew_of_may_be_tried_again_by_a_person_alone() -> None:
    assert again("declined", asked="unknown", was_lost=True) == []
    assert again("busy", asked=None, was_lost=True) != []


def test_another_campaign_in_between_hides_nothing() -> None:
    sends = [sent(n, at=NOON + n * HOUR) for n in range(3)]
    rows = [row(each, number=n) for n, each in enumerate(sends, start=1)]
    rows[1] = replace(rows[1], campaign_id="another", target_id=2)
    found = violations(evidence(sends, attempts=rows, documents={"camp": {}, "another": {}}))
    assert any(each.startswith("twice") for each in found), found


def test_tries_count_anew_once_a_person_has_asked() -> None:
    sends = [sent(n, at=NOON + n * HOUR, outcome="busy") for n in range(2)]
    rows = [row(each, number=n) for n, each in enumerate(sends, start=1)]
    asked = Reopened(
        since=NOON + HOUR / 2,
        until=NOON + HOUR / 2,
        campaign_id="camp",
        outcomes=frozenset({"busy"}),
    )
    alone = violations(evidence(sends, attempts=rows))
    assert any(each.startswith("too often") for each in alone)
    found = violations(evidence(sends, attempts=rows, reopened=[asked]))
    assert not any(each.startswith("too often") for each in found)


def test_a_number_is_written_in_ways_that_all_mean_it() -> None:
    chance = Chance(1, "spelling")
    ways = {spelled(ANA, chance) for _ in range(50)}
    assert len(ways) == 5
    assert {getattr(parse_phone(each, default_country="US"), "value", each) for each in ways} == {
        ANA
    }


def elsewhere(first: str, *, then: str, back: bool = False) -> list[str]:
    """What is said of somebody with two numbers, of whom the first is `first`."""
    cadence = {"maxAttempts": 5, "invalidNumber": {"then": then}}
    cadence["busy"] = {"attempts": 2, "delaySeconds": 60, "then": then}
    sends = [sent(1, outcome=first), sent(2, to=BRUNO, at=NOON + HOUR)]
    sends += [sent(3, at=NOON + 2 * HOUR)] if back else []
    rows = [replace(row(each, number=n), target_id=1) for n, each in enumerate(sends, start=1)]
    of = [target(disposition=rows[-1].disposition)]
    day = {**DOCUMENT, "cadence": cadence}
    return violations(evidence(sends, attempts=rows, targets=of, documents={"camp": day}))


@pytest.mark.parametrize("first", ["busy", "invalid_number"])
def test_another_number_is_tried_where_the_campaign_says_so(first: str) -> None:
    assert elsewhere(first, then="next_address") == []
    assert elsewhere(first, then="finish") != []
    assert elsewhere(first, then="next_address", back=True) != []


def test_a_cap_per_contact_counts_all_numbers() -> None:
    sends = [sent(1, outcome="busy"), sent(2, to=BRUNO, at=NOON + HOUR)]
    rows = [replace(row(each, number=n), contact_id=1) for n, each in enumerate(sends, start=1)]
    for per, is_over in (("number", False), ("contact", True)):
        day = {**DOCUMENT, "caps": [{"per": per, "attempts": 1, "days": 1}]}
        found = violations(evidence(sends, attempts=rows, documents={"camp": day}))
        assert any(each.startswith("over the cap") for each in found) is is_over
