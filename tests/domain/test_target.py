"""Targets wait under the zones they may lie in."""

from __future__ import annotations

import pytest

from campana.domain.target import window_key, zones_of


@pytest.mark.parametrize(
    ("zones", "key"),
    [
        ((), ""),
        (("Europe/London",), "Europe/London"),
        (("Europe/London", "America/New_York"), "America/New_York,Europe/London"),
    ],
)
def test_the_key_is_the_sorted_zones_and_tells_them(zones: tuple[str, ...], key: str) -> None:
    assert window_key(zones) == key
    assert zones_of(key) == tuple(sorted(zones))
