"""One call over SIP, as the stack's events tell it: before the answer, while it is up, and its end.

Its sound is the stack's, which compresses it (G.711) and paces it on threads of its own; reading
and writing here never wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from campana.domain.sound_quality import SoundQuality
from campana.domain.transfer import TransferOutcome, Transferred, refusal
from campana.voice import stack
from campana.voice.driver import Hangup, LineLost, Progress, Refused, Unreachable
from campana.voice.media import PHONE_RATE

log = logging.getLogger(__name__)

_TLS_FAILED = "Protocol error [71]"
"""What the stack says of a TLS handshake that failed, whatever the reason."""
_UNTRUSTED = "no TLS connection: its certificate is perhaps none that this machine trusts"

READ_BYTES = 1_280
"""What one read takes, 80 ms of sound: the stack makes and clears so much memory each time."""
CLOSE_SECONDS = 3.0
"""How long the stack may take to report the end of a call that we end."""
_MUCH_LATER = 3600.0
"""The stack's own patience with a transfer: longer than any of ours."""


class SipCall:
    """One call; a `VoiceCall` once it is answered. Driven by the stack's events only."""

    sample_rate = PHONE_RATE

    def __init__(
        self, bs: stack.Baresip, on_progress: Callable[[Progress], None], *, authority: str
    ) -> None:
        """`dialed` completes it; `authority` is the host and port where numbers are called."""
        self._authority = authority
        self.keys: asyncio.Queue[str] = asyncio.Queue()
        self._bs = bs
        self._on_progress = on_progress
        self._call: stack.StackCall | None = None
        self._is_ours = False
        self._is_lost = False
        self.progressed = False
        """Something came back from the other side."""
        loop = asyncio.get_running_loop()
        self._answered: asyncio.Future[None] = loop.create_future()
        self._over: asyncio.Future[str] = loop.create_future()

    def dialed(self, call: stack.StackCall) -> None:
        """The INVITE is out."""
        self._call = call

    def on_event(self, event: stack.StackEvent) -> None:
        """Something happened to this call; comes in order."""
        kinds = self._bs.Event
        match event.event:
            case kinds.CALL_RINGING:
                self.progressed = True
                self._on_progress(Progress.RINGING)
            case kinds.CALL_PROGRESS:
                self.progressed = True
                self._on_progress(Progress.EARLY_MEDIA)
            case kinds.CALL_ESTABLISHED:
                if not self._answered.done():
                    self._answered.set_result(None)
            case kinds.CALL_DTMF_START:
                # The start, not the end: a lost end packet would lose the key.
                if event.text:
                    self.keys.put_nowait(event.text)
            case kinds.CALL_CLOSED:
                self.over(event.text or "")
            case _:
                pass

    def over(self, reason: str) -> None:
        """The call has ended; `reason` is the stack's text."""
        if not self._over.done():
            self._over.set_result(reason)

    def lost(self) -> None:
        """The stack has failed under the call."""
        self._is_lost = True
        self.over("error: the SIP stack has stopped")

    async def wait_answered(self) -> None:
        """Returns when the call is up.

        Raises:
            Refused: it ended with a final code.
            Unreachable: it ended without one.
            LineLost: the stack failed.
        """
        await asyncio.wait({self._answered, self._over}, return_when=asyncio.FIRST_COMPLETED)
        if self._is_lost and not self._answered.done():
            raise LineLost
        if self._over.done():
            ended = self._over.result()
            status, _, reason = ended.partition(" ")
            if len(status) == 3 and status.isdecimal():
                raise Refused(status=int(status), reason=reason)
            raise Unreachable(reason=_UNTRUSTED if ended == _TLS_FAILED else ended)

    @property
    def ended(self) -> Hangup | None:
        return self._who_ended(self._over.result()) if self._over.done() else None

    @property
    def quality(self) -> SoundQuality | None:
        counted = self._call.final_stats if self._call is not None else None
        if counted is None or counted.rx_packets == 0:
            return None
        return SoundQuality(
            mos=round(counted.mos_estimate, 2),
            received=counted.rx_packets,
            lost=max(0, counted.rx_lost),
            late=counted.jbuf_late or 0,
            jitter_ms=round(counted.rx_jitter_ms, 1),
            round_trip_ms=round(counted.rtt_ms, 1),
        )

    async def wait_ended(self) -> Hangup:
        return self._who_ended(await asyncio.shield(self._over))

    async def transfer(self, to: str, *, seconds: float) -> Transferred:
        """As `VoiceCall.transfer`: a blind transfer by REFER (RFC 3515, 5589)."""
        gone = Transferred(outcome=TransferOutcome.UNKNOWN)
        if self._call is None or self._over.done():
            return gone
        uri = to if to.startswith("sip:") else f"sip:{to}@{self._authority}"
        try:
            async with asyncio.timeout(seconds):
                await self._call.transfer(uri, timeout=_MUCH_LATER)
        except TimeoutError:
            return Transferred(outcome=TransferOutcome.NO_ANSWER)
        except self._bs.TransferFailed as failed:
            # When the call ended before a report came, nobody can say what became of it: some
            # carriers let go of the call as soon as they have taken the request.
            is_reported = stack.status_of(failed) is not None or not self._over.done()
            return refusal(stack.status_of(failed)) if is_reported else gone
        except self._bs.StaleHandleError:
            return gone
        except (self._bs.BaresipError, ValueError) as error:
            log.warning("a call could not be transferred: %s", error)
            return refusal(None)
        return Transferred(outcome=TransferOutcome.ANSWERED, status=200)

    def _who_ended(self, reason: str) -> Hangup:
        if reason == stack.TRANSFERRED:
            return Hangup.TRANSFERRED
        if self._is_ours:
            return Hangup.BOT
        # The stack's texts: a BYE from the other side reads "Connection reset by peer [104]"; any
        # other errno and "rtp stream error" mean that the line broke.
        if "[104]" in reason or not ("[" in reason or "error" in reason):
            return Hangup.CALLEE
        return Hangup.NETWORK

    @property
    def _audio(self) -> stack.CallAudio:
        if self._call is None:
            raise self._bs.AudioNotActive("not dialed yet")
        return self._call.audio

    def read(self) -> bytes:
        try:
            pcm = part = self._audio.read(READ_BYTES)
            while len(part) == READ_BYTES:
                part = self._audio.read(READ_BYTES)
                pcm += part
            return pcm
        except (self._bs.AudioNotActive, self._bs.AudioRestarted):
            return b""

    def write(self, pcm: bytes) -> int:
        try:
            return self._audio.write(pcm)
        except (self._bs.AudioNotActive, self._bs.AudioRestarted):
            return 0

    def queued(self) -> int:
        try:
            return self._audio.info().tx_buffered
        except self._bs.AudioNotActive:
            return 0

    def flush(self) -> int:
        forgotten = self.queued()
        with contextlib.suppress(self._bs.AudioNotActive, self._bs.AudioRestarted):
            self._audio.flush_tx()
        return forgotten

    async def hang_up(self) -> None:
        if self._call is None or self._over.done():
            return
        self._is_ours = True
        try:
            await self._call.hangup()
        except self._bs.StaleHandleError:
            self.over("gone")
        except self._bs.BaresipError as error:
            log.warning("a call could not be hung up: %s", error)
        await asyncio.wait({self._over}, timeout=CLOSE_SECONDS)
        self.over("no report of the end")
