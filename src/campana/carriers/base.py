"""The port to a provider. What the rest of Campana knows of any carrier stands here.

A carrier adapts one kind of provider; a channel is a configured account on one. Errors of an
adapter are facts about the attempt, never exceptions a caller must guess at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct

from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from campana.voice.call import CallResult
from campana.voice.driver import Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierKind:
    """One row of the carriers table: what a channel of this kind needs and where it may reach."""

    kind: str
    channel_type: ChannelType
    config: type[Struct]
    """Shape of a channel's `config`; its JSON Schema is published."""
    is_loopback_only: Callable[[Any], bool]
    """True when a channel with this config cannot leave the machine: only then may hours be
    ignored."""
    senders: Callable[[Any], tuple[str, ...]]
    """The identities a campaign may show on such a channel."""
    masked: Callable[[Any], Mapping[str, Any]]
    """The config as it may be shown: without its secrets."""


Carriers = Mapping[str, CarrierKind]
"""Every kind by name; made in bootstrap, so that no other part imports an adapter."""


class VoiceCarrier(Protocol):
    """A carrier that places calls: how to reach it, and what its answers mean."""

    @property
    def kind(self) -> str:
        """The channel kind it serves."""
        ...

    def placement(
        self,
        config: Mapping[str, Any],
        *,
        attempt_id: UUID,
        to: str,
        caller_id: str | None,
        may_send: Callable[[], bool],
    ) -> Placement:
        """The call to place on a channel with this stored config."""
        ...

    def disposition_of(self, result: CallResult) -> Disposition:
        """What a call came to."""
        ...
