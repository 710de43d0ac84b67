"""Numbering plans: what a text that looks like a phone number is, without the library's long way.

libphonenumber decides by regular expressions of each region. Here the same expressions, taken from
its own metadata when a region is first met, are put together so that a number costs a few of them
instead of some thirty. The order of the steps and every quirk are the library's; a test compares
the two. What is not plain (letters, extensions, foreign digits, unknown country codes) is not
decided here: the answer is then None, and phonenumbers is asked.

What was decided is remembered for all numbers that are as long and begin with the same digits, as
many as `deciding` proves to have settled it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import NamedTuple

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    SUPPORTED_REGIONS,
    PhoneNumber,
    PhoneNumberType,
    national_significant_number,
    number_type,
    region_code_for_number,
)
from phonenumbers.phonenumberutil import is_number_type_geographical
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number
from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

from campana.domain.plans import MOST_DECIDING, NumberType, Plan, Seen, plan_of


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

_STEM = 4
"""Digits that are looked up first, to learn how many decide."""
_MOST_REMEMBERED = 50_000
"""Decisions of a country and length: more are forgotten together, some 10 MB of them."""

# The country codes of countries; networks of no country are left to the library.
_CODES = {
    str(code): regions
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()
    if regions[0] in SUPPORTED_REGIONS
}


class Decision(NamedTuple):
    """A reading of many numbers; `skip` digits stand before the national number of each."""

    country_code: int
    skip: int
    region: str | None
    type: NumberType | None
    zones: tuple[str, ...]


@dataclass(slots=True)
class _Remembered:
    """Decisions on numbers of one length: by their first digits, as many as `depths` says."""

    depths: dict[str, int] = field(default_factory=dict[str, int])
    decisions: dict[str, Decision] = field(default_factory=dict[str, Decision])

    def keep(self, digits: str, reading: Reading, seen: Seen) -> None:
        """Remember a reading for every number that is as long and begins alike."""
        if seen.digits > MOST_DECIDING or not seen.is_plain:
            return
        if len(self.decisions) >= _MOST_REMEMBERED:
            self.depths.clear()
            self.decisions.clear()
        stem = digits[:_STEM]
        depth = max(seen.digits, self.depths.get(stem, 0))
        self.depths[stem] = depth
        skip = len(digits) - len(reading.national)
        self.decisions[digits[:depth]] = _decision(reading, skip=skip)


# By the country a number is dialed in ("+": any, with its country code) and its length.
_REMEMBERED: dict[tuple[str, int], _Remembered] = {}


def read(text: str, *, default_country: str | None) -> Reading | None:
    """Decide on a plainly written number; None is for phonenumbers to decide.

    Args:
        text: stripped of the spaces around it.
        default_country: ISO 3166 code of a number written without `+`.
    """
    found = decided(text, default_country)
    if found is None:
        return None
    digits, (code, skip, region, kind, zones) = found
    return Reading(code, digits[skip:], region, kind, zones)


def decided(text: str, default_country: str | None) -> tuple[str, Decision] | None:
    """The same as digits and what was decided on all that begin like them."""
    if len(text) > _LONGEST_TEXT:
        return None
    try:
        plain = text.encode("latin-1").translate(None, _PUNCTUATION)
    except UnicodeEncodeError:
        return None
    where = default_country
    if plain.startswith(b"+"):
        plain, where = plain[1:], "+"
    size = len(plain)
    if size < _FEWEST_DIGITS or where is None or not plain.isdigit():
        return None
    digits = plain.decode("ascii")
    remembered = _REMEMBERED.get((where, size))
    if remembered is not None and (depth := remembered.depths.get(digits[:_STEM])):
        known = remembered.decisions.get(digits[:depth])
        if known is not None:
            return digits, known
    reading = _decided(digits, where)
    return None if reading is None else (reading.national, _decision(reading, skip=0))


def _decision(reading: Reading, *, skip: int) -> Decision:
    return Decision(reading.country_code, skip, reading.region, reading.type, reading.zones)


def _decided(digits: str, where: str) -> Reading | None:
    seen = Seen(len(digits))
    if where == "+":
        reading = _international(digits, seen)
    elif where in SUPPORTED_REGIONS:
        reading = _national(digits, plan_of(where), seen)
    else:
        return None
    if reading is not None:
        place = _REMEMBERED.setdefault((where, len(digits)), _Remembered())
        place.keep(digits, reading, seen)
    return reading


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


def _international(digits: str, seen: Seen) -> Reading | None:
    """Digits that begin with a country code."""
    for size in range(1, _LONGEST_COUNTRY_CODE + 1):
        regions = _CODES.get(digits[:size])
        if regions is not None:
            seen.first(size, digits)
            plan = plan_of(regions[0])
            return _judged(_without_prefix(digits[size:], plan, seen), plan, seen)
    return None


def _national(digits: str, plan: Plan, seen: Seen) -> Reading | None:
    """Digits as dialed in the plan's country: abroad too, or with its own country code."""
    if plan.idd is not None and (found := plan.idd.begins(digits, seen)) is not None:
        return _international(digits[found.end() :], seen)
    seen.first(len(plan.code), digits)
    if digits.startswith(plan.code):
        rest = _bare(digits[len(plan.code) :], plan, seen)
        is_better = plan.general.is_all(rest, seen) and not plan.general.is_all(digits, seen)
        if is_better or _is_too_long(digits, plan):
            main = plan_of(_CODES[plan.code][0])
            return _judged(_without_prefix(rest, main, seen), main, seen)
    return _judged(_without_prefix(digits, plan, seen), plan, seen)


def _without_prefix(digits: str, plan: Plan, seen: Seen) -> str:
    """The national number, the prefix gone where what is left may be a number of the country."""
    bare = _bare(digits, plan, seen)
    return bare if len(bare) in plan.lengths or _is_too_long(bare, plan) else digits


def _bare(digits: str, plan: Plan, seen: Seen) -> str:
    """Without the national prefix and a carrier's code, or with what they stand for."""
    if plan.prefix is None or (found := plan.prefix.begins(digits, seen)) is None:
        return digits
    if plan.prefix_becomes and found.groups()[-1] is not None:
        seen.is_plain = False
        bare = plan.prefix.pattern.sub(plan.prefix_becomes, digits, count=1)
    else:
        bare = digits[found.end() :]
    spoils = plan.general.is_all(digits, seen) and not plan.general.is_all(bare, seen)
    return digits if spoils else bare


def _is_too_long(digits: str, plan: Plan) -> bool:
    return len(digits) > plan.lengths[-1]


def _judged(national: str, plan: Plan, seen: Seen) -> Reading | None:
    """Region, type and zones of a national number under the plan's country code."""
    if not _FEWEST_DIGITS <= len(national) <= _LONGEST_NATIONAL:
        return None
    regions = _CODES[plan.code]
    code = int(plan.code)
    if len(regions) == 1:
        region, kind = plan.region, _type_of(national, plan, seen)
    else:
        region, kind = _first_that_fits(national, regions, seen)
    zones = _zones_of(plan.code, national, kind, seen) if kind is not None else ()
    return Reading(code, national, region, kind, zones)


def _first_that_fits(
    national: str, regions: Sequence[str], seen: Seen
) -> tuple[str | None, NumberType | None]:
    """Of the regions that share a country code, the one that claims the number."""
    for region in regions:
        plan = plan_of(region)
        if plan.leading is not None:
            if plan.leading.begins(national, seen):
                return region, _type_of(national, plan, seen)
        elif (kind := _type_of(national, plan, seen)) is not None:
            return region, kind
    return None, None


def _type_of(national: str, plan: Plan, seen: Seen) -> NumberType | None:
    if not plan.general.is_all(national, seen):
        return None
    found = plan.types.match(national)
    kind = plan.type_of_group[found.lastindex] if found and found.lastindex else None
    for each in plan.kinds:
        each.look(national, seen)
        if each.type is kind and kind is not NumberType.FIXED_LINE:
            break
    if kind is NumberType.FIXED_LINE and plan.mobile is not None and plan.mobile.match(national):
        return NumberType.FIXED_LINE_OR_MOBILE
    return kind


@cache
def _is_geographical(code: str, kind: NumberType) -> bool:
    return is_number_type_geographical(getattr(PhoneNumberType, kind.name), int(code))


def _zones_of(code: str, national: str, kind: NumberType, seen: Seen) -> tuple[str, ...]:
    """The zones of the longest known prefix; of the country alone where the number has no place."""
    if not _is_geographical(code, kind):
        return TIMEZONE_DATA.get(code) or TIMEZONE_DATA.get(code[:2], ())
    sizes, whole = _prefix_sizes(code), code + national
    count = next(count for count in range(len(whole) + 1) if whole[:count] not in _zone_stems())
    seen.first(max(0, count - len(code)), national)
    return _zones_of_longest(code, whole[: sizes[0]])


@cache
def _zone_stems() -> frozenset[str]:
    """Digits that more digits may turn into a prefix with zones of its own."""
    return frozenset(prefix[:size] for prefix in TIMEZONE_DATA for size in range(len(prefix)))


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
