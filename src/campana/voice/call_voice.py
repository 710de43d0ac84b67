"""A voice from elsewhere, for one call: what it cannot say, and all after it, the own one says.

    sentence ─▶ said before? ─▶ the endpoint ─▶ at the call's rate, as loud as any ─▶ kept
                                     └─ stalls, breaks off, is no sound ─▶ our own voice, to the end

Two voices in turn would be worse than one that is not the one that was chosen.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Protocol

from campana.domain.sentences import Sentences
from campana.voice.kept_sounds import put
from campana.voice.media import seconds, silence
from campana.voice.mind import Lost, Stalled
from campana.voice.speech import PAUSE_SECONDS, Speech, evened
from campana.voice.stalls import Stalls
from campana.voice.wav import Sound

log = logging.getLogger(__name__)

MOST_AT_ONCE = 3
"""Sentences of one call that an endpoint is asked for at the same time."""
LEAST_SECONDS = 0.05
"""Less sound than this says nothing."""


class Speaker(Protocol):
    """One voice of one endpoint."""

    @property
    def key(self) -> str:
        """Names the voice among all: what it said once is what it says again."""
        ...

    async def speak(self, sentence: str) -> Sound:
        """The sound of it.

        Raises:
            Lost
        """
        ...


class CallVoice:
    """A `Voice` that is made when a call is placed."""

    def __init__(self, speaker: Speaker, *, own: Speech, stalls: Stalls | None = None) -> None:
        """`own` speaks when the speaker does not, and keeps what was said."""
        self._speaker, self._own, self._stalls = speaker, own, stalls
        self._asking = asyncio.Semaphore(MOST_AT_ONCE)
        self._personal: dict[tuple[str, int], asyncio.Task[bytes]] = {}
        self.failure = stalls.lately(speaker.key) if stalls is not None else None
        """Why our own voice took over, where it did."""

    async def pcm(self, text: str, *, rate: int, is_personal: bool = False) -> bytes:
        """As `Speech.pcm`."""
        if self.failure is None:
            try:
                return await self._text(text, rate, is_personal)
            except Lost as lost:
                log.warning("a voice is not to be had: %s", lost)
                self.failure = str(lost)
                if isinstance(lost, Stalled) and self._stalls is not None:
                    self._stalls.tell(self._speaker.key)
        return await self._own.pcm(text, rate=rate, is_personal=is_personal)

    async def _text(self, text: str, rate: int, is_personal: bool) -> bytes:
        parts = Sentences(keeps_marks=True)
        sentences = [*parts.add(text + " "), parts.last()]
        making = [
            asyncio.ensure_future(self._sentence(sentence, rate, is_personal))
            for sentence in sentences
            if sentence
        ]
        try:
            return silence(PAUSE_SECONDS, rate).join([await made for made in making])
        finally:
            for made in making:
                made.cancel()
            await asyncio.gather(*making, return_exceptions=True)

    async def _sentence(self, sentence: str, rate: int, is_personal: bool) -> bytes:
        if not is_personal:
            return await self._own.kept.sound(
                *(self._speaker.key, rate, sentence),
                make=lambda file: asyncio.ensure_future(self._make(sentence, rate, file)),
                is_personal=False,
            )
        # Nobody else waits for it: whoever interrupts the bot stops the endpoint, too.
        made = self._personal.get((sentence, rate))
        if made is None or made.cancelled() or (made.done() and made.exception() is not None):
            made = asyncio.ensure_future(self._make(sentence, rate, None))
            self._personal[sentence, rate] = made
        return await made

    async def _make(self, sentence: str, rate: int, file: Path | None) -> bytes:
        if file is not None and await asyncio.to_thread(file.exists):
            return await asyncio.to_thread(file.read_bytes)
        async with self._asking:
            sound = await self._speaker.speak(sentence)
        made = await asyncio.to_thread(evened, sound.pcm, source=sound.rate, rate=rate)
        if seconds(made, rate) < LEAST_SECONDS:
            raise Lost("the speech endpoint: there is no sound in it")
        if file is not None:
            await asyncio.to_thread(put, file, made)
        return made
