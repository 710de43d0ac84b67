"""What is kept of a claim tells every rule of the gate again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from campana.domain import gate
from campana.domain.gate import Reach
from campana.domain.passage import Rule, Verdict, noted, told
from campana.domain.window import ALWAYS
from tests.domain.test_gate import FINE, NOON

_GATE = {
    "_has_address": Rule.ADDRESS,
    "_not_suppressed": Rule.SUPPRESSION,
    "_consent_given": Rule.CONSENT,
    "_number_allowed": Rule.NUMBER,
    "_country_allowed": Rule.COUNTRY,
    "_care_window_open": Rule.CARE_WINDOW,
    "_not_held_out": Rule.COMPARISON,
    "_window_open": Rule.HOURS,
    "_under_caps": Rule.CAPS,
    "_address_free": Rule.ADDRESS_FREE,
}

_ALWAYS_ASKED = {
    Rule.ADDRESS, Rule.SUPPRESSION, Rule.COMPARISON, Rule.ADDRESS_FREE, Rule.PACE,
}  # fmt: skip


def test_every_rule_of_the_gate_is_told_in_its_order() -> None:
    rules = [_GATE[each.__name__] for each in gate.RULES]
    note = noted(FINE, NOON, caps=0, owner_id=1, caller_id=None)
    assert [each.rule for each in told(note, address="+12125550101")] == [*rules, *list(Rule)[10:]]


@pytest.mark.parametrize(
    ("changes", "extra", "not_asked"),
    [
        ({}, {}, {Rule.CONSENT, Rule.CARE_WINDOW, Rule.CAPS, Rule.CALLER_ID}),
        (
            {"requires_consent": True, "has_consent": True, "is_free_form": True, "wrote_at": NOON},
            {"caps": 2, "caller_id": "+12025550100"},
            set(),
        ),
        (
            {"reach": Reach.LETTER, "country": None, "window": ALWAYS},
            {},
            {*Rule} - _ALWAYS_ASKED,
        ),
    ],
)  # fmt: skip
def test_what_was_not_asked_is_told_so(
    changes: dict[str, object], extra: dict[str, object], not_asked: set[Rule]
) -> None:
    facts = replace(FINE, **changes)  # pyright: ignore[reportArgumentType]
    note = noted(facts, NOON, **{"caps": 0, "owner_id": 3, "caller_id": None, **extra})  # pyright: ignore[reportArgumentType]
    kept = msgspec.json.decode(msgspec.json.encode(note))
    address = "ana@example.com" if facts.reach is Reach.LETTER else "+12125550101"
    lines = told(kept, address=address)
    assert {each.rule for each in lines if each.verdict is Verdict.NOT_ASKED} == not_asked


def test_the_hours_are_those_of_the_day_there() -> None:
    late = datetime(2026, 3, 11, 1, tzinfo=UTC)
    facts = replace(FINE, zones=("America/New_York", "America/Chicago", "Nowhere/Unknown"))
    note = noted(facts, late, caps=0, owner_id=1, caller_id=None)
    assert note["zones"] == [
        {"zone": "America/New_York", "time": "2026-03-10T21:00:00-04:00", "hours": "08:00-21:00"},
        {"zone": "America/Chicago", "time": "2026-03-10T20:00:00-05:00", "hours": "08:00-21:00"},
        {"zone": "Nowhere/Unknown"},
    ]


def test_of_an_attempt_of_which_nothing_was_noted_nothing_is_told() -> None:
    assert told({}, address="+12125550101") == []
