"""May this person be contacted now? Each rule, their order, and that doubt means no."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import phonenumbers
import pytest

from campana.domain.address import Address, parse_phone
from campana.domain.disposition import Disposition
from campana.domain.gate import (
    ADDRESS_BUSY_DELAY,
    NEVER_OPEN_DELAY,
    RULES,
    Allow,
    Defer,
    Drop,
    Facts,
    Reach,
    check,
    reach_of,
)
from campana.domain.window import ALWAYS, DEFAULT, Window

NOON = datetime(2026, 3, 10, 17, tzinfo=UTC)
NIGHT = datetime(2026, 3, 10, 7, tzinfo=UTC)
MORNING = datetime(2026, 3, 10, 12, tzinfo=UTC)

FINE = Facts(
    reach=Reach.NUMBER,
    country="US",
    zones=("America/New_York",),
    suppressed_by=None,
    address_is_busy=False,
    allowed_countries=frozenset({"US"}),
    requires_consent=False,
    has_consent=False,
    window=DEFAULT,
    capped_until=None,
    is_held_out=False,
)

NO_ADDRESS = Drop(disposition=Disposition.NO_ADDRESS, why="no_address")
SUPPRESSED = Drop(disposition=Disposition.SUPPRESSED, why="suppressed_campaign")
NO_CONSENT = Drop(disposition=Disposition.NO_CONSENT, why="no_consent")
REFUSED = Drop(disposition=Disposition.NUMBER_REFUSED, why="number_refused")
UNCARED = Drop(disposition=Disposition.WINDOW_CLOSED, why="care_window_closed")
HELD_OUT = Drop(disposition=Disposition.HELD_OUT, why="held_out")
COUNTRY = Drop(disposition=Disposition.COUNTRY_NOT_ALLOWED, why="country_not_allowed")
ZONE = Drop(disposition=Disposition.ZONE_UNKNOWN, why="zone_unknown")
CLOSED = Defer(until=MORNING, why="window")
CAPPED = Defer(until=NOON + timedelta(days=2), why="caps")
NEVER_OPEN = Defer(until=NOON + NEVER_OPEN_DELAY, why="never_open")
BUSY = Defer(until=NOON + timedelta(seconds=15), why="address_busy")


def test_lets_through_whom_nothing_speaks_against() -> None:
    assert check(FINE, NOON) == Allow()


@pytest.mark.parametrize(
    ("facts", "now", "verdict"),
    [
        ({"reach": reach_of(None)}, NOON, NO_ADDRESS),
        ({"suppressed_by": "campaign"}, NOON, SUPPRESSED),
        ({"requires_consent": True}, NOON, NO_CONSENT),
        ({"requires_consent": True, "has_consent": True}, NOON, Allow()),
        ({"reach": reach_of("+19005550101")}, NOON, REFUSED),
        ({"reach": reach_of("+881612345678"), "country": "US"}, NOON, REFUSED),
        ({"reach": reach_of("2125550101")}, NOON, REFUSED),
        ({"reach": reach_of("ana@example.com")}, NOON, Allow()),
        ({"country": "CA"}, NOON, COUNTRY),
        ({"country": None}, NOON, COUNTRY),
        ({"country": ""}, NOON, COUNTRY),
        ({"country": "us"}, NOON, COUNTRY),
        ({"allowed_countries": frozenset()}, NOON, COUNTRY),
        ({"country": None, "allowed_countries": frozenset()}, NOON, COUNTRY),
        ({"is_free_form": True}, NOON, UNCARED),
        ({"is_free_form": True, "wrote_at": NOON - timedelta(hours=24)}, NOON, UNCARED),
        ({"is_free_form": True, "wrote_at": NOON - timedelta(hours=23.9)}, NOON, Allow()),
        ({"is_held_out": True}, NOON, HELD_OUT),
        ({}, NIGHT, CLOSED),
        ({"zones": ()}, NOON, ZONE),
        ({"zones": ("Mars/Olympus",)}, NOON, ZONE),
        ({"window": Window()}, NOON, NEVER_OPEN),
        ({"zones": (), "window": ALWAYS}, NIGHT, Allow()),
        ({"capped_until": CAPPED.until}, NOON, CAPPED),
        ({"address_is_busy": True}, NOON, BUSY),
    ],
)
def test_each_rule_objects_with_its_reason(
    facts: dict[str, Any], now: datetime, verdict: object
) -> None:
    assert check(replace(FINE, **facts), now) == verdict


def test_the_first_rule_that_objects_decides() -> None:
    """With everything wrong, mending one thing after the other shows the next objection."""
    facts = replace(
        FINE,
        reach=Reach.NONE,
        suppressed_by="campaign",
        requires_consent=True,
        country=None,
        is_free_form=True,
        is_held_out=True,
        zones=(),
        capped_until=CAPPED.until,
        address_is_busy=True,
    )
    mends: list[dict[str, Any]] = [
        {"reach": reach_of("+19005550101")},
        {"suppressed_by": None},
        {"has_consent": True},
        {"reach": FINE.reach},
        {"country": FINE.country},
        {"wrote_at": NOON},
        {"is_held_out": False},
        {"zones": FINE.zones},
        {"address_is_busy": False},
        {"capped_until": None},
    ]
    objections = [check(facts, NOON)]
    for mend in mends:
        facts = replace(facts, **mend)
        objections.append(check(facts, NOON))
    assert objections == [
        NO_ADDRESS,
        SUPPRESSED,
        NO_CONSENT,
        REFUSED,
        COUNTRY,
        UNCARED,
        HELD_OUT,
        ZONE,
        BUSY,
        CAPPED,
        Allow(),
    ]
    assert len(RULES) == len(mends)


ISLANDS = ("AG", "AI", "AS", "BB", "BM", "BS", "DM", "DO", "GD", "GU", "JM", "KN", "KY", "LC")


@pytest.mark.parametrize("country", ISLANDS)
def test_an_island_under_the_code_of_the_us_is_not_the_us(country: str) -> None:
    example = phonenumbers.example_number(country)
    assert example is not None
    number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    assert number.startswith("+1")
    island = parse_phone(number, default_country="US")
    assert isinstance(island, Address)
    assert island.country == country
    facts = replace(FINE, reach=reach_of(island.value), country=island.country)
    assert check(facts, NOON) == COUNTRY
    assert check(replace(facts, allowed_countries=frozenset({country})), NOON) == Allow()


def test_who_is_never_to_be_called_is_not_merely_put_off() -> None:
    assert check(replace(FINE, suppressed_by="campaign", address_is_busy=True), NIGHT) == SUPPRESSED


def test_a_busy_address_is_asked_again_soon() -> None:
    assert timedelta(seconds=5) <= ADDRESS_BUSY_DELAY <= timedelta(minutes=1)


def test_a_letter_needs_no_country() -> None:
    facts = replace(FINE, reach=Reach.LETTER, country=None, allowed_countries=frozenset())
    assert check(facts, NOON) == Allow()
