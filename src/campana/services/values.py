"""Cells as values of a type somebody named: a number, a date, a text.

What can be read in two ways is refused, never guessed: 1,234 may be one or a thousand, 3/4/2026 two
days. Cells of a sheet or of JSON come with types of their own and keep them.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from enum import StrEnum

import msgspec

from campana.domain.contact import LARGEST, AttributeValue, text_of


class AttributeType(StrEnum):
    """What an attribute's cells are read as."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    JSON = "json"
    """Each cell says itself what it is: `5` a number, `"5"` a text, `true`."""


class Unfit(Exception):
    """Why a cell is no value of its type, and how it could be written."""

    def __init__(self, reason: str, suggestion: str) -> None:
        """Both as sentences for the person who gave the file."""
        super().__init__(reason)
        self.reason = reason
        self.suggestion = suggestion


_PLAIN = re.compile(r"[-+]?\d+(\.\d+)?")
_SCIENTIFIC = re.compile(r"[-+]?\d+\.\d+[eE][-+]?\d{1,3}|[-+]?\d+[eE]-\d{1,3}")
_COMMA = re.compile(r"[-+]?\d+,\d+")
_THOUSANDS = {
    re.compile(r"[-+]?\d{1,3}(,\d{3})+\.\d+"): ",",
    re.compile(r"[-+]?\d{1,3}(,\d{3}){2,}"): ",",
    re.compile(r"[-+]?\d{1,3}(\.\d{3})+,\d+"): ".",
    re.compile(r"[-+]?\d{1,3}(\.\d{3}){2,}"): ".",
    re.compile(r"[-+]?\d{1,3}([ '\u00a0\u202f]\d{3})+([.,]\d+)?"): " '\u00a0\u202f",
}
_AMBIGUOUS = re.compile(r"[-+]?\d{1,3}[,.]\d{3}")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_SLASHED = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")


def typed(cell: AttributeValue, wanted: AttributeType | None) -> AttributeValue:
    """The cell as a value of the type; as it is when none is wanted.

    Raises:
        Unfit: it is none, or could be two.
    """
    match wanted:
        case None:
            return cell
        case AttributeType.TEXT:
            return text_of(cell)
        case AttributeType.NUMBER:
            if isinstance(cell, bool) or not isinstance(cell, int | float):
                return _number(text_of(cell))
            return cell
        case AttributeType.DATE:
            return _date(text_of(cell))
        case AttributeType.JSON:
            return _said(cell)


def _said(cell: AttributeValue) -> AttributeValue:
    if not isinstance(cell, str):
        return cell
    try:
        value = msgspec.json.decode(cell, type=str | int | float | bool)
    except msgspec.DecodeError:
        raise Unfit("this is no JSON value", 'write 5, "a text", true or false') from None
    if isinstance(value, str) and "\0" in value:
        raise Unfit("the text holds a NUL character", "take the character out")
    if isinstance(value, int | float) and abs(value) >= LARGEST:
        raise Unfit("the number has more than 15 digits", "write it as a text")
    return value


def _number(text: str) -> int | float:
    if _AMBIGUOUS.fullmatch(text) and "," in text:
        whole, fraction = re.sub(r"[,.]", "", text), text.replace(",", ".")
        raise Unfit(
            f"{text} may be {whole} or {fraction}", f"write {whole} or {fraction} without a comma"
        )
    if _PLAIN.fullmatch(text) or _SCIENTIFIC.fullmatch(text):
        return _measured(text)
    for form, separators in _THOUSANDS.items():
        if form.fullmatch(text):
            bare = "".join(char for char in text if char not in separators)
            return _measured(bare.replace(",", "."))
    if _COMMA.fullmatch(text):
        return _measured(text.replace(",", "."))
    raise Unfit("this is not a number", "write digits, with a point before decimals: 1234.50")


def _measured(text: str) -> int | float:
    value = float(text)
    if abs(value) >= LARGEST:
        raise Unfit("the number has more than 15 digits", "import the column as text")
    return value if "." in text or "e" in text.lower() else int(text)


def _date(text: str) -> str:
    try:
        if found := _YEAR_FIRST.fullmatch(text):
            return date(*(int(part) for part in found.groups())).isoformat()
        if found := _DOTTED.fullmatch(text):
            day, month, year = (int(part) for part in found.groups())
            return date(year, month, day).isoformat()
        if found := _SLASHED.fullmatch(text):
            return _slashed(*(int(part) for part in found.groups()))
        return _moment(text)
    except ValueError:
        raise Unfit("there is no such date", "write year-month-day: 2026-03-31") from None


def _slashed(first: int, second: int, year: int) -> str:
    """One reading or none: a day above twelve tells which is which."""
    if first == second or first > 12:
        return date(year, second, first).isoformat()
    if second > 12:
        return date(year, first, second).isoformat()
    one, other = date(year, second, first).isoformat(), date(year, first, second).isoformat()
    raise Unfit(f"this may be {one} or {other}", f"write {one} or {other}")


def _moment(text: str) -> str:
    """A time of ISO 8601 is kept as a time; midnight without a zone is its day."""
    found = datetime.fromisoformat(text)
    is_day = found.tzinfo is None and (found.hour, found.minute, found.second) == (0, 0, 0)
    return found.date().isoformat() if is_day else found.isoformat()
