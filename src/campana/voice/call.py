"""One call from the first ring to the last byte of its recording.

`run_call` places the call, runs the script on it, or what is dictated to it, hangs up and tells
what came of it. However it ends (the script, the callee, the network, the time limit, a stop, the
task being cancelled) the line is let go and the recording finished.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, cast

from campana.domain.attempt import AttemptEvent, Detail, EventType
from campana.domain.clock import Clock
from campana.domain.dialog import start
from campana.domain.script import Script, Turn
from campana.domain.sound_quality import SoundQuality
from campana.domain.transfer import TransferOutcome, Transferred
from campana.voice.call_result import CallResult, End
from campana.voice.dictated import NOTHING_YET, DictatedTalk, Dictation
from campana.voice.driver import (
    Hangup,
    NoAnswer,
    Placement,
    Progress,
    Refused,
    TooLate,
    Unreachable,
    VoiceCall,
    VoiceLine,
)
from campana.voice.ears.hearing import Hearing
from campana.voice.ears.listener import Listener
from campana.voice.errands import Programs
from campana.voice.media import PHONE_RATE
from campana.voice.mind import Mind
from campana.voice.model_talk import ModelTalk
from campana.voice.recording import Recording
from campana.voice.speech import Voice
from campana.voice.stream import SoundStream
from campana.voice.talk import Talk


async def run_call(
    driver: VoiceLine,
    placement: Placement,
    script: Script | Dictation,
    fields: Mapping[str, str],
    *,
    speech: Voice,
    recording: Path | None,
    clock: Clock,
    emit: Callable[[AttemptEvent], None],
    stop: asyncio.Event | None = None,
    ears: Hearing | None = None,
    zone: tzinfo | None = None,
    may_transfer: Callable[[str], bool] | None = None,
    mind: Mind | None = None,
    programs: Programs | None = None,
    watch: Callable[[Talk | DictatedTalk], None] | None = None,
) -> CallResult:
    """Place a call, run the script on it, and return what came of it.

    Args:
        driver: places the call.
        placement: whom to call, from which number, how long it may ring.
        script: what the bot says and asks, or who says it step by step.
        fields: the values of the script's placeholders.
        speech: makes the sound.
        recording: where the stereo WAV is to lie; None for no recording.
        clock: stamps events and the result.
        emit: told of each event as it happens: ringing, early media, answered, said, key, ended.
        stop: when set, the call is ended as soon as possible and its result returned.
        ears: understand words; without them nothing but keys is heard.
        zone: the person's own, in which "tomorrow at five" is meant.
        may_transfer: to whom the call may be handed over; without it, to nobody.
        mind: the language model of a script with a prompt; without it, or without ears, the steps
            of the script are all there is.
        programs: ask those that steps of the script name; without them no program is asked.
        watch: given the conversation when it begins; its notes can be read at any moment.

    Cancelling the task ends the call in the same way, emits `ended`, and raises CancelledError.

    Raises:
        LineLost: the stack failed while the call was being placed; what became of it is unknown.
    """
    if ears is None or isinstance(script, Dictation) or script.prompt is None:
        mind = None
    session = _Session(
        script,
        speech=speech,
        clock=clock,
        emit=emit,
        ears=ears,
        zone=zone,
        may_transfer=may_transfer,
        mind=mind,
        programs=programs,
        watch=watch,
    )
    opening = None
    if isinstance(script, Script):
        ours = script if mind is not None else replace(script, prompt=None)
        opening = start(ours, fields=fields)
    stop = stop or asyncio.Event()
    # Made while it rings, so that the first word does not wait.
    preparing = asyncio.ensure_future(session.prepare(opening))
    try:
        placing = driver.place(placement, on_progress=session.progress)
        call = await _answered(asyncio.ensure_future(placing), stop)
        if call is None:
            return session.close(end="cancelled", reason="cancelled")
        return await session.converse(call, opening, recording=recording, stop=stop)
    except Refused as refused:
        return session.close(end="refused", status=refused.status, reason=refused.reason)
    except NoAnswer as silent:
        return session.close(end="no_answer", reason=silent.reason)
    except TooLate as late:
        return session.close(end="too_late", reason=late.reason)
    except Unreachable as unreachable:
        return session.close(end="failed", reason=unreachable.reason)
    except asyncio.CancelledError:
        session.close(end="cancelled", reason="cancelled")
        raise
    finally:
        preparing.cancel()
        await asyncio.gather(preparing, return_exceptions=True)


class _Session:
    """What is known of one call so far, and the telling of it."""

    def __init__(
        self,
        script: Script | Dictation,
        *,
        speech: Voice,
        clock: Clock,
        emit: Callable[[AttemptEvent], None],
        ears: Hearing | None,
        zone: tzinfo | None,
        may_transfer: Callable[[str], bool] | None,
        mind: Mind | None,
        programs: Programs | None,
        watch: Callable[[Talk | DictatedTalk], None] | None,
    ) -> None:
        self._script = script
        self._watch = watch
        self._may_transfer = may_transfer
        self._mind = mind
        self._programs = programs
        self._ears = ears
        self._zone = zone
        self._speech = speech
        self._clock = clock
        self._emit = emit
        self._answered_at: datetime | None = None
        self._stream: SoundStream | None = None
        self._talk: Talk | None = None
        self._recording: Recording | None = None
        self._is_recorded = False
        self._talk_seconds = 0.0
        self._quality: SoundQuality | None = None

    def tell(self, kind: EventType, detail: Detail) -> None:
        self._emit(AttemptEvent(type=kind, at=self._clock.now(), detail=detail))

    def progress(self, progress: Progress) -> None:
        is_ringing = progress is Progress.RINGING
        self.tell(EventType.RINGING if is_ringing else EventType.EARLY_MEDIA, {})

    async def prepare(self, opening: Turn | None) -> None:
        if isinstance(self._script, Dictation) and self._script.opening is not None:
            await self._speech.pcm(self._script.opening, rate=PHONE_RATE, is_personal=True)
        for said in opening.say if opening is not None else ():
            await self._speech.pcm(said.text, rate=PHONE_RATE, is_personal=said.is_personal)

    async def converse(
        self,
        call: VoiceCall,
        opening: Turn | None,
        *,
        recording: Path | None,
        stop: asyncio.Event,
    ) -> CallResult:
        """Run the script on the answered call until something ends it."""
        self._answered_at = self._clock.now()
        if recording is not None:
            self._recording = Recording(recording, rate=call.sample_rate)
        ear = self._listener() if self._ears is not None and self._needs_ears else None
        stream = self._stream = SoundStream(call, recording=self._recording, ear=ear)
        talk, running = self._begin(call, stream, ear, opening)
        self._talk = talk
        if self._watch is not None:
            self._watch(talk)
        self.tell(EventType.ANSWERED, {})
        hearing = asyncio.ensure_future(ear.run() if ear is not None else _for_ever())
        talking = asyncio.ensure_future(running)
        streaming = asyncio.ensure_future(stream.run())
        over = asyncio.ensure_future(call.wait_ended())
        stopping = asyncio.ensure_future(stop.wait())
        everything = (talking, streaming, over, stopping, hearing)
        try:
            done, _ = await asyncio.wait(
                everything,
                timeout=self._longest_seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            ending = asyncio.ensure_future(self._let_go(call, everything))
            await asyncio.shield(ending)
        for task in (talking, streaming, hearing):
            if task in done:
                task.result()  # What went wrong in there is ours to mend, not a way a call ends.
        if call.ended is Hangup.TRANSFERRED:
            # Perhaps only after its time, while the bot was saying something else.
            answered = Transferred(outcome=TransferOutcome.ANSWERED, status=200)
            talk.notes.transfer_ended(answered, at_ms=round(1000 * self._talk_seconds))
            reason = "transferred"
        elif talk.finished:
            reason = "script"
        elif talking in done:
            reason = "machine"
        elif over in done or streaming in done:
            reason = "network" if call.ended is Hangup.NETWORK else "callee"
        else:
            reason = "cancelled" if stopping in done else "time_limit"
        return self.close(end="answered", reason=reason)

    def _listener(self) -> Listener:
        script = self._script
        if isinstance(script, Dictation) or script.endpointing is None:
            return Listener(cast("Hearing", self._ears))
        return Listener(cast("Hearing", self._ears), end_seconds=script.endpointing / 1000)

    def _begin(
        self, call: VoiceCall, stream: SoundStream, ear: Listener | None, opening: Turn | None
    ) -> tuple[Talk, Coroutine[Any, Any, None]]:
        """The conversation, and the running of it."""
        if isinstance(self._script, Dictation):
            dictated = DictatedTalk(
                call,
                stream,
                self._script,
                speech=self._speech,
                tell=self.tell,
                ear=ear,
                may_transfer=self._may_transfer,
            )
            return dictated, dictated.run(NOTHING_YET)
        talk = self._scripted(self._script, call, stream, ear)
        # A script has had its opening since before the call was placed.
        return talk, talk.run(cast("Turn", opening))

    def _scripted(
        self, script: Script, call: VoiceCall, stream: SoundStream, ear: Listener | None
    ) -> Talk:
        def now() -> datetime:
            return self._clock.now().astimezone(self._zone or UTC)

        speech, tell = self._speech, self.tell
        if self._mind is not None and ear is not None:
            return ModelTalk(
                call,
                stream,
                script,
                mind=self._mind,
                speech=speech,
                tell=tell,
                ear=ear,
                now=now,
                may_transfer=self._may_transfer,
                programs=self._programs,
            )
        talk = Talk(
            call,
            stream,
            script,
            speech=speech,
            tell=tell,
            ear=ear,
            now=now,
            may_transfer=self._may_transfer,
            programs=self._programs,
        )
        if script.prompt is not None:
            talk.notes.failure = "there is no model, or nobody who hears"
        return talk

    @property
    def _needs_ears(self) -> bool:
        if isinstance(self._script, Dictation):
            return self._script.listens
        return self._script.needs_ears

    @property
    def _longest_seconds(self) -> float:
        if isinstance(self._script, Dictation):
            return self._script.longest.total_seconds()
        return self._script.max_seconds

    def close(self, *, end: End, status: int | None = None, reason: str) -> CallResult:
        """The result, told as the last event."""
        talk, recording = self._talk, self._recording
        result = CallResult(
            end="answered" if self._answered_at is not None else end,
            status=status,
            reason=reason,
            answered_at=self._answered_at,
            ended_at=self._clock.now(),
            talk_seconds=self._talk_seconds,
            finished=talk is not None and talk.finished,
            saved=talk.notes.saved if talk is not None else {},
            result=talk.notes.result if talk is not None else None,
            keys=talk.notes.keys if talk is not None else "",
            transcript=tuple(talk.notes.transcript) if talk is not None else (),
            answered=tuple(talk.notes.answered) if talk is not None else (),
            given_up=talk.notes.given_up if talk is not None else frozenset(),
            callback_at=talk.notes.callback_at if talk is not None else None,
            handovers=tuple(talk.notes.handovers) if talk is not None else (),
            answered_by=talk.answered_by if talk is not None else None,
            has_left_message=talk is not None and talk.has_left_message,
            talked=talk.notes.talked if talk is not None else None,
            used=tuple(talk.notes.used) if talk is not None else (),
            model_failure=talk.notes.failure if talk is not None else None,
            quality=self._quality,
            recording=recording.path if recording is not None and self._is_recorded else None,
            recording_problem=recording.problem if recording is not None else None,
        )
        self.tell(
            EventType.ENDED,
            {
                "end": result.end,
                "status": result.status,
                "reason": result.reason,
                "finished": result.finished,
                "result": result.result,
                "keys": result.keys,
                "answered_by": result.answered_by,
                "talk_seconds": round(result.talk_seconds, 3),
            },
        )
        return result

    async def _let_go(self, call: VoiceCall, tasks: tuple[asyncio.Future[Any], ...]) -> None:
        """Silence, hang up, and put the recording on the disk."""
        if self._stream is not None:
            self._talk_seconds = self._stream.elapsed()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await call.hang_up()
        self._quality = call.quality
        if self._recording is not None:
            self._is_recorded = await asyncio.to_thread(self._recording.finish)


async def _for_ever() -> None:
    await asyncio.get_running_loop().create_future()


async def _answered(placing: asyncio.Future[VoiceCall], stop: asyncio.Event) -> VoiceCall | None:
    """The call when it is answered, or None when `stop` is set first and the call taken back."""
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({placing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return placing.result() if placing.done() else None
    except asyncio.CancelledError:
        if placing.done() and not placing.cancelled() and placing.exception() is None:
            await placing.result().hang_up()
        raise
    finally:
        placing.cancel()
        stopping.cancel()
        await asyncio.gather(placing, stopping, return_exceptions=True)
