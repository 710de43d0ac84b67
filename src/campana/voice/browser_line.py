"""A line to somebody at a browser: their sound and keys come as messages, ours leave as messages.

Nobody is called: whoever asked for the call is there already. What is written leaves at once and is
counted as played in real time; the page plays it without a gap, and falls silent when told to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from campana.domain.transfer import TransferOutcome, Transferred
from campana.voice.driver import Hangup, Placement, Progress
from campana.voice.media import PHONE_RATE, SAMPLE_BYTES

MOST_UNHEARD_BYTES = PHONE_RATE * SAMPLE_BYTES
"""A second of sound that was not taken yet; of more the oldest is dropped."""


class BrowserCall:
    """One talk; a `VoiceCall` from the start, at 8,000 samples a second."""

    sample_rate = PHONE_RATE
    quality = None

    def __init__(self, *, send: Callable[[bytes], None], cut: Callable[[], None]) -> None:
        """`send` takes sound for the page, `cut` has the page forget what it has not played."""
        self.keys: asyncio.Queue[str] = asyncio.Queue()
        self._send = send
        self._cut = cut
        self._loop = asyncio.get_running_loop()
        self._unheard = bytearray()
        self._played_at = 0.0
        """When the last of what was written has been played, by the loop's clock."""
        self._over: asyncio.Future[Hangup] = self._loop.create_future()

    def take(self, pcm: bytes) -> None:
        """Sound has come from the page."""
        self._unheard += pcm
        del self._unheard[: max(0, len(self._unheard) - MOST_UNHEARD_BYTES)]

    def press(self, key: str) -> None:
        """A key was pressed on the page."""
        self.keys.put_nowait(key)

    def gone(self, by: Hangup = Hangup.CALLEE) -> None:
        """The page hung up, or is not there any more."""
        if not self._over.done():
            self._over.set_result(by)

    @property
    def ended(self) -> Hangup | None:
        return self._over.result() if self._over.done() else None

    def read(self) -> bytes:
        heard, self._unheard = bytes(self._unheard), bytearray()
        return heard

    def write(self, pcm: bytes) -> int:
        begins = max(self._played_at, self._loop.time())
        self._played_at = begins + len(pcm) / (SAMPLE_BYTES * PHONE_RATE)
        self._send(pcm)
        return len(pcm)

    def queued(self) -> int:
        left = max(0.0, self._played_at - self._loop.time())
        return SAMPLE_BYTES * round(left * PHONE_RATE)

    def flush(self) -> int:
        forgotten = self.queued()
        self._played_at = 0.0
        # Always: the page is a little behind, and has sound that counts as played here.
        self._cut()
        return forgotten

    async def transfer(self, to: str, *, seconds: float) -> Transferred:
        """As `VoiceCall.transfer`: there is nobody to whom a page could be handed."""
        del to, seconds
        return Transferred(outcome=TransferOutcome.BARRED)

    async def wait_ended(self) -> Hangup:
        return await asyncio.shield(self._over)

    async def hang_up(self) -> None:
        self.gone(Hangup.BOT)


class BrowserLine:
    """A `VoiceLine` with one call on it, which is up as soon as it is placed."""

    def __init__(self, call: BrowserCall) -> None:
        self._call = call

    async def place(
        self, placement: Placement, *, on_progress: Callable[[Progress], None]
    ) -> BrowserCall:
        del placement, on_progress  # nobody is called, nothing rings
        return self._call
