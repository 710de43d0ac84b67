"""Prices by prefix, what an attempt costs, and limits that hold what is promised."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campana.domain.disposition import Disposition
from campana.domain.spend import (
    Per,
    Price,
    Purse,
    cost,
    day_of,
    keys_of,
    next_day,
    price_of,
    worst_case,
)

CALL = Price(per=Per.MINUTE, amount=Decimal("0.02"))
MESSAGE = Price(per=Per.MESSAGE, amount=Decimal("0.007"))
D = Disposition


@pytest.mark.parametrize(
    ("table", "found"),
    [
        (["+1", "+1212", "US", "*"], "+1212"),
        (["+1", "US", "*"], "+1"),
        (["US", "*"], "US"),
        (["GB", "*"], "*"),
        (["+12125550101"], "+12125550101"),
        (["+13", "GB"], None),
    ],
)
def test_the_most_particular_price_counts(table: list[str], found: str | None) -> None:
    prices = {key: Price(per=Per.MINUTE, amount=Decimal(n)) for n, key in enumerate(table)}
    assert price_of("+12125550101", "US", prices) == prices.get(found or "")


def test_an_address_that_is_no_number_has_the_price_of_its_country_or_of_anywhere() -> None:
    assert keys_of("ana@example.com", None) == ["*"]
    assert keys_of("", "US") == ["US", "*"]


def test_a_minute_that_has_begun_is_paid_for() -> None:
    def of(seconds: float | None) -> Decimal:
        return cost(CALL, disposition=D.COMPLETED, talk_seconds=seconds, reserved=Decimal(1))

    assert [of(s) for s in (None, 0, 0.1, 60, 60.1)] == [
        Decimal(n) for n in ("0", "0", "0.02", "0.02", "0.04")
    ]
    assert worst_case(CALL, longest=timedelta(seconds=180)) == Decimal("0.06")
    assert worst_case(MESSAGE, longest=timedelta(seconds=180)) == MESSAGE.amount


def test_a_message_costs_its_price_unless_it_was_never_sent() -> None:
    def of(disposition: Disposition) -> Decimal:
        return cost(MESSAGE, disposition=disposition, talk_seconds=None, reserved=Decimal(1))

    assert [of(d) for d in (D.COMPLETED, D.UNDELIVERED, D.NOT_SENT, D.UNKNOWN)] == [
        MESSAGE.amount,
        MESSAGE.amount,
        Decimal(0),
        Decimal(1),
    ]


@given(st.lists(st.decimals(0, 10, places=3)), st.decimals(0, 50, places=3))
def test_a_purse_never_promises_more_than_it_holds(amounts: list[Decimal], limit: Decimal) -> None:
    purse = Purse(limit=limit, spent=Decimal(0), reserved=Decimal(0))
    for amount in amounts:
        if purse.has(amount):
            purse.reserve(amount)
    assert purse.reserved <= limit
    assert Purse(limit=None, spent=limit, reserved=limit).has(limit)


def test_a_day_is_that_of_the_workspace_also_when_it_has_23_hours() -> None:
    new_york = ZoneInfo("America/New_York")
    late = datetime(2026, 3, 8, 4, 59, tzinfo=UTC)
    assert day_of(late, new_york) == date(2026, 3, 7)
    assert next_day(late, new_york) == datetime(2026, 3, 8, 5, tzinfo=UTC)
    assert next_day(next_day(late, new_york), new_york) == datetime(2026, 3, 9, 4, tzinfo=UTC)
