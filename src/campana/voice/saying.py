"""One reply of a language model on its way to somebody's ear: its sentences as they are written,
and the sound of them made ahead."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from campana.domain.model_talk import Talked
from campana.domain.speaking import Gathering, TooMuch
from campana.voice.mind import Lost, Mind
from campana.voice.speech import Voice


class Saying:
    """Made when the model is asked; `close` it, whatever became of it."""

    def __init__(self, mind: Mind, talked: Talked, speech: Voice, *, rate: int, most: int) -> None:
        """`most` is how many characters it may have."""
        self._speech, self._rate = speech, rate
        self._sounds: list[asyncio.Future[bytes]] = []
        self.gathering = Gathering(most=most)
        self.is_too_much = False
        """It goes on for ever: what is left of it need not be said."""
        self.is_whole = False
        self.failure: str | None = None
        self.sentences: asyncio.Queue[str | None] = asyncio.Queue()
        """None is the end of it."""
        self._reading = asyncio.ensure_future(self._read(mind, talked))

    async def _read(self, mind: Mind, talked: Talked) -> None:
        try:
            async with aclosing(mind.reply(talked)) as parts:
                async for part in parts:
                    for sentence in self.gathering.take(part):
                        self._put(sentence)
            if rest := self.gathering.last():
                self._put(rest)
            self.is_whole = True
        except Lost as lost:
            self.failure = str(lost)
        except TooMuch:
            self.is_too_much = True
            self.failure = "the model did not come to an end"
        finally:
            self.sentences.put_nowait(None)

    def _put(self, sentence: str) -> None:
        sound = self._speech.pcm(sentence, rate=self._rate, is_personal=True)
        self._sounds.append(asyncio.ensure_future(sound))
        self.sentences.put_nowait(sentence)

    async def close(self) -> None:
        """Let go of the endpoint, and raise what went wrong here."""
        is_ours = self._reading.done() and not self._reading.cancelled()
        for task in (self._reading, *self._sounds):
            task.cancel()
        await asyncio.gather(self._reading, *self._sounds, return_exceptions=True)
        if is_ours:
            self._reading.result()
