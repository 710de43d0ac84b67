"""Phone numbers as people write them, to E.164 and what follows from it: country, type, time zones.

Rules come from libphonenumber's metadata. A type is not enough to keep toll fraud out: satellite
and global networks are typed MOBILE, so their country codes are refused by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException

from campana.domain import numbering
from campana.domain.numbering import NumberType, Reading

REFUSED_TYPES = frozenset(
    {
        NumberType.PREMIUM_RATE,
        NumberType.SHARED_COST,
        NumberType.PERSONAL_NUMBER,
        NumberType.UAN,
        NumberType.VOICEMAIL,
        NumberType.PAGER,
    }
)
# +870 Inmarsat, +878 universal personal, +881 global satellite, +882 and +883 international
# networks, +888 disaster relief, +979 international premium rate (ITU-T E.164 assignments).
REFUSED_COUNTRY_CODES = frozenset({870, 878, 881, 882, 883, 888, 979})


class AddressKind(StrEnum):
    """Where an address can be reached."""

    PHONE = "phone"
    WHATSAPP = "whatsapp"
    EMAIL = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A callable number: `value` in E.164, ISO 3166 `country`, the `type` its numbering plan gives
    it, the IANA `zones` it may lie in (all of them)."""

    value: str
    country: str
    type: NumberType
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """Why a text is no number that may be called, in words for the person who imported it."""

    reason: str


def parse_phone(text: str, *, default_country: str | None) -> Address | Unusable:
    """Read one phone number; without a `+` it is taken as written in `default_country` (ISO 3166).

    Never raises: what cannot be used is an `Unusable` with its reason.
    """
    stripped = text.strip()
    if not stripped:
        return Unusable(reason="the number is empty")
    reading = numbering.read(stripped, default_country=default_country)
    if reading is None:
        reading = _asked(stripped, default_country)
        if isinstance(reading, Unusable):
            return reading
    return _checked(reading)


def plain_number(
    text: str, *, default_country: str | None
) -> tuple[str, str, NumberType, tuple[str, ...]] | None:
    """A number that may be called, as far as its plan alone can tell; else `parse_phone` says more.

    What most numbers of a file need, and nothing else: the fields of an `Address`.
    """
    found = numbering.decided(text, default_country)
    if found is None:
        return None
    digits, (code, skip, region, kind, zones) = found
    if kind is None or kind in REFUSED_TYPES or code in REFUSED_COUNTRY_CODES:
        return None
    return f"+{code}{digits[skip:]}", region or "", kind, zones


def national(value: str) -> str:
    """A number in E.164 as people of its country write it; anything else as it is."""
    try:
        number = phonenumbers.parse(value)
    except NumberParseException:
        return value
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)


# Files say "unknown" and "n/a" many times.
@lru_cache(maxsize=4096)
def _asked(text: str, default_country: str | None) -> Reading | Unusable:
    """What phonenumbers makes of a text."""
    try:
        number = phonenumbers.parse(text, default_country)
    except NumberParseException as error:
        needs_country = default_country is None and "+" not in text
        return Unusable(reason=_parse_reason(error, needs_country=needs_country))
    return numbering.reading_of(number)


def _parse_reason(error: NumberParseException, *, needs_country: bool) -> str:
    if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
        if needs_country:
            return "no country code, and neither the import nor the list names a default country"
        return "the country code is not one"
    if error.error_type == NumberParseException.NOT_A_NUMBER:
        return "this is not a phone number"
    if error.error_type == NumberParseException.TOO_LONG:
        return "too many digits for a phone number"
    return "too few digits for a phone number"


def _checked(reading: Reading) -> Address | Unusable:
    if reading.country_code in REFUSED_COUNTRY_CODES:
        return Unusable(reason=f"+{reading.country_code} is a satellite, global or premium network")
    if reading.type is None:
        country = phonenumbers.region_code_for_country_code(reading.country_code)
        return Unusable(reason=f"no such number exists in {country}")
    if reading.type in REFUSED_TYPES:
        return Unusable(reason="premium, shared-cost and personal numbers are not called")
    return Address(
        value=f"+{reading.country_code}{reading.national}",
        country=reading.region or "",
        type=reading.type,
        zones=reading.zones,
    )
