"""Phone numbers as people write them: what they become, and which are never called."""

from __future__ import annotations

import pytest

from campana.domain.address import REFUSED_COUNTRY_CODES, Address, Unusable, parse_phone
from campana.domain.numbering import NumberType

ANA = Address(
    value="+12125550101",
    country="US",
    type=NumberType.FIXED_LINE_OR_MOBILE,
    zones=("America/New_York",),
)


def refused(text: str, default_country: str | None = None) -> str:
    found = parse_phone(text, default_country=default_country)
    assert isinstance(found, Unusable), found
    return found.reason


@pytest.mark.parametrize(
    ("text", "default_country"),
    [
        ("+12125550101", None),
        ("+1 (212) 555-0101", None),
        ("  +1 212.555.0101\t", "GB"),
        ("212-555-0101", "US"),
        ("1 212 555 0101", "US"),
        ("011 1 212 555 0101", "US"),
        ("00 1 212 555 0101", "GB"),
        ("tel:+1-212-555-0101", None),
        ("+1 212 555 0101 ext. 7", None),
        ("+1\u00a0212\u2011555\u20110101", None),
    ],
)
def test_any_way_of_writing_becomes_e164(text: str, default_country: str | None) -> None:
    assert parse_phone(text, default_country=default_country) == ANA


@pytest.mark.parametrize(
    ("number", "country", "kind", "zones"),
    [
        ("+13105550102", "US", NumberType.FIXED_LINE_OR_MOBILE, ("America/Los_Angeles",)),
        ("+442079460000", "GB", NumberType.FIXED_LINE, ("Europe/London",)),
        ("+14165550103", "CA", NumberType.FIXED_LINE_OR_MOBILE, ("America/Toronto",)),
        ("+393123456789", "IT", NumberType.MOBILE, ("Europe/Rome", "Europe/Vatican")),
    ],
)
def test_country_type_and_zone_follow_from_the_number(
    number: str, country: str, kind: NumberType, zones: tuple[str, ...]
) -> None:
    assert parse_phone(number, default_country="US") == Address(
        value=number, country=country, type=kind, zones=zones
    )


def test_a_number_that_may_lie_in_several_zones_names_them_all() -> None:
    found = parse_phone("+18005550199", default_country=None)
    assert isinstance(found, Address)
    assert {"America/New_York", "America/Los_Angeles", "Pacific/Honolulu"} <= set(found.zones)


@pytest.mark.parametrize(
    ("text", "default_country", "reason"),
    [
        ("", "US", "the number is empty"),
        (" \n", "US", "the number is empty"),
        ("2125550101", None, "neither the import nor the list names a default country"),
        ("212 555 0101", "XX", "the country code is not one"),
        ("+999 2125550101", None, "the country code is not one"),
        ("call me", "US", "this is not a phone number"),
        ("ana@example.com", "US", "this is not a phone number"),
        ("+1" + "2" * 30, None, "too many digits"),
        ("+1", None, "this is not a phone number"),
        ("+441", None, "too few digits"),
        ("911", "US", "no such number exists in US"),
        ("555 0101", "US", "no such number exists in US"),
        ("+11115550101", None, "no such number exists in US"),
        # Reserved for drama in Britain: numbers of no network, so nobody can be called there.
        ("+447700900123", None, "no such number exists in GB"),
    ],
)
def test_what_is_no_number_says_why(text: str, default_country: str | None, reason: str) -> None:
    assert reason in refused(text, default_country)


@pytest.mark.parametrize("code", sorted(REFUSED_COUNTRY_CODES))
def test_satellite_and_global_networks_are_refused_whatever_their_type(code: int) -> None:
    assert refused(f"+{code} 5550 1000") == f"+{code} is a satellite, global or premium network"


def test_the_refused_networks_are_those_that_cost_most() -> None:
    assert {870, 881, 882, 883, 979} <= REFUSED_COUNTRY_CODES


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("+19005550199", "premium"),
        ("+449098790000", "premium"),
        ("+448450000000", "shared-cost"),
        ("+447012345678", "personal"),
        ("+445512345678", "universal access"),
        ("+447640123456", "pager"),
    ],
)
def test_numbers_that_cost_the_called_or_the_caller_more_are_refused(
    number: str, kind: str
) -> None:
    assert refused(number) == "premium, shared-cost and personal numbers are not called", kind
