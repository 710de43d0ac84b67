"""Which changes of the rules ease something, and which do not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from campana.domain import easing
from campana.domain.caller_id import CallerIds
from campana.domain.campaign import Plan
from campana.domain.caps import Cap, CapPer
from campana.domain.easing import HOURS, Held
from campana.domain.window import ALWAYS

TWO_A_DAY = Cap(per=CapPer.NUMBER, attempts=2, days=1)
SEVEN_A_WEEK = Cap(per=CapPer.CONTACT, attempts=7, days=7)
PLAN = Plan(caps=(TWO_A_DAY,), spend_limit=Decimal(10), caller_id="+12025550100")


@pytest.mark.parametrize(
    ("after", "is_eased"),
    [
        ((TWO_A_DAY, SEVEN_A_WEEK), False),
        ((SEVEN_A_WEEK, TWO_A_DAY), False),
        ((TWO_A_DAY,), True),
        ((), True),
        ((replace(TWO_A_DAY, attempts=3), SEVEN_A_WEEK), True),
        ((replace(TWO_A_DAY, attempts=1), SEVEN_A_WEEK), False),
        ((replace(TWO_A_DAY, attempts=1), replace(SEVEN_A_WEEK, attempts=8)), True),
        ((replace(TWO_A_DAY, days=2), SEVEN_A_WEEK), True),
        ((replace(TWO_A_DAY, per=CapPer.CONTACT), SEVEN_A_WEEK), True),
        ((TWO_A_DAY, SEVEN_A_WEEK, replace(SEVEN_A_WEEK, days=3)), False),
    ],
)
def test_caps_are_eased_when_one_allows_more_or_is_gone(
    after: tuple[Cap, ...], is_eased: bool
) -> None:
    assert easing.are_caps_eased((TWO_A_DAY, SEVEN_A_WEEK), after) is is_eased


@pytest.mark.parametrize(
    ("before", "after", "is_eased"),
    [(5, 6, True), (5, None, True), (5, 5, False), (5, 4, False), (None, 9, False)],
)
def test_a_limit_is_eased_when_it_is_higher_or_gone(
    before: int | None, after: int | None, is_eased: bool
) -> None:
    assert easing.is_limit_eased(before, after) is is_eased


ONE, TWO = "+12025550100", "+12025550101"


@pytest.mark.parametrize(
    ("before", "after", "is_eased"),
    [
        (CallerIds(numbers=(ONE,)), CallerIds(numbers=(ONE, TWO)), True),
        (CallerIds(numbers=(ONE,)), CallerIds(numbers=(TWO,)), True),
        (CallerIds(numbers=(ONE, TWO)), CallerIds(numbers=(TWO,)), False),
        (CallerIds(numbers=(ONE,), calls_a_day=3), CallerIds(numbers=(ONE,), calls_a_day=4), True),
        (CallerIds(numbers=(ONE,), calls_a_day=3), CallerIds(numbers=(ONE,)), True),
        (CallerIds(numbers=(ONE,), calls_a_day=3), CallerIds(numbers=(ONE,), calls_a_day=2), False),
        (CallerIds(numbers=(ONE,)), None, True),
        (None, None, False),
    ],
)
def test_callers_are_eased_by_another_number_or_more_calls(
    before: CallerIds | None, after: CallerIds | None, is_eased: bool
) -> None:
    assert easing.are_callers_eased(before, after) is is_eased


@pytest.mark.parametrize(
    ("changes", "eased"),
    [
        ({}, set[Held]()),
        ({"window": ALWAYS}, HOURS),
        ({"caps": ()}, {Held.CAPS}),
        ({"spend_limit": None}, {Held.BUDGET}),
        ({"caller_id": None}, {Held.CALLER_IDS}),
        ({"requires_consent": True}, set[Held]()),
        ({"window": ALWAYS, "caps": ()}, {*HOURS, Held.CAPS}),
    ],
)
def test_a_plan_eases_what_it_says_otherwise(changes: dict[str, Any], eased: set[Held]) -> None:
    assert easing.of_plan(PLAN, replace(PLAN, **changes)) == eased
