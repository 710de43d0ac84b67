"""Where somebody lives tells their zone as far as it does; the number tells the rest."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from campana.domain import places
from campana.domain.places import country_named, zones_at

NEW_YORK, CHICAGO, DENVER = "America/New_York", "America/Chicago", "America/Denver"


@pytest.mark.parametrize(
    ("attributes", "country", "number", "zones"),
    [
        ({"state": "NY"}, "US", (CHICAGO,), (NEW_YORK,)),
        ({"state": "new york"}, "US", (), (NEW_YORK,)),
        # A divided state: the number chooses, where it lies in the state at all.
        ({"state": "Texas"}, "US", (DENVER,), (DENVER,)),
        ({"state": "TX"}, "US", (NEW_YORK,), (CHICAGO, DENVER)),
        ({"province": "Québec"}, "CA", (), ("America/Toronto", "America/Halifax")),
        ({"estado": "São Paulo"}, "BR", (), ("America/Sao_Paulo",)),
        # The country that is named, not the number's.
        ({"state": "WA", "country": "Australia"}, "US", (), ("Australia/Perth", "Australia/Eucla")),
        ({"country": "Deutschland"}, "US", (NEW_YORK,), ("Europe/Berlin",)),
        ({"country": "US"}, "US", (DENVER,), (DENVER,)),
        # What does not tell: nothing known, nothing named, a state of another country.
        ({"state": "Nowhere"}, "US", (DENVER,), (DENVER,)),
        ({"state": "NY"}, "DE", ("Europe/Berlin",), ("Europe/Berlin",)),
        ({"state": "NY"}, None, (), ()),
        ({"country": "Atlantis"}, "US", (DENVER,), (DENVER,)),
        ({"country": "", "state": ""}, "US", (DENVER,), (DENVER,)),
        ({"city": "Austin"}, "US", (CHICAGO,), (CHICAGO,)),
    ],
)
def test_the_address_tells_as_far_as_it_does(
    attributes: dict[str, str], country: str | None, number: tuple[str, ...], zones: tuple[str, ...]
) -> None:
    assert zones_at(attributes, country=country, otherwise=number) == zones


@pytest.mark.parametrize(
    ("text", "country"),
    [("us", "US"), ("U.S.A.", "US"), ("España", "ES"), ("Germany", "DE"), ("XX", None)],
)
def test_a_country_is_known_by_its_code_and_its_names(text: str, country: str | None) -> None:
    assert country_named(text) == country


def test_every_state_is_there_once_and_every_zone_exists() -> None:
    counts = {
        country: sum(len(states.split(", ")) for states in by_zones.values())
        for country, by_zones in places._STATES.items()
    }
    # 50 states, the district and five territories; 13; 32; 27; six states and two territories.
    assert counts == {"US": 56, "CA": 13, "MX": 32, "BR": 27, "AU": 8}
    for zones in places._states().values():
        assert [ZoneInfo(zone).key for zone in zones] == list(zones)
