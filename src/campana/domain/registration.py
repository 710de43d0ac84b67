"""How a registration at a trunk stands, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

_REFUSALS = frozenset({401, 403, 404, 407})
"""The account or its password is not taken: no call would be either."""


class RegistrationState(StrEnum):
    """Of one trunk."""

    TRYING = "trying"
    REGISTERED = "registered"
    REFUSED = "refused"
    FAILED = "failed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What is known of one; `status` is the final code of SIP, None when there was no answer."""

    trunk: str
    state: RegistrationState
    told_at: datetime
    status: int | None = None
    reason: str | None = None
    registered_until: datetime | None = None

    def is_well(self, now: datetime) -> bool:
        """Are we registered?"""
        until = self.registered_until
        return self.state is RegistrationState.REGISTERED and until is not None and until > now

    def said(self, now: datetime) -> str:
        """For people, with what to mend."""
        if self.is_well(now) and self.registered_until is not None:
            return f"registered until {self.registered_until:%H:%M:%S} UTC"
        answer = " ".join(str(each) for each in (self.status, self.reason) if each)
        match self.state:
            case RegistrationState.REFUSED:
                return (
                    f"the registration is refused ({answer}): mend the username and password;"
                    " no call is placed on it until then"
                )
            case RegistrationState.FAILED:
                return f"the registration fails ({answer or 'no answer'}); it is tried again"
            case RegistrationState.REGISTERED:
                return "the registration ran out: no voice worker keeps it"
            case _:
                return "not registered yet: a voice worker has to run"


def state_of_failure(status: int | None) -> RegistrationState:
    """What a registration that failed with this code is."""
    return RegistrationState.REFUSED if status in _REFUSALS else RegistrationState.FAILED
