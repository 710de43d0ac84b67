"""What is suggested for a refused cell can itself be read."""

from __future__ import annotations

import pytest

from campana.services import suggestions


@pytest.mark.parametrize(
    ("text", "country", "said"),
    [
        ("0012015550101", None, "write +12015550101"),
        ("1 (201) 555-0101", None, "write +12015550101"),
        ("12015550101", "DE", "write +12015550101"),
        ("555-0101", None, "write the country code first"),
        ("+999 123", "US", "write all digits of a number in US"),
        ("none", "US", "fill in a phone number"),
    ],
)
def test_phones(text: str, country: str | None, said: str) -> None:
    assert suggestions.phone(text, country=country).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ana @example.org", "write ana@example.org"),
        ("ana@example,com", "write ana@example.com"),
        ("ana@gmail.con", "write ana@gmail.com"),
        ("ana(at)example.org.", "write ana@example.org"),
        ("nothing", "write an address such as"),
    ],
)
def test_emails(text: str, said: str) -> None:
    assert suggestions.email(text).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("america/new york", "write America/New_York"),
        ("Europe/Berln", "write Europe/Berlin"),
        ("Mars/X", "write a zone such as"),
    ],
)
def test_zones(text: str, said: str) -> None:
    assert suggestions.time_zone(text).startswith(said)
