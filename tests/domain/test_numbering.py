"""The short way to a number's meaning never says anything else than phonenumbers says."""

from __future__ import annotations

import phonenumbers
import pytest
from phonenumbers import NumberParseException, PhoneNumberType
from phonenumbers.timezone import time_zones_for_number

from campana.domain import numbering
from campana.domain.numbering import NumberType, Reading
from tests.domain import numbers


def said_by_the_library(text: str, country: str | None) -> Reading | None:
    """From the library's public functions alone; None where it finds no number."""
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    kind = phonenumbers.number_type(number)
    is_valid = phonenumbers.is_valid_number(number)
    assert is_valid == (kind != PhoneNumberType.UNKNOWN)
    value = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    zones = time_zones_for_number(number) if is_valid else ()
    return Reading(
        country_code=number.country_code or 0,
        national=value.removeprefix(f"+{number.country_code}"),
        region=phonenumbers.region_code_for_number(number),
        type=NumberType(PhoneNumberType.to_string(kind).lower()) if is_valid else None,
        zones=tuple(zone for zone in zones if zone != "Etc/Unknown"),
    )


def compare(text: str, country: str | None) -> bool:
    """Was it decided here? And if so, as the library decides?"""
    found = numbering.read(text, default_country=country)
    if found is None:
        return False
    assert found == said_by_the_library(text, country), (text, country)
    return True


def test_agrees_on_the_examples_of_every_region_and_type_in_every_format() -> None:
    decided = [
        compare(phonenumbers.format_number(number, form), country)
        for region, number in numbers.examples()
        for form in numbers.FORMATS
        for country in (region, None)
    ]
    assert len(decided) > 12_000
    assert sum(decided) > 0.6 * len(decided)


@pytest.mark.parametrize("seed", range(3))
def test_agrees_on_numbers_written_at_random(seed: int) -> None:
    _agrees_on(1_000, seed=seed)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(100, 105))
def test_agrees_on_a_hundred_thousand_numbers(seed: int) -> None:
    _agrees_on(20_000, seed=seed)


def _agrees_on(count: int, *, seed: int) -> None:
    decided = 0
    for text, country in numbers.written(count=count, seed=seed):
        decided += compare(text.strip(), country)
    assert decided > 0.5 * count


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("+1 212 555 0101", None),
        ("(212) 555-0101", "US"),
        ("011 44 7400 123456", "US"),
        ("00 1 212 555 0101", "GB"),
        ("+44 (0)20 7946 0000", None),
        ("(+49) 30 123456", None),
        ("49 30 123456", "DE"),
        # The country's code, then the prefix twice: the library takes off all three.
        ("1 1 1 212 555 0101", "US"),
        ("00 0 20 7946 0000", "GB"),
        # An Italian zero stays; a Brazilian carrier's code goes; an Argentine 15 becomes a 9.
        ("06 6982 1234", "IT"),
        ("0 15 11 96123 4567", "BR"),
        ("011 15 2345 6789", "AR"),
        # Antigua: seven digits stand for ten.
        ("464 1234", "AG"),
        # The Russian 8 and the Kazakh plan under one code.
        ("8 701 234 56 78", "KZ"),
        ("+11115550101", None),
        ("+12", None),
        ("2125550101", None),
        ("+210 555 0101", None),
        ("+800 1234 5678", None),
        ("212 555 0101 x7", "US"),
        ("1-800-FLOWERS", "US"),
        ("212\u2011555\u20110101", "US"),
    ],
)
def test_agrees_on_what_people_write(text: str, country: str | None) -> None:
    compare(text, country)


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("+1 (212) 555-0101", None),
        ("212.555.0101", "US"),
        ("+1 111 555 0101", None),
        ("0 2079460000", "GB"),
        ("+447700900123", None),
        ("0 15 11 96123 4567", "BR"),
        ("1 1 1 212 555 0101", "US"),
    ],
)
def test_decides_common_numbers_valid_or_not(text: str, country: str | None) -> None:
    assert compare(text, country)


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("", "US"),
        ("911", "US"),
        ("ana", "US"),
        ("2125550101", None),
        ("2125550101", "XX"),
        ("2125550101", "us"),
        ("+999 2125550101", None),
        ("+870 773 111 632", None),
        ("+1 2125550101 x7", None),
        ("+1+2125550101", None),
        ("011 0 2125550101 55", "XX"),
        ("+44 1" + " " * 60, None),
        ("+4930" + "1" * 16, None),
        ("٠٢٠٧٩٤٦٠٠٠٠", "GB"),
        ("²125550101", "US"),
    ],
)
def test_leaves_what_is_not_plain_to_the_library(text: str, country: str | None) -> None:
    assert numbering.read(text, default_country=country) is None


def test_what_is_remembered_of_one_number_holds_for_those_that_begin_alike() -> None:
    """Numbers that differ in their last digits alone: asked twice, and after one another."""
    heads = [text for text, _ in numbers.written(count=60, seed=7)]
    heads += ["+1 212 555", "(212) 555", "+44 7400", "+55 11 9", "+52 55 1", "0 15 11 9", "+39 06"]
    decided = 0
    for head in heads:
        for tail in ("", "0101", "9999", "1234567", "00000000", "55512345"):
            for country in ("US", "BR", None):
                decided += compare(f"{head.strip()[:14]}{tail}".strip(), country)
    assert decided > 300
