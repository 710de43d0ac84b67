"""Meta's error codes, of a refused send and of a message that failed later.

Source: Meta, "WhatsApp Business Platform: Error codes" (May 2026). Codes of calls we do not make
(registration, flows, groups) are left out; what is not here is read by its HTTP status.
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
    0: _account("the access token is not valid any more"),
    3: _account("the app lacks a capability or a permission"),
    10: _account("a permission was not granted, or was taken back"),
    190: _account("the access token has expired"),
    131005: _account("access denied: a permission is missing"),
    131031: _account("the account is locked", _HOUR),
    131037: _account("the number's display name is not approved", _HOUR),
    131042: _account("there is a problem with paying for messages", _HOUR),
    131045: _account("the number is not registered rightly"),
    133010: _account("the number is not registered"),
    368: _account("the account is blocked for breaking a policy", _HOUR),
    # how much
    4: _crowded("the app makes too many calls"),
    80007: _crowded("the account makes too many calls"),
    130429: _crowded("more messages a second than the number may send", timedelta(seconds=2)),
    131048: _crowded("too many people blocked or reported the number", _HOUR),
    131056: Meaning(Disposition.CONGESTION, "too many messages to this person in a few seconds"),
    # their side
    1: _account("an unknown error"),
    2: _account("the service is down or overloaded for now"),
    131000: _account("an unknown error: the message was not sent"),
    131016: _account("the service is not available"),
    131057: _account("the account is in maintenance"),
    133004: _account("the server is not available for now"),
    # this person
    130472: Meaning(Disposition.UNDELIVERED, "the person takes part in an experiment of Meta's"),
    130497: Meaning(Disposition.BLOCKED, "the account may not write to people in this country"),
    131021: Meaning(Disposition.INVALID_NUMBER, "sender and recipient are the same"),
    131026: Meaning(Disposition.INVALID_NUMBER, "not on WhatsApp, or cannot receive this message"),
    131030: Meaning(Disposition.BLOCKED, "a test number, and the person is not on its list"),
    131047: Meaning(Disposition.WINDOW_CLOSED, "over 24 hours since they wrote: needs a template"),
    131049: Meaning(Disposition.HELD_BACK, "Meta chose to spare the person one more message"),
    131050: Meaning(Disposition.OPT_OUT, "the person does not want marketing from this number"),
    # this message
    33: _message("the number does not exist any more"),
    100: _message("a parameter is unknown or has a wrong value"),
    131008: _message("a parameter is missing"),
    131009: _message("a parameter has a wrong value"),
    131051: _message("a kind of message that is not supported"),
    131052: _message("the person's file could not be had"),
    131053: _message("the file could not be had, or is of a kind that is not supported"),
    132000: _message("the template wants another number of variables"),
    132001: _message("there is no approved template of that name and language"),
    132005: _message("the template is too long with these values"),
    132007: _message("the template breaks a rule about characters"),
    132012: _message("a variable of the template has the wrong form"),
    132015: _message("the template is paused for its low quality"),
    132016: _message("the template is disabled for its low quality"),
    132068: _message("the template's flow is blocked"),
    132069: _message("the template's flow is throttled"),
    135000: _message("the message could not be sent as it is"),
}
