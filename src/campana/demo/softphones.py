"""The called parties: softphones that ring, answer, listen, press keys and hang up as planned."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path

from campana.demo import voices
from campana.demo.listening import reply_to
from campana.demo.plan import Behavior, Reply
from campana.demo.switchboard import Arrival
from campana.demo.witness import Witness
from campana.domain.errors import SetupError
from campana.voice import stack, stack_port
from campana.voice.media import PHONE_RATE, frame_bytes, level, seconds, tone

LOOPBACK = "127.0.0.1"
SPEECH_LEVEL = 300.0
"""Sound louder than this (-40 dB) is speech; a bot speaks at about -20 dB."""
SPEECH_SECONDS = 0.2
"""So much speech has to be heard before silence means that it is our turn."""
EAR_SECONDS = 0.04
HUM_SECONDS = 0.5
HUM_AHEAD_SECONDS = 0.3
FAREWELL_SECONDS = 3.0
DEAD_SECONDS = 5
"""A caller that sends nothing for this long, not even silence, is gone."""


Read = Callable[[bytes], Awaitable[str]]
"""Understands sound at the telephone's rate."""


@cache
def _hum(hertz: float) -> bytes:
    return tone(hertz, duration=HUM_SECONDS, rate=PHONE_RATE)


class Phone:
    """One call at one softphone."""

    def __init__(
        self,
        bs: stack.Baresip,
        call: stack.StackCall,
        arrival: Arrival,
        witness: Witness,
        *,
        read: Read | None = None,
    ) -> None:
        """`read` is what it understands with; without it nothing is replied to."""
        self.call = call
        self._read = read
        self._reading: asyncio.Future[str] | None = None
        self._understood_until = 0
        """Bytes of `heard` that were understood already."""
        self._replied: dict[Reply, int] = {}
        self.arrival = arrival
        self.over = asyncio.Event()
        self.answered = asyncio.Event()
        self.heard = bytearray()
        self._bs = bs
        self._witness = witness
        self._speech_seconds = 0.0
        self._spoken_seconds = 0.0
        """Speech since our last turn."""
        self._quiet_seconds = 0.0
        self._saying = b""
        self._is_hanging_up = False
        self._is_caller_gone = False

    def ended(self, reason: str) -> None:
        """The stack says that the call is over."""
        self._is_caller_gone = "rtp stream error" in reason
        self.over.set()

    async def live(self) -> None:
        """The whole call, from ringing to its end."""
        behavior = self.arrival.behavior
        if behavior.do == "ring":
            await self.over.wait()
        elif not await self._is_over_within(behavior.ring_seconds):
            self._tell("answered")
            with contextlib.suppress(self._bs.BaresipError):
                await self.call.answer()
                await self._converse(behavior)

    async def hand_over(self, to: str) -> None:
        """The caller asks us to talk to somebody else: only on this machine do we call them."""
        self._tell("referred", to=to)
        with contextlib.suppress(self._bs.BaresipError):
            if f"@{LOOPBACK}:" in to:
                await self.call.accept_transfer()
            else:
                await self.call.reject_transfer()

    def say_bye(self) -> None:
        """Write down how the call was, if it was one."""
        if self.answered.is_set():
            self._tell(
                "bye",
                by=self._who_ended(),
                seconds=round(seconds(bytes(self.heard), PHONE_RATE), 2),
                speech_seconds=round(self._speech_seconds, 2),
                heard_level=round(level(bytes(self.heard))),
            )

    async def hang_up(self) -> None:
        self._is_hanging_up = True
        with contextlib.suppress(self._bs.BaresipError):
            await self.call.hangup()

    async def _converse(self, behavior: Behavior) -> None:
        loop = asyncio.get_running_loop()
        waiting = list(behavior.press)
        sayings = [(Path(path).name, voices.read(Path(path))) for path in behavior.play]
        if sayings and behavior.speaks_first:
            self._start_saying(*sayings.pop(0))
        leaves_at = loop.time() + behavior.hang_up_after
        while not await self._is_over_within(EAR_SECONDS):
            self._listen()
            if behavior.tone_hertz is not None:
                self._hum(behavior.tone_hertz)
            if behavior.do == "hang_up" and loop.time() >= leaves_at:
                self._tell("hung_up")
                await self.hang_up()
            if self._saying:
                self._say_on()
            elif sayings and self._may_speak(behavior):
                self._start_saying(*sayings.pop(0))
            elif waiting and self._is_our_turn(behavior.silence_seconds):
                self._spoken_seconds = 0.0
                keys = waiting.pop(0)
                await self._press(keys)
            elif behavior.replies and self._read is not None and not sayings:
                await self._reply(behavior, self._read)

    async def _press(self, keys: str) -> None:
        self._tell("pressed", keys=keys)
        await self.call.send_dtmf(keys)

    async def _reply(self, behavior: Behavior, read: Read) -> None:
        """Understand what the bot said once it is our turn, and reply; does not wait for it."""
        if self._reading is None:
            if self._is_our_turn(behavior.silence_seconds):
                self._spoken_seconds = 0.0
                sound = bytes(self.heard[self._understood_until :])
                self._understood_until = len(self.heard)
                self._reading = asyncio.ensure_future(read(sound))
            return
        if not self._reading.done():
            return
        text, self._reading = self._reading.result(), None
        reply = reply_to(text, behavior.replies)
        self._tell("understood", text=text, replies=reply is not None)
        if reply is None:
            return
        times = self._replied[reply] = self._replied.get(reply, 0) + 1
        if reply.press:
            await self._press(reply.press)
        elif path := reply.play[min(times, len(reply.play)) - 1]:
            self._start_saying(Path(path).name, voices.read(Path(path)))

    def _may_speak(self, behavior: Behavior) -> bool:
        if behavior.interrupts:
            return self._spoken_seconds >= behavior.interrupt_after
        return self._is_our_turn(behavior.silence_seconds)

    def _start_saying(self, name: str, pcm: bytes) -> None:
        self._tell("speaks", what=name)
        self._saying = pcm
        self._say_on()

    def _say_on(self) -> None:
        """Hand on a little more of what we say; our turn is over with the last of it."""
        with contextlib.suppress(self._bs.AudioNotActive, self._bs.AudioRestarted):
            while self._saying and self._buffered() < HUM_AHEAD_SECONDS:
                step = frame_bytes(PHONE_RATE)
                self.call.audio.write(self._saying[:step].ljust(step, b"\0"))
                self._saying = self._saying[step:]
        # What the bot says meanwhile is not what we wait for.
        self._spoken_seconds = 0.0

    def _buffered(self) -> float:
        return self.call.audio.info().tx_buffered / (2 * PHONE_RATE)

    def _listen(self) -> None:
        with contextlib.suppress(self._bs.AudioNotActive, self._bs.AudioRestarted):
            pcm = self.call.audio.read(2 * PHONE_RATE)
            self.heard += pcm
            for start in range(0, len(pcm), size := frame_bytes(PHONE_RATE)):
                frame = pcm[start : start + size]
                if level(frame) > SPEECH_LEVEL:
                    self._speech_seconds += seconds(frame, PHONE_RATE)
                    self._spoken_seconds += seconds(frame, PHONE_RATE)
                    self._quiet_seconds = 0.0
                else:
                    self._quiet_seconds += seconds(frame, PHONE_RATE)

    def _hum(self, hertz: float) -> None:
        with contextlib.suppress(self._bs.AudioNotActive, self._bs.AudioRestarted):
            if self.call.audio.info().tx_buffered < 2 * PHONE_RATE * HUM_AHEAD_SECONDS:
                self.call.audio.write(_hum(hertz))

    def _who_ended(self) -> str:
        if self._is_caller_gone:
            return "network"
        return "callee" if self._is_hanging_up else "caller"

    def _is_our_turn(self, silence: float) -> bool:
        return self._spoken_seconds >= SPEECH_SECONDS and self._quiet_seconds >= silence

    async def _is_over_within(self, wait: float) -> bool:
        try:
            async with asyncio.timeout(wait):
                await self.over.wait()
        except TimeoutError:
            return False
        return True

    def _tell(self, event: str, **detail: str | float | None) -> None:
        self._witness.write(
            event, number=self.arrival.number, attempt=self.arrival.attempt, **detail
        )


class Softphones:
    """All of them, behind one SIP port. Answers only calls that the switchboard announced."""

    def __init__(
        self,
        bs: stack.Baresip,
        runtime: stack.Runtime,
        port: int,
        witness: Witness,
        audio: Path | None,
        read: Read | None,
    ) -> None:
        self.port = port
        self._read = read
        self._bs = bs
        self._runtime = runtime
        self._witness = witness
        self._audio = audio
        self._expected: dict[str, Arrival] = {}
        self._phones: dict[int, Phone] = {}
        self._lives: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(
        cls, *, witness: Witness, audio: Path | None, read: Read | None = None
    ) -> Softphones:
        """Listen on a free port of loopback; `read` is what those understand with who reply.

        Raises:
            SetupError: the voice packages are missing or do not start.
        """
        bs = stack.load()

        def configured(port: int) -> object:
            return bs.Config(
                net_interface="127.0.0.1",
                max_concurrent_calls=None,
                rtp_timeout=DEAD_SECONDS,
                extra_config_text=f"sip_listen 127.0.0.1:{port}\nrtp_ports 16384-32767\n",
            )

        try:
            runtime, port = await stack_port.started(bs, "127.0.0.1", configured)
            phones = cls(bs, runtime, port, witness, audio, read)
            runtime.subscribe(phones.on_event)
            account = (
                "<sip:phone@127.0.0.1>;regint=0;answermode=manual;catchall=yes;audio_codecs=pcmu"
            )
            agent = await bs.UserAgent.create(runtime, account)
        except bs.BaresipError as error:
            raise SetupError(f"the softphones do not start: {error}") from error
        agent.on_incoming(phones.on_incoming)
        return phones

    def expect(self, arrival: Arrival) -> None:
        """This call is about to come in."""
        self._expected[arrival.call_id] = arrival

    def on_incoming(self, call: stack.StackCall) -> None:
        arrival = self._expected.pop(call.call_id or "", None)
        if arrival is None:
            self._keep(asyncio.ensure_future(call.reject()))
            return
        phone = Phone(self._bs, call, arrival, self._witness, read=self._read)
        self._phones[call.handle] = phone
        self._keep(asyncio.ensure_future(self._live(phone)))

    def on_event(self, event: stack.StackEvent) -> None:
        phone = self._phones.get(event.call)
        if phone is None:
            return
        if event.event == self._bs.Event.CALL_ESTABLISHED:
            phone.answered.set()
        elif event.event == self._bs.Event.CALL_TRANSFER:
            self._keep(asyncio.ensure_future(phone.hand_over(event.text or "")))
        elif event.event == self._bs.Event.CALL_CLOSED:
            phone.ended(event.text or "")
            del self._phones[event.call]

    async def close(self) -> None:
        """Hang up everything and stop."""
        await asyncio.gather(*(phone.hang_up() for phone in list(self._phones.values())))
        if self._lives:
            await asyncio.wait(self._lives, timeout=FAREWELL_SECONDS)
        await self._runtime.close()

    async def _live(self, phone: Phone) -> None:
        await phone.live()
        if self._audio is not None and phone.heard:
            name = phone.arrival.attempt or phone.arrival.call_id
            voices.write(self._audio / f"{name}.wav", bytes(phone.heard))
        phone.say_bye()

    def _keep(self, life: asyncio.Task[None]) -> None:
        self._lives.add(life)
        life.add_done_callback(self._lives.discard)
