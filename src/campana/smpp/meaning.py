"""What a message center's codes mean for the person."""

from __future__ import annotations

from collections.abc import Mapping

from campana.domain.disposition import Disposition
from campana.smpp.pdu import Status
from campana.smpp.receipt import State

REFUSALS: Mapping[int, tuple[Disposition, bool]] = {
    Status.INVALID_BIND_STATE: (Disposition.NOT_SENT, True),
    Status.SYSTEM_ERROR: (Disposition.CARRIER_ERROR, True),
    Status.INVALID_SOURCE: (Disposition.CARRIER_ERROR, False),
    Status.INVALID_DESTINATION: (Disposition.INVALID_NUMBER, False),
    Status.QUEUE_FULL: (Disposition.NOT_SENT, True),
    Status.SUBMIT_FAILED: (Disposition.CARRIER_ERROR, True),
    Status.THROTTLED: (Disposition.NOT_SENT, True),
    Status.TEMPORARY: (Disposition.NOT_SENT, True),
    Status.PERMANENT: (Disposition.CARRIER_ERROR, False),
    Status.REJECTED: (Disposition.BLOCKED, False),
    Status.UNKNOWN_ERROR: (Disposition.CARRIER_ERROR, True),
}
"""A submit that was not taken: what it means, and whether that may pass. Others are errors of the
message or the account."""

OUTCOMES: Mapping[State, Disposition | None] = {
    State.DELIVERED: Disposition.DELIVERED,
    State.EXPIRED: Disposition.UNDELIVERED,
    State.DELETED: Disposition.UNDELIVERED,
    State.UNDELIVERABLE: Disposition.UNDELIVERED,
    State.REJECTED: Disposition.BLOCKED,
    State.ENROUTE: None,
    State.ACCEPTED: None,
    State.UNKNOWN: None,
}
"""What a state ends an attempt as; None is no end. `unknown` is the provider's shrug: it may have
arrived, so the attempt waits until nobody can hope for better."""
