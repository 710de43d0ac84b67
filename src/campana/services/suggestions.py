"""How a refused cell could be mended: a value to write where one is at hand, else advice."""

from __future__ import annotations

import difflib
import re
from functools import cache
from zoneinfo import available_timezones

from campana.domain.address import Address, parse_phone
from campana.domain.email import parse_email

_SLIPS = (
    (re.compile(r"\s+"), ""),
    (re.compile(r",(?=[A-Za-z]{2,}$)"), "."),
    (re.compile(r"^(mailto:|<)|[>;,.]+$"), ""),
    (re.compile(r"\.{2,}"), "."),
    (re.compile(r"(\(at\)|\[at\]|@{2,})", re.IGNORECASE), "@"),
    (re.compile(r"\.(con|cmo|ocm)$", re.IGNORECASE), ".com"),
)


def phone(text: str, *, country: str | None) -> str:
    """For a number that cannot be used as it is written in `country`."""
    digits = re.sub(r"\D", "", text)
    if not digits:
        return "fill in a phone number, or take the row out"
    if "+" not in text and len(digits) > 9:
        found = parse_phone(f"+{digits.lstrip('0')}", default_country=None)
        if isinstance(found, Address):
            return f"write {found.value}"
    if country is None:
        return "write the country code first, such as +1 or +44, or name a default country"
    return f"write all digits of a number in {country}, or the country code first"


def email(text: str) -> str:
    """For a text that is no e-mail address."""
    mended = text
    for slip, instead in _SLIPS:
        mended = slip.sub(instead, mended)
    found = parse_email(mended)
    if isinstance(found, str):
        return f"write {found}"
    return "write an address such as ana@example.org"


def time_zone(text: str) -> str:
    """For a text that names no zone."""
    wanted = text.strip().replace(" ", "_").casefold()
    near = difflib.get_close_matches(wanted, _zones(), n=1, cutoff=0.75)
    if near:
        return f"write {_zones()[near[0]]}"
    return "write a zone such as America/New_York, or leave the cell empty"


@cache
def _zones() -> dict[str, str]:
    return {name.casefold(): name for name in sorted(available_timezones()) if "/" in name}
