"""A conversation on an answered call that somebody else conducts, one step at a time.

A key cuts short the text that asks for keys, and counts. One that is pressed before, while
something else is said, is written down and answers nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

from campana.domain.answered_by import AnsweredBy
from campana.domain.dictation import (
    Came,
    Collect,
    Hold,
    Order,
    Pressed,
    PutThrough,
    Silence,
    Speak,
    Spoken,
)
from campana.domain.transfer import TransferOutcome, Transferred
from campana.voice.driver import VoiceCall
from campana.voice.notes import Notes, Tell
from campana.voice.speech import Voice
from campana.voice.stream import SoundStream
from campana.voice.talk import SETTLE_SECONDS, TAIL_SECONDS

Next = Callable[[Came | None], Awaitable[Order | None]]
"""Told what came of the last order, None at first and after holding; None to hang up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dictation:
    """Who says what is done in a call."""

    next: Next
    opening: str | None
    """The text that is said first, as far as that is known before the call."""
    longest: timedelta
    """After so long the call is ended."""


class DictatedTalk:
    """One conversation; `notes` is what came of it so far."""

    def __init__(
        self,
        call: VoiceCall,
        stream: SoundStream,
        dictation: Dictation,
        *,
        speech: Voice,
        tell: Tell,
        may_transfer: Callable[[str], bool] | None = None,
    ) -> None:
        """As `Talk`; nothing but keys is heard."""
        self._call = call
        self._stream = stream
        self._dictation = dictation
        self._speech = speech
        self._may_transfer = may_transfer
        self._keys: asyncio.Queue[str] = asyncio.Queue()
        self.notes = Notes(tell)
        self.answered_by: AnsweredBy | None = None
        self.has_left_message = False
        self.finished = False
        """Nothing more was wanted."""

    async def run(self) -> None:
        """Carry out one order after another until there is none."""
        listening = asyncio.ensure_future(self._listen())
        try:
            await asyncio.sleep(SETTLE_SECONDS)
            came: Came | None = None
            while (order := await self._dictation.next(came)) is not None:
                came = await self._carry_out(order)
            self.finished = True
            await asyncio.sleep(TAIL_SECONDS)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            key = await self._call.keys.get()
            self.notes.pressed(key, at_ms=self._at_ms())
            self._keys.put_nowait(key)

    async def _carry_out(self, order: Order) -> Came | None:
        match order:
            case Speak():
                await self._say(order)
                return Spoken()
            case Collect():
                return await self._collect(order)
            case PutThrough():
                return await self._put_through(order)
            case Hold(seconds=seconds):
                await asyncio.sleep(seconds)
                return None
            case _:
                assert_never(order)

    async def _say(self, order: Speak | Collect) -> None:
        pcm = await self._speech.pcm(order.text, rate=self._call.sample_rate, is_personal=True)
        self.notes.said(order.text, step=order.step, at_ms=self._at_ms())
        await self._stream.play(pcm)

    async def _collect(self, order: Collect) -> Pressed | Silence:
        while not self._keys.empty():
            self._keys.get_nowait()
        saying = asyncio.ensure_future(self._say(order))
        pressing = asyncio.ensure_future(self._keys.get())
        keys = ""
        try:
            await asyncio.wait({saying, pressing}, return_when=asyncio.FIRST_COMPLETED)
            if saying.done():
                saying.result()  # What went wrong in there is told, not taken for the end of it.
            else:
                saying.cancel()
            while True:
                async with asyncio.timeout(order.seconds):
                    key = await asyncio.shield(pressing)
                if key == order.finish_on:
                    return Pressed(keys=keys)
                keys += key
                if len(keys) >= order.most:
                    return Pressed(keys=keys)
                pressing = asyncio.ensure_future(self._keys.get())
        except TimeoutError:
            return Pressed(keys=keys) if keys else Silence()
        finally:
            saying.cancel()
            pressing.cancel()
            await asyncio.gather(saying, pressing, return_exceptions=True)

    async def _put_through(self, order: PutThrough) -> Transferred:
        self.notes.transferring(order.to, step=order.step, at_ms=self._at_ms())
        if self._may_transfer is None or not self._may_transfer(order.to):
            told = Transferred(outcome=TransferOutcome.BARRED)
        else:
            told = await self._call.transfer(order.to, seconds=order.seconds)
        self.notes.transfer_ended(told, at_ms=self._at_ms())
        return told

    def _at_ms(self) -> int:
        return round(1000 * self._stream.elapsed())
