"""Who answers, and what is done with a machine: a message after its beep, a word to an assistant
that screens calls.

"Please remove this number from your list" counts there too: recordings and assistants say so for
whoever has them do it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Protocol, TypeVar

from campana.domain.answered_by import AnsweredBy
from campana.domain.script import Turn, Utterance
from campana.voice.ears.ear import Began, Ear, Said

T = TypeVar("T")

SETTLE_SECONDS = 0.3
"""From the answer to the first word: networks open the way for sound a moment after the answer."""
TAIL_SECONDS = 0.2
"""From the last word to hanging up: the other side's jitter buffer still holds the end of it."""
BEEP_SECONDS = 30.0
"""How long the beep of a machine is waited for; without one nothing is left."""
SCREENED_SECONDS = 20.0
"""How long somebody may take to come after an assistant was told who calls."""


class Refused(Exception):
    """They ask not to be called again."""


class Conversation(Protocol):
    """What is needed of the talk that this is the beginning of."""

    async def say(self, utterance: Utterance) -> None:
        """All of it; raises Refused."""
        ...

    def is_refusal(self, said: Said) -> bool: ...

    def refusal(self) -> Turn | None:
        """Write down what was heard up to now; the turn that a refusal leads to."""
        ...


class Answering:
    """The first seconds of a call. `answered_by` is who it was, once it is known."""

    def __init__(
        self, ear: Ear, inbox: asyncio.Queue[str | Began | Said], conversation: Conversation
    ) -> None:
        self._ear = ear
        self._inbox = inbox
        self._conversation = conversation
        self.answered_by: AnsweredBy | None = None
        self.has_left_message = False

    async def deal(self, message: Utterance | None) -> Turn | None:
        """Find out who answers. A machine is left `message`, an assistant is told it.

        Returns the turn that a refusal of theirs leads to. What a person has said meanwhile stays
        in the inbox.
        """
        try:
            # Whoever says so as they answer need not wait until it is known who they are.
            who = self.answered_by = await self._unless_refused(self._ear.who_answered())
            if who is AnsweredBy.SCREENER and message is not None:
                who = self.answered_by = await self._introduce(message)
            if who is AnsweredBy.MACHINE and message is not None:
                await self._leave(message)
        except Refused:
            return self._conversation.refusal()
        return None if who.may_be_a_person else self._conversation.refusal()

    async def _leave(self, message: Utterance) -> None:
        if await self._unless_refused(self._beeps()):
            await asyncio.sleep(SETTLE_SECONDS)
            await self._conversation.say(message)
            self.has_left_message = True
            await asyncio.sleep(TAIL_SECONDS)

    async def _introduce(self, message: Utterance) -> AnsweredBy:
        """Tell an assistant who calls and why, and see who comes."""
        await self._unless_refused(self._falls_silent())
        await asyncio.sleep(SETTLE_SECONDS)
        await self._conversation.say(message)
        self._ear.beeped.clear()
        came = await self._unless_refused(self._ear.who_answered(patience=SCREENED_SECONDS))
        # Whoever says nothing is nobody yet: the assistant still has the call.
        is_nobody = came in {AnsweredBy.SILENCE, AnsweredBy.FAX}
        return AnsweredBy.SCREENER if is_nobody else came

    async def _falls_silent(self) -> None:
        quiet = waited = 0.0
        while quiet < 1.0 and waited < BEEP_SECONDS and not self._ear.beeped.is_set():
            await asyncio.sleep(SETTLE_SECONDS)
            waited += SETTLE_SECONDS
            quiet = 0.0 if self._ear.is_busy else quiet + SETTLE_SECONDS

    async def _beeps(self) -> bool:
        try:
            async with asyncio.timeout(BEEP_SECONDS):
                await self._ear.beeped.wait()
        except TimeoutError:
            return False
        return True

    async def _unless_refused(self, waited: Awaitable[T]) -> T:
        """What is waited for. What is said meanwhile stays in the inbox.

        Raises:
            Refused
        """
        kept: list[str | Began | Said] = []
        waiting = asyncio.ensure_future(waited)
        getting = asyncio.ensure_future(self._inbox.get())
        try:
            while True:
                await asyncio.wait({waiting, getting}, return_when=asyncio.FIRST_COMPLETED)
                if not getting.done():
                    return waiting.result()
                kept.append(event := getting.result())
                if isinstance(event, Said) and self._conversation.is_refusal(event):
                    raise Refused
                getting = asyncio.ensure_future(self._inbox.get())
        finally:
            waiting.cancel()
            getting.cancel()
            await asyncio.gather(waiting, getting, return_exceptions=True)
            while not self._inbox.empty():
                kept.append(self._inbox.get_nowait())
            for event in kept:
                self._inbox.put_nowait(event)
