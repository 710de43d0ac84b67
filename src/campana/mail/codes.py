"""What an enhanced status code says (RFC 3463), in a reply or in a report of non-delivery."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Trouble(StrEnum):
    """Whose it is, and whether it lasts."""

    ADDRESS = "address"
    """Nobody has this address, or not any more."""
    BLOCKED = "blocked"
    """Policy, reputation or authentication: this sender to this person."""
    MESSAGE = "message"
    """This letter: too large, or of a form that is not taken."""
    PASSING = "passing"
    """It may be gone after a while."""
    GREYLISTED = "greylisted"
    """Passing on purpose: whoever tries again in some minutes is let in."""
    LASTING = "lasting"
    """It will not arrive, for a reason that says nothing of the address."""


_CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_BAD_ADDRESS = frozenset({(1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1)})
"""No such mailbox, domain or syntax; moved; null MX; mailbox disabled (for ever, in a 5)."""
_BAD_MESSAGE = frozenset({(2, 3), (3, 4), (6, 0), (6, 1), (6, 3)})
_GREY = re.compile(r"gr[ea]y-?list", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Class (2, 4 or 5), subject and detail."""

    kind: int
    subject: int
    detail: int

    def __str__(self) -> str:
        return f"{self.kind}.{self.subject}.{self.detail}"


def code_in(text: str) -> Code | None:
    """The first enhanced code of a text."""
    found = _CODE.search(text)
    if found is None:
        return None
    kind, subject, detail = map(int, found.groups())
    return Code(kind=kind, subject=subject, detail=detail)


def trouble_of(code: Code | None, *, reply: int | None = None, text: str = "") -> Trouble:
    """What is the matter, by the enhanced code, else by the three digits of SMTP."""
    kind = code.kind if code is not None else (reply or 500) // 100
    if kind == 4:
        is_grey = bool(_GREY.search(text)) or (code is not None and _pair(code) == (7, 1))
        return Trouble.GREYLISTED if is_grey else Trouble.PASSING
    if code is None:
        return {550: Trouble.LASTING, 552: Trouble.MESSAGE, 553: Trouble.ADDRESS}.get(
            reply or 0, Trouble.LASTING
        )
    if _pair(code) in _BAD_ADDRESS:
        return Trouble.ADDRESS
    if _pair(code) in _BAD_MESSAGE:
        return Trouble.MESSAGE
    return Trouble.BLOCKED if code.subject == 7 else Trouble.LASTING


def _pair(code: Code) -> tuple[int, int]:
    return code.subject, code.detail
