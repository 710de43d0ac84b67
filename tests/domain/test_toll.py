"""Numbers that are never called: the quick look says what parsing the number says."""

from __future__ import annotations

from collections.abc import Iterator

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from campana.domain.address import REFUSED_TYPES, Unusable, parse_phone
from campana.domain.toll import is_refused


def examples() -> Iterator[tuple[str, int]]:
    """An example number of each type in each country that has one, in E.164."""
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in PhoneNumberType.values():
            example = phonenumbers.example_number_for_type(region, kind)
            if example is not None:
                yield phonenumbers.format_number(example, PhoneNumberFormat.E164), kind


def test_every_premium_number_of_every_country_is_refused() -> None:
    refused = [number for number, kind in examples() if _word(kind) in REFUSED_TYPES]
    assert len(refused) > 300
    assert [n for n in refused if not is_refused(n) and _is_refused_at_import(n)] == []


def test_the_quick_look_agrees_with_the_import_on_every_example() -> None:
    differing = [n for n, _ in examples() if is_refused(n) is not _is_refused_at_import(n)]
    assert differing == []


def _word(kind: int) -> str:
    return PhoneNumberType.to_string(kind).lower()


def _is_refused_at_import(number: str) -> bool:
    return isinstance(parse_phone(number, default_country=None), Unusable)


@pytest.mark.parametrize(
    "number",
    [
        "+870773111632",
        "+878101234567890",
        "+881612345678",
        "+882123456789",
        "+883510012345",
        "+979123456789",
        "+19005550101",
        "+999123",
        "+",
        "",
        "12125550101",
        "+1212555010x",
        "+٣٤٥",
    ],
)
def test_satellites_global_networks_and_nonsense_are_refused(number: str) -> None:
    assert is_refused(number)


@settings(max_examples=300, deadline=None)
@example(code="61", rest="0130000")
@given(
    code=st.sampled_from(["1", "44", "49", "33", "91", "61", "55", "7"]),
    rest=st.from_regex(r"[0-9]{7,11}", fullmatch=True),
)
def test_what_the_import_refuses_for_its_type_is_refused(code: str, rest: str) -> None:
    number = f"+{code}{rest}"
    found = parse_phone(number, default_country=None)
    if isinstance(found, Unusable):
        assert is_refused(number) or "exists" in found.reason or "digits" in found.reason
    else:
        assert not is_refused(number)
