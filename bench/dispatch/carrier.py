"""Nothing, as a carrier of Campana's: the same port every provider's adapter has.

Its answer is its last word, as an SMTP server's is: the report of the end comes with it. Only the
benchmark's own worker registers it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from bench.dispatch.nothing import nothing
from campana import bootstrap
from campana.carriers.base import (
    Accepted,
    Callback,
    Carrier,
    CarrierKind,
    Heard,
    NotSent,
    Outbound,
    Patience,
    Report,
    Unknowable,
)
from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.campaign import ChannelType


class Config(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """There is nothing to configure."""


class Nothing:
    """One channel's account."""

    most_at_once = 10_000
    patience = Patience(ask_after=timedelta(minutes=1), give_up_after=timedelta(hours=1))

    async def send(self, outbound: Outbound) -> Accepted:
        """Takes its time, then says how it ended."""
        disposition = await nothing()
        ended = AttemptEvent(
            type=EventType.ENDED,
            at=bootstrap.wall_clock(),
            detail={"disposition": disposition, "reason": disposition},
        )
        return Accepted(
            reports=(Report(attempt_id=outbound.attempt_id, key="end", event=ended),),
        )

    def parse_callback(self, callback: Callback) -> list[Heard]:
        """It never calls back."""
        del callback
        return []

    async def lookup(self, attempt_id: UUID) -> list[Report] | NotSent | Unknowable:
        """It remembers nothing."""
        del attempt_id
        return Unknowable(why="it remembers nothing")

    async def aclose(self) -> None:
        """There is no connection."""


def _is_loopback_only(_: Config) -> bool:
    return True


def _masked(_: Config) -> Mapping[str, Any]:
    return {}


def _senders(_: Config) -> tuple[str, ...]:
    return ("+12025550100",)


def _open(_: Config) -> Carrier:
    return Nothing()


KIND = CarrierKind(
    kind="nothing",
    channel_types=(ChannelType.SMS,),
    config=Config,
    is_loopback_only=_is_loopback_only,
    senders=_senders,
    masked=_masked,
    open=_open,
)
