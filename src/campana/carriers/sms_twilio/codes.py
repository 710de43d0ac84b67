"""Twilio's error codes, of a refused send and of a message that failed later.

Source: Twilio, "Error and warning dictionary" (2026), as far as the Messages API comes to them.
What is not here is read by its HTTP status, or by the status the message ended with.
"""

from __future__ import annotations

from datetime import timedelta

from campana.carriers.codes import Codes, Meaning
from campana.domain.disposition import Disposition

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


def _account(says: str, rest: timedelta = _MINUTE) -> Meaning:
    """The whole account is at fault: until somebody mends it, every message would be lost on it."""
    return Meaning(Disposition.CARRIER_ERROR, says, rests=True, rest=rest)


def _message(says: str) -> Meaning:
    """This message will never do; the next one may."""
    return Meaning(Disposition.CARRIER_ERROR, says)


def _crowded(says: str, rest: timedelta = _MINUTE) -> Meaning:
    return Meaning(Disposition.CONGESTION, says, rests=True, rest=rest)


CODES: Codes = {
    # who we are
    20003: _account("the account or its token is not valid"),
    20005: _account("the account is not active", _HOUR),
    20006: _account("access denied"),
    20404: _account("there is no such account"),
    21212: _account("the sender is not valid"),
    21606: _account("the sender cannot send to this kind of number"),
    21660: _account("the sender belongs to another account"),
    21661: _account("the sender cannot send SMS"),
    21701: _account("there is no such messaging service"),
    21703: _account("the messaging service has no sender"),
    21704: _account("the messaging service has no sender for this"),
    21705: _account("the messaging service is not valid"),
    30002: _account("the account is suspended", _HOUR),
    30024: _account("the sender is not ready at the carrier"),
    30032: _account("the toll-free number is not verified"),
    30034: _account("the sender is not registered for A2P 10DLC", _HOUR),
    63038: _account("the account has sent all it may today", _HOUR),
    90010: _account("the account is not active", _HOUR),
    # how much
    20429: _crowded("too many requests", timedelta(seconds=2)),
    21611: _crowded("the sender's queue is full"),
    30001: _crowded("the queue is full"),
    30017: Meaning(Disposition.CONGESTION, "the carrier's network is congested"),
    30022: _crowded("the sender's rate at US carriers is exceeded"),
    30023: _crowded("the sender's daily cap at US carriers is reached", _HOUR),
    # this person
    21211: Meaning(Disposition.INVALID_NUMBER, "not a number"),
    21214: Meaning(Disposition.INVALID_NUMBER, "the number cannot be reached"),
    21217: Meaning(Disposition.INVALID_NUMBER, "not a number"),
    21265: Meaning(Disposition.INVALID_NUMBER, "a short code cannot be written to"),
    21266: Meaning(Disposition.INVALID_NUMBER, "sender and recipient are the same"),
    21408: Meaning(Disposition.BLOCKED, "the account may not send to this region"),
    21608: Meaning(Disposition.BLOCKED, "a trial account, and the number is not verified with it"),
    21610: Meaning(Disposition.OPT_OUT, "the person sent STOP to this sender"),
    21612: Meaning(Disposition.BLOCKED, "the number cannot be reached from this sender"),
    21614: Meaning(Disposition.INVALID_NUMBER, "not a mobile number"),
    30003: Meaning(Disposition.UNDELIVERED, "the phone is off or away"),
    30004: Meaning(Disposition.BLOCKED, "the message is blocked for this number"),
    30005: Meaning(Disposition.INVALID_NUMBER, "the number is unknown, or not in service"),
    30006: Meaning(Disposition.INVALID_NUMBER, "a landline, or a carrier that cannot be reached"),
    30007: Meaning(Disposition.BLOCKED, "filtered by the carrier, or against Twilio's rules"),
    30008: Meaning(Disposition.UNDELIVERED, "not delivered, and nobody says why"),
    30009: Meaning(Disposition.UNDELIVERED, "a part of a message that came in is missing"),
    30036: Meaning(Disposition.UNDELIVERED, "its validity ran out on its way"),
    30040: Meaning(Disposition.BLOCKED, "the number's network refuses this kind of sender"),
    30453: Meaning(Disposition.BLOCKED, "taken for fraud by SMS pumping protection"),
    30454: Meaning(Disposition.BLOCKED, "the destination's carrier does not take more of the like"),
    # this message
    21602: _message("there is no text"),
    21605: _message("the text is too long"),
    21609: _message("the callback address is not one Twilio can reach: see CAMPANA_PUBLIC_URL"),
    21617: _message("the text has more than 1600 characters"),
    21619: _message("neither text nor media"),
    21620: _message("the address of the media is not valid"),
    21623: _message("too many media"),
    30010: _message("it would cost more than was allowed"),
    30011: _message("the number's network knows no MMS"),
    30019: _message("the media are too large for the network"),
    30038: _message("a one-time code in it is not allowed"),
}
