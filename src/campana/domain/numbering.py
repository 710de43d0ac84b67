"""Numbering plans: what a text that looks like a phone number is, without the library's long way.

libphonenumber decides by regular expressions of each region. Here the same expressions, taken from
its own metadata when a region is first met, are put together so that a number costs a few of them
instead of some thirty. The order of the steps and every quirk are the library's; a test compares
the two. What is not plain (letters, extensions, foreign digits, unknown country codes) is not
decided here: the answer is then None, and phonenumbers is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import NamedTuple, cast

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    SUPPORTED_REGIONS,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberDesc,
    PhoneNumberType,
    national_significant_number,
    number_type,
    region_code_for_number,
)
from phonenumbers.phonenumberutil import is_number_type_geographical
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number
from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX


class NumberType(StrEnum):
    """What a numbering plan says a number is for; the library's types under its own names."""

    FIXED_LINE = "fixed_line"
    MOBILE = "mobile"
    FIXED_LINE_OR_MOBILE = "fixed_line_or_mobile"
    TOLL_FREE = "toll_free"
    PREMIUM_RATE = "premium_rate"
    SHARED_COST = "shared_cost"
    VOIP = "voip"
    PERSONAL_NUMBER = "personal_number"
    PAGER = "pager"
    UAN = "uan"
    VOICEMAIL = "voicemail"


class Reading(NamedTuple):
    """A number as its plan sees it. No `type`: the plan has no such number.

    `region` is ISO 3166, "001" for networks of no country, None where a shared country code does
    not tell; `zones` are all the IANA zones it may lie in, none where nothing is known.
    """

    country_code: int
    national: str
    region: str | None
    type: NumberType | None
    zones: tuple[str, ...]


_LIBRARY_TYPES = {getattr(PhoneNumberType, each.name): each for each in NumberType}

# Written between the digits of a number and without meaning to the library. A tab or a line end is
# not among them: to the library such a text is no number.
_PUNCTUATION = b" ().-/\xa0\xad"
# Fewer digits than this are left to the library, which tells short numbers from no numbers.
_FEWEST_DIGITS = 5
_LONGEST_TEXT = 60
_LONGEST_NATIONAL = 17
_LONGEST_COUNTRY_CODE = 3

# A number of several types is the first of these: the library's order.
_BY_PRECEDENCE = (
    NumberType.PREMIUM_RATE,
    NumberType.TOLL_FREE,
    NumberType.SHARED_COST,
    NumberType.VOIP,
    NumberType.PERSONAL_NUMBER,
    NumberType.PAGER,
    NumberType.UAN,
    NumberType.VOICEMAIL,
    NumberType.FIXED_LINE,
    NumberType.MOBILE,
)

# The country codes of countries; networks of no country are left to the library.
_CODES = {
    str(code): regions
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()
    if regions[0] in SUPPORTED_REGIONS
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """The expressions of one region, compiled. `lengths` are those of any national number of it."""

    region: str
    code: str
    idd: re.Pattern[str] | None
    prefix: re.Pattern[str] | None
    prefix_becomes: str | None
    general: re.Pattern[str]
    lengths: Sequence[int]
    leading: re.Pattern[str] | None
    types: re.Pattern[str]
    type_of_group: Sequence[NumberType]
    mobile: re.Pattern[str] | None


def read(text: str, *, default_country: str | None) -> Reading | None:
    """Decide on a plainly written number; None is for phonenumbers to decide.

    Args:
        text: stripped of the spaces around it.
        default_country: ISO 3166 code of a number written without `+`.
    """
    if len(text) > _LONGEST_TEXT:
        return None
    try:
        digits = text.encode("latin-1").translate(None, _PUNCTUATION).decode("latin-1")
    except UnicodeEncodeError:
        return None
    is_international = digits.startswith("+")
    if is_international:
        digits = digits[1:]
    if len(digits) < _FEWEST_DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    if is_international:
        return _international(digits)
    if default_country not in SUPPORTED_REGIONS:
        return None
    return _national(digits, _plan_of(default_country))


def reading_of(number: PhoneNumber) -> Reading:
    """What phonenumbers says of a number it has parsed."""
    kind = _LIBRARY_TYPES.get(number_type(number))
    zones = time_zones_for_number(number) if kind is not None else ()
    return Reading(
        country_code=number.country_code or 0,
        national=national_significant_number(number),
        region=region_code_for_number(number),
        type=kind,
        zones=tuple(zone for zone in zones if zone != UNKNOWN_TIMEZONE),
    )


def _international(digits: str) -> Reading | None:
    """Digits that begin with a country code."""
    for size in range(1, _LONGEST_COUNTRY_CODE + 1):
        regions = _CODES.get(digits[:size])
        if regions is not None:
            plan = _plan_of(regions[0])
            return _judged(_without_prefix(digits[size:], plan), plan)
    return None


def _national(digits: str, plan: _Plan) -> Reading | None:
    """Digits as dialed in the plan's country: abroad too, or with its own country code."""
    if plan.idd is not None and (found := plan.idd.match(digits)) is not None:
        return _international(digits[found.end() :])
    if digits.startswith(plan.code):
        rest = _bare(digits[len(plan.code) :], plan)
        is_better = plan.general.fullmatch(rest) and not plan.general.fullmatch(digits)
        if is_better or _is_too_long(digits, plan):
            main = _plan_of(_CODES[plan.code][0])
            return _judged(_without_prefix(rest, main), main)
    return _judged(_without_prefix(digits, plan), plan)


def _without_prefix(digits: str, plan: _Plan) -> str:
    """The national number, the prefix gone where what is left may be a number of the country."""
    bare = _bare(digits, plan)
    return bare if len(bare) in plan.lengths or _is_too_long(bare, plan) else digits


def _bare(digits: str, plan: _Plan) -> str:
    """Without the national prefix and a carrier's code, or with what they stand for."""
    if plan.prefix is None or (found := plan.prefix.match(digits)) is None:
        return digits
    if plan.prefix_becomes and found.groups()[-1] is not None:
        bare = plan.prefix.sub(plan.prefix_becomes, digits, count=1)
    else:
        bare = digits[found.end() :]
    spoils = plan.general.fullmatch(digits) and not plan.general.fullmatch(bare)
    return digits if spoils else bare


def _is_too_long(digits: str, plan: _Plan) -> bool:
    return len(digits) > plan.lengths[-1]


def _judged(national: str, plan: _Plan) -> Reading | None:
    """Region, type and zones of a national number under the plan's country code."""
    if not _FEWEST_DIGITS <= len(national) <= _LONGEST_NATIONAL:
        return None
    regions = _CODES[plan.code]
    code = int(plan.code)
    if len(regions) == 1:
        region, kind = plan.region, _type_of(national, plan)
    else:
        region, kind = _first_that_fits(national, regions)
    zones = _zones_of(plan.code, national, kind) if kind is not None else ()
    return Reading(code, national, region, kind, zones)


def _first_that_fits(national: str, regions: Sequence[str]) -> tuple[str | None, NumberType | None]:
    """Of the regions that share a country code, the one that claims the number."""
    for region in regions:
        plan = _plan_of(region)
        if plan.leading is not None:
            if plan.leading.match(national):
                return region, _type_of(national, plan)
        elif (kind := _type_of(national, plan)) is not None:
            return region, kind
    return None, None


def _type_of(national: str, plan: _Plan) -> NumberType | None:
    found = plan.types.match(national)
    if found is None or found.lastindex is None:
        return None
    kind = plan.type_of_group[found.lastindex]
    if kind is NumberType.FIXED_LINE and plan.mobile is not None and plan.mobile.match(national):
        return NumberType.FIXED_LINE_OR_MOBILE
    return kind


@cache
def _is_geographical(code: str, kind: NumberType) -> bool:
    return is_number_type_geographical(getattr(PhoneNumberType, kind.name), int(code))


def _zones_of(code: str, national: str, kind: NumberType) -> tuple[str, ...]:
    """The zones of the longest known prefix; of the country alone where the number has no place."""
    if not _is_geographical(code, kind):
        return TIMEZONE_DATA.get(code) or TIMEZONE_DATA.get(code[:2], ())
    sizes = _prefix_sizes(code)
    return _zones_of_longest(code, (code + national)[: sizes[0]])


@lru_cache(maxsize=1 << 16)
def _zones_of_longest(code: str, prefix: str) -> tuple[str, ...]:
    known = (TIMEZONE_DATA.get(prefix[:size]) for size in _prefix_sizes(code))
    return next((zones for zones in known if zones is not None), ())


@cache
def _prefix_sizes(code: str) -> Sequence[int]:
    """How long the prefixes with zones are that a number of this country code may have."""
    sizes = {len(prefix) for prefix in TIMEZONE_DATA if prefix.startswith(code)}
    sizes |= {size for size in range(1, len(code)) if code[:size] in TIMEZONE_DATA}
    return sorted((size for size in sizes if size <= TIMEZONE_LONGEST_PREFIX), reverse=True)


@cache
def _plan_of(region: str) -> _Plan:
    metadata = cast("PhoneMetadata", PhoneMetadata.metadata_for_region(region))
    general = cast("PhoneNumberDesc", metadata.general_desc)
    is_one_pattern = metadata.same_mobile_and_fixed_line_pattern
    groups: list[str] = []
    type_of_group = [NumberType.FIXED_LINE]
    for kind in _BY_PRECEDENCE:
        expression = _expression(getattr(metadata, kind.value))
        if expression is None or (kind is NumberType.MOBILE and is_one_pattern):
            continue
        groups.append(f"({expression})")
        is_both = kind is NumberType.FIXED_LINE and is_one_pattern
        type_of_group.append(NumberType.FIXED_LINE_OR_MOBILE if is_both else kind)
    mobile = None if is_one_pattern else _expression(metadata.mobile)
    # The library's expressions have no groups of their own: the group that matched is the type.
    types = re.compile(f"(?={_expression(general)})(?:{'|'.join(groups)})")
    return _Plan(
        region=region,
        code=str(metadata.country_code),
        idd=_compiled(metadata.international_prefix),
        prefix=_compiled(metadata.national_prefix_for_parsing),
        prefix_becomes=metadata.national_prefix_transform_rule or None,
        general=re.compile(cast("str", general.national_number_pattern)),
        lengths=sorted(general.possible_length),
        leading=_compiled(metadata.leading_digits),
        types=types,
        type_of_group=type_of_group,
        mobile=_compiled(mobile),
    )


def _compiled(expression: str | None) -> re.Pattern[str] | None:
    return re.compile(expression) if expression else None


def _expression(described: PhoneNumberDesc | None) -> str | None:
    """A description as one expression that a whole number matches: its lengths, then its digits."""
    if described is None or not described.national_number_pattern:
        return None
    sizes = "|".join(rf"\d{{{size}}}" for size in described.possible_length)
    length = rf"(?=(?:{sizes})\Z)" if sizes else ""
    return rf"{length}(?:{described.national_number_pattern})\Z"
