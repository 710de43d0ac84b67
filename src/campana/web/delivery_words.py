"""How far a message has come, in one word for people."""

from __future__ import annotations

from campana.domain.attempt import AttemptState
from campana.domain.disposition import Disposition
from campana.store.messages import Message

_ARRIVED = frozenset({
    Disposition.DELIVERED,
    Disposition.COMPLETED,
    Disposition.TRANSFERRED,
    Disposition.HUNG_UP,
})  # fmt: skip


def state_of(message: Message) -> tuple[str, str | None]:
    """`received`, `queued`, `sending`, `sent`, `delivered`, `failed` or `unknown`; and why not."""
    if message.direction == "inbound":
        return "received", None
    if message.state == "refused":
        return "failed", message.problem
    if message.state == "queued":
        return "queued", message.problem
    match message.attempt_state:
        case None | AttemptState.INTENT | AttemptState.SENDING:
            return "sending", None
        case AttemptState.ACCEPTED | AttemptState.IN_PROGRESS:
            return "sent", None
        case AttemptState.UNKNOWN:
            return "unknown", message.reason
        case AttemptState.ENDED:
            if message.disposition in _ARRIVED:
                return "delivered", None
            return "failed", message.reason or message.disposition
