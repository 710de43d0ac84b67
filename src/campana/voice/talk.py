"""A scripted conversation on an answered call: says each turn, hears keys, goes where they lead.

What a key does: one that the question expects answers it at once, even while it is being said. Any
other is heard, and counts only once the question has been said, as a wrong answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from campana.domain.attempt import Detail, EventType
from campana.domain.script import Ended, Key, Listen, Script, Timeout, Turn, Utterance, resume
from campana.voice.driver import VoiceCall
from campana.voice.speech import Speech
from campana.voice.stream import SoundStream

SETTLE_SECONDS = 0.3
"""From the answer to the first word: networks open the way for sound a moment after the answer."""
TAIL_SECONDS = 0.2
"""From the last word to hanging up: the other side's jitter buffer still holds the end of it."""

Tell = Callable[[EventType, Detail], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a transcript, `at_ms` milliseconds after the answer."""

    role: str
    """`bot`, or `callee` with the key pressed as the text."""
    text: str
    at_ms: int


class Talk:
    """One conversation. What came of it so far can be read at any moment, also after its end."""

    def __init__(
        self, call: VoiceCall, stream: SoundStream, script: Script, *, speech: Speech, tell: Tell
    ) -> None:
        """`tell` is called for each text said and each key pressed."""
        self._call = call
        self._stream = stream
        self._script = script
        self._speech = speech
        self._tell = tell
        self.transcript: list[Line] = []
        self.saved: dict[str, str] = {}
        self.result: str | None = None
        """What the script calls the end it came to. An answer that leads to an end decides it, even
        when the goodbye is not waited for."""
        self.finished = False
        """Everything up to an end was said."""

    @property
    def keys(self) -> str:
        """Every key that was pressed, in order."""
        return "".join(line.text for line in self.transcript if line.role == "callee")

    async def run(self, turn: Turn) -> None:
        """From this turn to an end of the script."""
        await asyncio.sleep(SETTLE_SECONDS)
        while True:
            heard = await self._perform(turn)
            if isinstance(turn.then, Ended):
                self.result, self.finished = turn.then.result, True
                await asyncio.sleep(TAIL_SECONDS)
                return
            turn = resume(self._script, turn.state, heard)
            self.saved = dict(turn.state.saved)
            if isinstance(turn.then, Ended):
                self.result = turn.then.result

    async def _perform(self, turn: Turn) -> Key | Timeout:
        """Say the turn, then wait for a key if it asks for one."""
        while not self._call.keys.empty():
            self._pressed(self._call.keys.get_nowait())
        expected = turn.then.keys if isinstance(turn.then, Listen) else frozenset[str]()
        for utterance in turn.say:
            key = await self._say(utterance, expected)
            if key is not None:
                return Key(key=key)
        if isinstance(turn.then, Ended):
            return Timeout()
        try:
            async with asyncio.timeout(turn.then.seconds):
                return Key(key=await self._next_key())
        except TimeoutError:
            return Timeout()

    async def _say(self, utterance: Utterance, expected: frozenset[str]) -> str | None:
        """The expected key that interrupted it, or None when all of it was said."""
        pcm = await self._speech.pcm(
            utterance.text, rate=self._call.sample_rate, is_personal=utterance.is_personal
        )
        self._add("bot", utterance.text)
        at = {"at_ms": self.transcript[-1].at_ms, "step": utterance.step}
        self._tell(EventType.SAID, {"text": utterance.text, **at})
        playing = asyncio.ensure_future(self._stream.play(pcm))
        pressing = asyncio.ensure_future(self._one_of(expected))
        try:
            await asyncio.wait({playing, pressing}, return_when=asyncio.FIRST_COMPLETED)
            if pressing.done():
                return pressing.result()
            playing.result()  # What went wrong in there is told, not taken for the end of it.
            return None
        finally:
            playing.cancel()
            pressing.cancel()
            await asyncio.gather(playing, pressing, return_exceptions=True)

    async def _one_of(self, expected: frozenset[str]) -> str:
        while (key := await self._next_key()) not in expected:
            pass
        return key

    async def _next_key(self) -> str:
        key = await self._call.keys.get()
        self._pressed(key)
        return key

    def _pressed(self, key: str) -> None:
        self._add("callee", key)
        self._tell(EventType.KEY, {"key": key, "at_ms": self.transcript[-1].at_ms})

    def _add(self, role: str, text: str) -> None:
        line = Line(role=role, text=text, at_ms=round(1000 * self._stream.elapsed()))
        self.transcript.append(line)
