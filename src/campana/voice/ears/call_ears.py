"""The ears of one call whose words are read elsewhere; when they are not, our own models read on.

When somebody speaks, pauses and has finished is heard here all the same.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from campana.voice.ears.ghosts import real_words
from campana.voice.ears.hearing import CallSense, Chunk, Ears, IsTold, Read, never_told
from campana.voice.mind import Lost, Stalled
from campana.voice.stalls import Stalls

log = logging.getLogger(__name__)


class Reader(Protocol):
    """One model of one endpoint."""

    @property
    def key(self) -> str:
        """Names it among all."""
        ...

    async def read(self, pcm: bytes) -> str:
        """The words in 16-bit mono PCM at the rate of a call.

        Raises:
            Lost
        """
        ...


class CallEars:
    """As `Ears`, made when a call is placed."""

    def __init__(self, ears: Ears, reader: Reader, *, stalls: Stalls | None = None) -> None:
        self._ears, self._reader, self._stalls = ears, reader, stalls
        self.failure = stalls.lately(reader.key) if stalls is not None else None
        """Why our own models took over, where they did."""

    def call(self) -> CallSense:
        """As `Ears.call`."""
        return self._ears.call()

    async def sense(self, call: CallSense, pcm: bytes) -> list[Chunk]:
        """As `Ears.sense`."""
        return await self._ears.sense(call, pcm)

    @property
    def may_read_ahead(self) -> bool:
        """Not where an endpoint reads: each time may cost money."""
        return self.failure is not None and self._ears.may_read_ahead

    async def read(
        self,
        pcm: bytes,
        *,
        spoken_seconds: float,
        phrases: Sequence[str],
        is_told: IsTold = never_told,
    ) -> Read:
        """As `Ears.read`; an endpoint has no scores to give."""
        if self.failure is None:
            try:
                text = await self._reader.read(pcm)
            except Lost as lost:
                log.warning("what was said is not read elsewhere: %s", lost)
                self.failure = str(lost)
                if isinstance(lost, Stalled) and self._stalls is not None:
                    self._stalls.tell(self._reader.key)
            else:
                return Read(text=real_words(text, spoken_seconds=spoken_seconds), scores={})
        return await self._ears.read(
            pcm, spoken_seconds=spoken_seconds, phrases=phrases, is_told=is_told
        )
