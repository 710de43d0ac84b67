"""Public holidays of a country or a part of it, by the tables of the `holidays` package.

A place is written `US` or `US-CA`. A holiday that is observed on another day counts on both.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache


def is_known(place: str) -> bool:
    """Are there tables for this country, or this part of it?"""
    try:
        _of_year(place, 2024)
    except NotImplementedError:
        return False
    return True


def is_holiday(place: str, day: date) -> bool:
    """Is `day` a public holiday there?

    Raises:
        NotImplementedError: the place is not known; documents with one are refused.
    """
    return day in _of_year(place, day.year)


@lru_cache(maxsize=1024)
def _of_year(place: str, year: int) -> frozenset[date]:
    # Importing it takes half a second, which most processes never need.
    import holidays

    country, _, part = place.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year))
