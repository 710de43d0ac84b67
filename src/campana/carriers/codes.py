"""What a provider's error code means for the person, the message and the channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from campana.carriers.base import CarrierError
from campana.domain.disposition import Disposition


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row of an adapter's table of codes."""

    disposition: Disposition
    says: str
    """In our words, for the reason of an attempt and for the documentation."""
    rests: bool = False
    """It is not about this message: whatever is sent next would meet the same."""
    rest: timedelta | None = None
    """How long at least, where the provider does not say."""

    def error(
        self, code: int, details: str = "", *, retry_after: timedelta | None = None
    ) -> CarrierError:
        """As a refused send."""
        return CarrierError(
            self.disposition,
            retryable=self.rests,
            retry_after=(retry_after or self.rest) if self.rests else None,
            detail=reason(code, self.says, details),
        )


Codes = Mapping[int, Meaning]


def reason(code: int, says: str, details: str = "") -> str:
    """Why an attempt ended, at most 200 characters, in one line."""
    text = f"{code}: {says}" if says else str(code)
    return " ".join(f"{text} ({details})".split() if details else text.split())[:200]
