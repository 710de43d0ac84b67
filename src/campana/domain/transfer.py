"""Handing a call over to somebody else (a blind transfer): whom it may go to, what came of it.

Whom: a number, or the name of a telephone at the carrier's own SIP server (`sip:desk@pbx.example`).
It is written out in the bot, so that nothing about a contact can choose who is called. The same
rules hold as for every number that is dialled: it is the account's owner who pays for the call.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from campana.domain.address import Unusable, parse_phone
from campana.domain.toll import is_refused

TIMEOUT_SECONDS = (5.0, 120.0)

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_URI = re.compile(
    r"sip:([A-Za-z0-9+._~*-]{1,64})@([A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:.]+\])(:\d{1,5})?"
)
_LONGEST_EXTENSION = 6
"""Digits without a plus that are more than this may be a number dialled abroad."""


class TransferOutcome(StrEnum):
    """What came of asking for a transfer."""

    ANSWERED = "answered"
    """Somebody took the call; the bot is out of it."""
    REFUSED = "refused"
    """The other telephone or the carrier said no: busy, declined, no such number, no transfers."""
    NO_ANSWER = "no_answer"
    BARRED = "barred"
    """Our own rules do not allow that number any more: nobody was asked."""
    UNKNOWN = "unknown"
    """The call ended before anybody said what came of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred:
    """What was reported of a transfer; `status` is the final SIP code, where there was one."""

    outcome: TransferOutcome
    status: int | None = None


_NOT_ANSWERED = frozenset({408, 480, 487})
"""Final codes that say that a telephone rang, or might have, and nobody took it."""


def refusal(status: int | None) -> Transferred:
    """What a final code other than success means; None where the refusal had none."""
    outcome = TransferOutcome.NO_ANSWER if status in _NOT_ANSWERED else TransferOutcome.REFUSED
    return Transferred(outcome=outcome, status=status)


def wrong_with(to: str) -> str | None:
    """What is wrong with whom a call is handed to, whatever the workspace allows; None: nothing."""
    if _NUMBER.fullmatch(to) is None and _URI.fullmatch(to) is None:
        return "must be a number such as +12025550123, or sip:name@host"
    user = re.sub(r"[^0-9A-Za-z+]", "", _user(to))
    if user.isdigit() and len(user) > _LONGEST_EXTENSION:
        return "must begin with a plus if it is a number"
    number = number_in(to)
    if number is not None and is_refused(number):
        return "is a premium, shared-cost, personal, satellite or global number: never called"
    return None


def number_in(to: str) -> str | None:
    """The number that is called (E.164, with its plus), or None where it is a name."""
    user = _user(to)
    return user if user.startswith("+") else None


def forbidden(to: str, *, countries: Collection[str], hosts: Collection[str]) -> str | None:
    """Why a call may not be handed to `to`; None when it may.

    Args:
        to: whom.
        countries: that the workspace may call (ISO 3166).
        hosts: of the trunks of the channel that the call is on, the only ones to take a name.
    """
    if (wrong := wrong_with(to)) is not None:
        return wrong
    if to.startswith("sip:") and host_in(to) not in {host.lower() for host in hosts}:
        known = ", ".join(sorted(hosts)) or "it has none"
        return f"must be at the host of one of the channel's trunks: {known}"
    number = number_in(to)
    if number is None:
        return None
    read = parse_phone(number, default_country=None)
    if isinstance(read, Unusable):
        return f"cannot be called: {read.reason}"
    if read.country not in countries:
        return "is in a country that this workspace may not call"
    return None


def host_in(to: str) -> str | None:
    """The host of a SIP URI, in lower case; None for a number."""
    found = _URI.fullmatch(to)
    return found[2].strip("[]").lower() if found is not None else None


def _user(to: str) -> str:
    found = _URI.fullmatch(to)
    return found[1] if found is not None else to
