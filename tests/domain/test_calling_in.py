"""Where calls may come from, and whom a trunk means with what it writes."""

from __future__ import annotations

import pytest

from campana.domain.calling_in import is_among, numbers


@pytest.mark.parametrize(
    ("text", "country", "meant"),
    [
        ("+12025550142", "US", ("+12025550142",)),
        ("2025550142", "US", ("+12025550142",)),
        ("12025550142", "US", ("+12025550142",)),
        # Without its plus it is no number of the United States, but one of the world.
        ("442079460123", "US", ("+442079460123",)),
        ("02079460123", "GB", ("+442079460123",)),
        ("+442079460123", "", ("+442079460123",)),
        ("anybody", "US", ()),
        ("", "US", ()),
    ],
)
def test_a_number_is_read_as_the_trunks_country_writes_it(
    text: str, country: str, meant: tuple[str, ...]
) -> None:
    assert numbers(text, country=country) == meant


@pytest.mark.parametrize(
    ("address", "is_in"),
    [
        ("203.0.113.7", True),
        ("203.0.113.16", False),
        ("198.51.100.4", True),
        ("2001:db8::1", True),
        ("not an address", False),
    ],
)
def test_addresses_and_networks_are_looked_into(address: str, is_in: bool) -> None:
    sources = ("203.0.113.0/28", "198.51.100.4", "2001:db8::/32")
    assert is_among(address, sources) == is_in
