"""The port behind which calls are placed: what a bot needs of a telephone line, nothing of SIP.

A driver places calls and knows how many lines are free. A call is sound both ways, keys, and an
end. Sound is 16-bit mono PCM, little-endian, at the call's own rate; it is polled, never awaited,
so that one tick can serve both directions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from campana.domain.errors import CampanaError
from campana.domain.sound_quality import SoundQuality
from campana.domain.transfer import Transferred

ATTEMPT_HEADER = "X-Campana-Attempt"
"""Carries the attempt's id, so that a carrier's log can be matched with ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """The way to a carrier. Without a username no challenge is answered."""

    host: str
    port: int = 5060
    transport: str = "udp"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    srtp: bool = False
    """Sound is encrypted, or there is no call (SRTP, its keys in the SDP: RFC 4568)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One call to place."""

    attempt_id: UUID
    to: str
    """The number called, E.164 with its plus sign."""
    trunk: Trunk
    caller_id: str
    display_name: str | None = None
    ring_seconds: float = 30.0
    """How long to wait for an answer, from the INVITE; then the call is cancelled."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    may_send: Callable[[], bool] = field(default=lambda: True, compare=False)
    """Asked in the last moment before the network is touched."""


class Progress(StrEnum):
    """What can be told before the answer."""

    RINGING = "ringing"
    EARLY_MEDIA = "early_media"


class Hangup(StrEnum):
    """Who ended a call that was up."""

    BOT = "bot"
    CALLEE = "callee"
    TRANSFERRED = "transferred"
    """Nobody hung up: somebody else has the call."""
    NETWORK = "network"
    """Sound stopped coming, or the line to the carrier broke."""


class NotPlaced(CampanaError):
    """The call could not be placed."""

    def __init__(self, message: str | None = None, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or self.message


class Refused(NotPlaced):
    """The carrier or the callee answered with a final code other than success."""

    def __init__(self, *, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason}".strip(), reason=reason)
        self.status = status


class NoAnswer(NotPlaced):
    """Nobody answered in the time allowed; the call was cancelled."""


class TooLate(NotPlaced):
    """It might not be sent any more when its turn came; the network was not touched."""


class Unreachable(NotPlaced):
    """No answer came from the trunk at all, or the line broke while placing."""


class LineLost(CampanaError):
    """The telephone stack failed while a call was being placed; nobody knows whether it rang."""


class VoiceCall(Protocol):
    """A call that has been answered."""

    @property
    def sample_rate(self) -> int:
        """Samples per second, both ways."""
        ...

    @property
    def keys(self) -> asyncio.Queue[str]:
        """Keys the callee pressed, each once."""
        ...

    @property
    def ended(self) -> Hangup | None:
        """Who ended it; None while it is up."""
        ...

    @property
    def quality(self) -> SoundQuality | None:
        """How well the callee could be heard; None while it is up, or where no sound came."""
        ...

    def read(self) -> bytes:
        """The sound that has come since the last read, perhaps none."""
        ...

    def write(self, pcm: bytes) -> int:
        """Queue sound, which is then sent in real time; how many bytes were taken, perhaps none."""
        ...

    def queued(self) -> int:
        """Bytes written and not yet sent."""
        ...

    def flush(self) -> int:
        """Forget what is queued; how many bytes that was."""
        ...

    async def transfer(self, to: str, *, seconds: float) -> Transferred:
        """Have the callee's side call `to` (a number or a SIP URI) and talk to them instead of us.

        When they answer this call is over. Else it goes on; of those who have not answered in
        `seconds` nobody knows whether they still will, and when they do the call is over.
        """
        ...

    async def wait_ended(self) -> Hangup:
        """Returns when the call is over, at once if it already is."""
        ...

    async def hang_up(self) -> None:
        """End the call; nothing happens when it is over already."""
        ...


class VoiceLine(Protocol):
    """Places calls."""

    async def place(
        self, placement: Placement, *, on_progress: Callable[[Progress], None]
    ) -> VoiceCall:
        """Call, and return when it is answered.

        Cancelling it takes the call back.

        Raises:
            Refused: a final code came.
            NoAnswer: the ring time passed.
            TooLate: `may_send` said no.
            Unreachable: nothing could be reached, or no line is free.
            LineLost: it may have rung; it must not be taken for a call that was not placed.
        """
        ...


class VoiceDriver(VoiceLine, Protocol):
    """Places calls on some telephone network."""

    @property
    def free_lines(self) -> int:
        """How many more calls may be placed now; 0 when the driver has failed."""
        ...

    @property
    def broken(self) -> str | None:
        """Why it has failed for good: the process must be started anew; None when all is well."""
        ...

    async def aclose(self) -> None:
        """End every call and let go of the network."""
        ...
