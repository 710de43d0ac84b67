"""What became of an attempt or a target, and how final that is.

The finality classes follow the contact-center practice of mapping wrap-up codes to
"retry", "number uncallable", "contact uncallable" and "right party contact".
"""

from __future__ import annotations

from enum import StrEnum


class Disposition(StrEnum):
    """The outcome of an attempt, or of a target that ended without one."""

    COMPLETED = "completed"
    """A person answered and the conversation ran to its end."""
    TRANSFERRED = "transferred"
    """A person answered, and was put through to somebody who took the call."""
    HUNG_UP = "hung_up"
    """A person answered and hung up before the end."""
    DELIVERED = "delivered"
    """The message reached the person's device or mailbox."""
    UNDELIVERED = "undelivered"
    """The message was sent and did not arrive."""
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    VOICEMAIL = "voicemail"
    """A machine answered."""
    CALLBACK_REQUEST = "callback_request"
    """A person answered and asked to be called at another time."""
    OPT_OUT = "opt_out"
    """The person asked not to be contacted again; a suppression goes with it."""
    DECLINED = "declined"
    INVALID_NUMBER = "invalid_number"
    BLOCKED = "blocked"
    """The network refuses calls from this sender to this number."""
    CONGESTION = "congestion"
    WINDOW_CLOSED = "window_closed"
    """Free text was not allowed: it is too long since they wrote; an approved template is."""
    HELD_BACK = "held_back"
    """The provider chose not to deliver it now; in a day or two it may."""
    CARRIER_ERROR = "carrier_error"
    CANCELLED = "cancelled"
    """We ended it: the campaign was cancelled or the program asked to stop."""
    NOT_SENT = "not_sent"
    """The intent was written and the network never touched; costs no attempt."""
    UNKNOWN = "unknown"
    """It may have reached the person; only a person may decide to try again."""
    SUPPRESSED = "suppressed"
    NO_CONSENT = "no_consent"
    """The campaign contacts only people who agreed to it, and the ledger knows of no such word."""
    DUPLICATE = "duplicate"
    ZONE_UNKNOWN = "zone_unknown"
    NUMBER_REFUSED = "number_refused"
    """A premium, shared-cost, personal, satellite or global number: never called."""
    COUNTRY_NOT_ALLOWED = "country_not_allowed"
    NO_ADDRESS = "no_address"
    PRICE_UNKNOWN = "price_unknown"
    """There is a limit to what may be spent, and the price table does not say what this costs."""
    EXPIRED = "expired"
    HELD_OUT = "held_out"
    """Left out of a comparison on purpose, to see what happens without any contact."""


class Finality(StrEnum):
    """What a disposition means for trying again."""

    RETRY = "retry"
    ADDRESS_DONE = "address_done"
    CONTACT_DONE = "contact_done"
    REACHED = "reached"


FINALITY: dict[Disposition, Finality] = {
    Disposition.COMPLETED: Finality.REACHED,
    Disposition.TRANSFERRED: Finality.REACHED,
    Disposition.HUNG_UP: Finality.REACHED,
    Disposition.DELIVERED: Finality.REACHED,
    Disposition.UNDELIVERED: Finality.RETRY,
    Disposition.BUSY: Finality.RETRY,
    Disposition.NO_ANSWER: Finality.RETRY,
    Disposition.VOICEMAIL: Finality.RETRY,
    Disposition.CALLBACK_REQUEST: Finality.RETRY,
    Disposition.OPT_OUT: Finality.CONTACT_DONE,
    Disposition.DECLINED: Finality.CONTACT_DONE,
    Disposition.INVALID_NUMBER: Finality.ADDRESS_DONE,
    Disposition.BLOCKED: Finality.ADDRESS_DONE,
    Disposition.CONGESTION: Finality.RETRY,
    Disposition.WINDOW_CLOSED: Finality.ADDRESS_DONE,
    Disposition.HELD_BACK: Finality.RETRY,
    Disposition.CARRIER_ERROR: Finality.RETRY,
    Disposition.CANCELLED: Finality.CONTACT_DONE,
    Disposition.NOT_SENT: Finality.RETRY,
    Disposition.UNKNOWN: Finality.CONTACT_DONE,
    Disposition.SUPPRESSED: Finality.CONTACT_DONE,
    Disposition.NO_CONSENT: Finality.CONTACT_DONE,
    Disposition.DUPLICATE: Finality.CONTACT_DONE,
    Disposition.ZONE_UNKNOWN: Finality.CONTACT_DONE,
    Disposition.NUMBER_REFUSED: Finality.CONTACT_DONE,
    Disposition.COUNTRY_NOT_ALLOWED: Finality.CONTACT_DONE,
    Disposition.NO_ADDRESS: Finality.CONTACT_DONE,
    Disposition.PRICE_UNKNOWN: Finality.CONTACT_DONE,
    Disposition.EXPIRED: Finality.CONTACT_DONE,
    Disposition.HELD_OUT: Finality.CONTACT_DONE,
}

SUCCESSES: frozenset[Disposition] = frozenset({
    Disposition.COMPLETED,
    Disposition.TRANSFERRED,
    Disposition.DELIVERED,
})  # fmt: skip
"""What counts as a success unless somebody says otherwise."""

PERSON_REACHED: frozenset[Disposition] = frozenset(
    each for each, finality in FINALITY.items() if finality is Finality.REACHED
) | {Disposition.CALLBACK_REQUEST, Disposition.OPT_OUT}
"""A person answered, or the message arrived: what share of attempts comes to this is reported."""

# Completed conversations were had, and a message that arrived is there to be read; a person who
# declined said no; an expired campaign is over. Whoever hung up may have been cut off.
RETRYABLE: frozenset[Disposition] = frozenset(Disposition) - {
    Disposition.COMPLETED,
    Disposition.TRANSFERRED,
    Disposition.DELIVERED,
    Disposition.DECLINED,
    Disposition.DUPLICATE,
    Disposition.EXPIRED,
    Disposition.HELD_OUT,
    Disposition.NOT_SENT,
}
"""What a person may ask to try again; the gate still has its say on each."""

RESULTS: dict[str, Disposition] = {
    "opt_out": Disposition.OPT_OUT,
    "callback_request": Disposition.CALLBACK_REQUEST,
}
"""Results of a conversation that decide what became of the attempt, whatever they were called for:
what the person asked for in so many words counts, also when they hung up before the goodbye."""
