"""The port of carriers whose calls we place ourselves: a voice worker claims for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol
from uuid import UUID

from campana.domain.caller_id import CallerIds
from campana.domain.calling_in import CallsIn
from campana.domain.disposition import Disposition
from campana.voice.call_result import CallResult
from campana.voice.driver import Placement
from campana.voice.registering import Account


class VoiceCarrier(Protocol):
    """A carrier whose calls a voice worker places: how to reach it, and what its answers mean."""

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
        trunk: str | None = None,
    ) -> Placement:
        """The call to place on a channel with this stored config, by that trunk or its first."""
        ...

    def caller_ids(self, config: Mapping[str, Any]) -> CallerIds:
        """The numbers a channel with this stored config calls from."""
        ...

    def calls_in(self, config: Mapping[str, Any]) -> tuple[CallsIn, ...]:
        """By which trunks of a channel with this stored config people may call us."""
        ...

    def registrations(self, config: Mapping[str, Any]) -> tuple[Account, ...]:
        """Whom to register as at which trunks of a channel with this stored config."""
        ...

    def passes_on(self, status: int) -> bool:
        """May another trunk be tried after this final code, if it came before any ringing?

        Only when it says that the trunk cannot, and nothing about the person.
        """
        ...

    def disposition_of(self, result: CallResult) -> Disposition:
        """What a call came to."""
        ...
