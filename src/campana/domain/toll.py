"""Numbers that cost somebody dearly: premium, shared-cost, personal, satellite and global networks.

They are refused when people are imported. The gate asks again for numbers that came another way, at
the rate of dialling: a country code and one regular expression rule nearly every number out, and
only what they leave in doubt is parsed.
"""

from __future__ import annotations

import re
from functools import lru_cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from campana.domain.address import REFUSED_COUNTRY_CODES, REFUSED_TYPES, Unusable, parse_phone

_LONGEST_CODE = 3


def is_refused(number: str) -> bool:
    """May this number (E.164, with its plus) not be called, whatever the country allows?"""
    if not (number.startswith("+") and number.isascii() and number[1:].isdigit()):
        return True
    code = _code(number[1 : 1 + _LONGEST_CODE])
    if code is None or code in REFUSED_COUNTRY_CODES:
        return True
    doubtful = _doubtful(code)
    if doubtful is None or doubtful.fullmatch(number, 1 + len(str(code))) is None:
        return False
    return isinstance(parse_phone(number, default_country=None), Unusable)


@lru_cache(maxsize=1024)
def _code(beginning: str) -> int | None:
    """The country code these first digits of a number begin with, if there is one."""
    for length in range(1, _LONGEST_CODE + 1):
        code = int(beginning[:length])
        if code in COUNTRY_CODE_TO_REGION_CODE:
            return code
    return None


@lru_cache(maxsize=512)
def _doubtful(code: int) -> re.Pattern[str] | None:
    """What may be of a refused type in any country of this code; None when nothing may.

    Also what begins with a prefix that is dropped in reading: the rest is another number.
    """
    patterns: set[str] = set()
    for region in COUNTRY_CODE_TO_REGION_CODE[code]:
        metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
        for kind in REFUSED_TYPES:
            described = getattr(metadata, kind.value, None)
            if described is not None and described.national_number_pattern:
                patterns.add(described.national_number_pattern)
        if metadata is not None and metadata.national_prefix_for_parsing:
            patterns.add(rf"(?:{metadata.national_prefix_for_parsing})[0-9]*")
    return (
        re.compile("|".join(f"(?:{pattern})" for pattern in sorted(patterns))) if patterns else None
    )
