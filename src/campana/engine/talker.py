"""Runs the bots that people talk to from a page: the engine of calls, on a line to a browser.

It is a process of its own beside a web process, whose event loop then only passes sound on; the
models are loaded once for all its talks, and gone with it. Not a voice worker: what those have is
for calls, and they may be on other machines or not there at all.

Its web process hands it one end of a socket for each talk; when the other end is gone, the talk is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import msgspec

from campana.carriers.voice_carrier import VoiceCarrier
from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.errors import CampanaError
from campana.domain.model_talk import Errand
from campana.domain.script import Given, Script
from campana.services import minds, voicebots
from campana.services.browser_talks import LONGEST_SECONDS, Message, Order, packed, unpacked
from campana.services.context import Context
from campana.services.programs import TrialPrograms
from campana.voice.browser_line import BrowserCall, BrowserLine
from campana.voice.call import run_call
from campana.voice.call_result import CallResult
from campana.voice.dictated import DictatedTalk
from campana.voice.driver import Placement, Trunk
from campana.voice.ears.hearing import Ears
from campana.voice.speech import Speech
from campana.voice.talk import Talk

log = logging.getLogger(__name__)

HANDED = b"t"
"""What comes with the socket of a talk."""
_LOOK_SECONDS = 0.1
"""How often it is looked whether something was understood."""
_MOST_UNSENT = 1 << 20
"""Bytes on their way to a page that takes none; then it is gone."""
_NOBODY = UUID(int=0)


class Talker:
    """What all talks of a process share."""

    def __init__(
        self, context: Context, *, carrier: VoiceCarrier, speech: Speech, ears: Ears | None
    ) -> None:
        """`carrier` says what became of a call; without `ears` bots take keys and typed words."""
        self._context = context
        self._carrier = carrier
        self._speech = speech
        self._ears = ears
        self._talks: set[asyncio.Task[None]] = set()

    async def serve(self, control: socket.socket) -> None:
        """Talk on every socket that comes over `control`, until its other end is closed."""
        loop = asyncio.get_running_loop()
        is_over = asyncio.Event()
        control.setblocking(False)

        def take() -> None:
            try:
                said, handed, _, _ = socket.recv_fds(control, len(HANDED), 1)
            except BlockingIOError:
                return
            for each in handed:
                talk = asyncio.ensure_future(self._talk(socket.socket(fileno=each)))
                self._talks.add(talk)
                talk.add_done_callback(self._talks.discard)
            if not said:
                is_over.set()

        loop.add_reader(control, take)
        try:
            await is_over.wait()
        finally:
            loop.remove_reader(control)
            for talk in list(self._talks):
                talk.cancel()
            await asyncio.gather(*self._talks, return_exceptions=True)

    async def _talk(self, end: socket.socket) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=end)
        try:
            asked = await unpacked(reader)
            if isinstance(asked, Mapping):
                order = msgspec.convert(asked, Order)
                await _Talk(self._context, order, reader, writer).run(
                    carrier=self._carrier, speech=self._speech, ears=self._ears
                )
        except CampanaError as error:
            writer.write(packed({"type": "failed", "message": str(error)}))
        except Exception:
            log.exception("a talk failed in the middle")
            writer.write(packed({"type": "failed", "message": "Something went wrong here."}))
        finally:
            with contextlib.suppress(OSError):
                await writer.drain()
            writer.close()


@dataclass
class _Talk:
    """One of them."""

    context: Context
    order: Order
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    call: BrowserCall = field(init=False)
    talk: Talk | DictatedTalk | None = None

    def __post_init__(self) -> None:
        self.call = BrowserCall(send=self._put, cut=lambda: self._put({"type": "cut"}))

    async def run(self, *, carrier: VoiceCarrier, speech: Speech, ears: Ears | None) -> None:
        script = voicebots.load(self.order.definition)
        script = replace(script, max_seconds=min(script.max_seconds, LONGEST_SECONDS))
        self._put(_ready(script, speech=speech, ears=ears))
        listening = asyncio.ensure_future(self._listen())
        looking = asyncio.ensure_future(self._look())
        try:
            result = await run_call(
                BrowserLine(self.call),
                _PLACEMENT,
                script,
                self.order.fields,
                speech=speech,
                recording=None,
                clock=self.context.clock,
                emit=self._tell,
                ears=ears,
                mind=minds.trial_mind(
                    self.context,
                    script,
                    workspace_id=self.order.workspace_id,
                    tell=self._would_ask,
                ),
                programs=TrialPrograms(tell=self._would_ask),
                watch=self._watch,
            )
        finally:
            for task in (listening, looking):
                task.cancel()
            await asyncio.gather(listening, looking, return_exceptions=True)
        self._put({"type": "over", **outcome(result, disposition=carrier.disposition_of(result))})

    def _would_ask(self, errand: Errand) -> None:
        arguments = msgspec.json.encode(errand.arguments).decode()
        self._put({"type": "tool", "name": errand.tool.name, "arguments": arguments})

    def _watch(self, talk: Talk | DictatedTalk) -> None:
        self.talk = talk

    async def _listen(self) -> None:
        """Take what comes from the page until it is gone."""
        while (told := await unpacked(self.reader)) is not None:
            match told:
                case bytes():
                    self.call.take(told)
                case {"type": "key", "key": str(key)}:
                    self.call.press(key)
                case {"type": "words", "text": str(text)} if isinstance(self.talk, Talk):
                    self.talk.told(text)
                case {"type": "hangUp"}:
                    break
                case _:
                    pass
        self.call.gone()

    async def _look(self) -> None:
        """Tell what was understood as it is understood."""
        answered, saved = 0, dict[str, str]()
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if self.talk is None:
                continue
            notes = self.talk.notes
            for each in notes.answered[answered:]:
                self._put({"type": "understood", **_given(each.given)})
            answered = len(notes.answered)
            if notes.talked is not None and notes.saved != saved:
                # A model keeps its result as a whole, and says nothing of a step.
                saved = dict(notes.saved)
                self._put({"type": "kept", "saved": saved})

    def _tell(self, event: AttemptEvent) -> None:
        if event.type in _TOLD:
            self._put({"type": _TOLD[event.type], **event.detail})

    def _put(self, told: bytes | Message) -> None:
        self.writer.write(packed(told))
        if self.writer.transport.get_write_buffer_size() > _MOST_UNSENT:
            self.call.gone()


_PLACEMENT = Placement(attempt_id=_NOBODY, to="", trunk=Trunk(host=""), caller_id="")
_TOLD: Mapping[EventType, str] = {
    EventType.SAID: "said",
    EventType.HEARD: "heard",
    EventType.KEY: "key",
    EventType.TRANSFERRING: "transferring",
    EventType.TRANSFER_ENDED: "transferEnded",
}
"""The events of a call that a page shows."""


def _ready(script: Script, *, speech: Speech, ears: Ears | None) -> Message:
    """What the page is told before the first word, with what is missing here."""
    missing: list[str] = []
    if not speech.available:
        missing.append("The bot cannot speak here: each sentence is a short tone, and is written.")
    if ears is None:
        missing.append("The bot cannot hear words here: press keys, or type what you would say.")
    if ears is None and script.prompt is not None:
        missing.append("Its language model is not asked, as nobody hears: its steps are tried.")
    return {"type": "ready", "hears": ears is not None, "missing": missing}


def outcome(result: CallResult, *, disposition: str) -> Message:
    """What came of a talk, as a page shows it."""
    talked = result.talked
    return {
        "disposition": disposition,
        "result": result.result,
        "reason": result.reason,
        "answers": [_given(each.given) for each in result.answered],
        "saved": dict(result.saved),
        "keys": result.keys,
        "callbackAt": result.callback_at.isoformat() if result.callback_at else None,
        "transfers": [each.to for each in result.handovers],
        "answeredBy": result.answered_by,
        "seconds": round(result.talk_seconds, 1),
        "waits": _waits([line.latency.total_ms for line in result.transcript if line.latency]),
        "modelFailure": result.model_failure if talked is not None else None,
    }


def _waits(milliseconds: Sequence[int]) -> int | None:
    """How long a reply took, in the middle; None where there was none."""
    return sorted(milliseconds)[len(milliseconds) // 2] if milliseconds else None


def _given(given: Given) -> dict[str, Any]:
    return {
        "step": given.step,
        "kind": given.kind,
        "value": given.value,
        "by": given.by,
        "said": given.said,
        "score": given.score,
    }
