"""A scripted conversation on an answered call: says each turn, hears keys and words, goes on.

What a key does: one that the question expects answers it at once, even while it is being said. Any
other is heard, and counts only once the question has been said, as a wrong answer.

What words do: while a question is being said they cut it short, and answer it; at any other time
only the wishes count that count always ("stop calling me").
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from campana.domain.answered_by import AnsweredBy
from campana.domain.dialog import asks_for_no_more, is_clear, resume, utter, wish
from campana.domain.script import (
    Asking,
    Ended,
    Heard,
    Key,
    Listen,
    Script,
    Spoken,
    State,
    Timeout,
    TransferEnded,
    Transferring,
    Turn,
    Utterance,
)
from campana.domain.transfer import TransferOutcome, Transferred
from campana.voice.answering import SETTLE_SECONDS, TAIL_SECONDS, Answering, Refused
from campana.voice.driver import VoiceCall
from campana.voice.ears.ear import Began, Ear, Said
from campana.voice.errands import Errands, Programs, first_of
from campana.voice.notes import Latency, Notes, Tell
from campana.voice.speech import Voice
from campana.voice.stream import SoundStream

LAST_WORD_SECONDS = 3.0
"""Somebody who speaks while the goodbye is said is listened to for so long after it."""
UNHEARD_SECONDS = 0.7
"""Who speaks this soon after a question began goes on with what they said before: they have not
heard it."""


class Talk:
    """One conversation; `notes` is what came of it so far."""

    def __init__(
        self,
        call: VoiceCall,
        stream: SoundStream,
        script: Script,
        *,
        speech: Voice,
        tell: Tell,
        ear: Ear | None = None,
        now: Callable[[], datetime] | None = None,
        may_transfer: Callable[[str], bool] | None = None,
        programs: Programs | None = None,
    ) -> None:
        """Without an `ear` nothing but keys is heard; `now` is the time in the person's own zone.

        `may_transfer` is asked to whom the call may be handed over; without it, to nobody. The
        `programs` are those that steps ask. What happens is told to `tell`, as `Notes` does.
        """
        self._call = call
        self._stream = stream
        self._script = script
        self._speech = speech
        self._ear = ear
        self._now = now
        self._may_transfer = may_transfer
        self._programs = programs
        self._inbox: asyncio.Queue[str | Began | Said] = asyncio.Queue()
        self._question_at = 0.0
        self._replying_to: Said | None = None
        """What the next thing said replies to."""
        self._answering: Answering | None = None
        self._before: Turn | None = None
        """Set while it is not known to be a person."""
        self.notes = Notes(tell)
        self.finished = False
        """Everything up to an end was said."""

    @property
    def answered_by(self) -> AnsweredBy | None:
        """Who answered; None where nobody listened for it, or it is not known yet."""
        return self._answering.answered_by if self._answering is not None else None

    @property
    def has_left_message(self) -> bool:
        return self._answering is not None and self._answering.has_left_message

    def told(self, text: str) -> None:
        """Words in writing, of somebody who cannot speak: as if they had just said them."""
        at = self._stream.elapsed()
        self._inbox.put_nowait(Began(at=at))
        self._inbox.put_nowait(Said(text=text, scores={}, at=at))

    async def run(self, turn: Turn) -> None:
        """From this turn to an end of the script."""
        sources = [self._call.keys, *([self._ear.events] if self._ear is not None else [])]
        passing = [asyncio.ensure_future(self._pass_on(source)) for source in sources]
        try:
            if (first := await self._first(turn)) is not None:
                await self._converse(first)
        finally:
            for task in passing:
                task.cancel()
            await asyncio.gather(*passing, return_exceptions=True)

    async def _pass_on(self, source: asyncio.Queue[str] | asyncio.Queue[Began | Said]) -> None:
        while True:
            self._inbox.put_nowait(await source.get())

    async def _first(self, turn: Turn) -> Turn | None:
        """The turn to begin with; None where a machine answered, which is dealt with as the script
        says."""
        policy = self._script.on_machine
        if self._ear is None or policy.do == "talk":
            await asyncio.sleep(SETTLE_SECONDS)
            return turn
        message = policy.message if policy.do == "leave_message" else None
        said = utter(None, message, turn.state.fields) if message else None
        self._answering = Answering(self._ear, self._inbox, self)
        self._before = replace(turn, say=(), then=Ended())
        refused = await self._answering.deal(said)
        self._before = None
        is_person = self.answered_by is not None and self.answered_by.may_be_a_person
        return refused or (turn if is_person else None)

    async def say(self, utterance: Utterance) -> None:
        """To a machine, before the conversation; raises Refused."""
        if self._before is not None and await self._say(utterance, self._before) is not None:
            raise Refused

    def is_refusal(self, said: Said) -> bool:
        return asks_for_no_more(self._as_spoken(said))

    def refusal(self) -> Turn | None:
        return self._catch_up(self._before) if self._before is not None else None

    async def _converse(self, turn: Turn) -> None:
        while True:
            heard = await self._perform(turn)
            if isinstance(heard, Turn):
                turn = heard
            elif isinstance(turn.then, Ended):
                self._take(turn)
                self.finished = True
                await asyncio.sleep(TAIL_SECONDS)
                return
            else:
                turn = resume(self._script, turn.state, heard)
            self._take(turn)

    def _take(self, turn: Turn) -> None:
        self.notes.take(turn, at_ms=self._at_ms())

    def _at_ms(self) -> int:
        return round(1000 * self._stream.elapsed())

    async def _perform(self, turn: Turn) -> Heard | Turn:
        """Say the turn, then listen if it asks for something; a wish makes another turn of it."""
        if (wished := self._catch_up(turn)) is not None:
            return wished
        for utterance in turn.say:
            heard = await self._say(utterance, turn)
            if heard is not None:
                return heard
        if isinstance(turn.then, Ended):
            return await self._last_words(turn)
        if isinstance(turn.then, Transferring):
            return await self._put_through(turn, turn.then)
        if isinstance(turn.then, Asking):
            return await self._inquire(turn, turn.then)
        return await self._listen(turn, turn.then)

    def _catch_up(self, turn: Turn) -> Turn | None:
        """What came before the turn began does not answer it."""
        while not self._call.keys.empty():
            self._inbox.put_nowait(self._call.keys.get_nowait())
        while not self._inbox.empty():
            event = self._inbox.get_nowait()
            if isinstance(event, str):
                self._pressed(event)
            elif isinstance(event, Said) and (wished := self._wish(event, turn)) is not None:
                return wished
        if self._ear is not None and isinstance(turn.then, Listen):
            self._ear.expect(turn.then.phrases, lambda said: self._is_enough(said, turn.state))
        return None

    def _is_enough(self, said: Said, state: State) -> bool:
        return not self._is_side_remark(said) and is_clear(
            self._script, state, self._as_spoken(said)
        )

    async def _say(self, utterance: Utterance, turn: Turn | None) -> Heard | Turn | None:
        """What interrupted it, or None when all of it was said."""
        begun, replying_to, self._replying_to = self._stream.elapsed(), self._replying_to, None
        pcm = await self._speech.pcm(
            utterance.text, rate=self._call.sample_rate, is_personal=utterance.is_personal
        )
        line = self.notes.said(utterance.text, step=utterance.step, at_ms=self._at_ms())
        if utterance.is_question:
            self._asks()
        playing = asyncio.ensure_future(self._stream.play(pcm))
        interrupting = asyncio.ensure_future(self._interruption(utterance, turn))
        try:
            await asyncio.wait({playing, interrupting}, return_when=asyncio.FIRST_COMPLETED)
            if not interrupting.done():
                playing.result()  # What went wrong in there is told, not taken for the end of it.
                return None
            interruption = interrupting.result()
        finally:
            playing.cancel()
            interrupting.cancel()
            await asyncio.gather(playing, interrupting, return_exceptions=True)
            if replying_to is not None and (latency := self._latency(replying_to, begun)):
                self.notes.took(line, latency)
        if not isinstance(interruption, Began):
            return interruption
        # Barge-in: the bot is silent, and hears them out.
        if turn is None or not isinstance(turn.then, Listen):
            return None
        return await self._listen(turn, turn.then)

    def _asks(self) -> None:
        """A question begins: what is said from before it can be understood is no answer to it."""
        self._question_at = self._stream.elapsed()

    def _latency(self, said: Said, begun: float) -> Latency | None:
        """How long they waited for what was just said; `begun` is when the words for it were known.

        None where the ear does not say when they finished, or nothing was heard of the reply.
        """
        sounded_at = self._stream.sounded_at
        if said.timing is None or sounded_at is None:
            return None
        return Latency.between(*said.timing.moments, begun, sounded_at)

    async def _interruption(self, utterance: Utterance, turn: Turn | None) -> Heard | Turn | Began:
        """Waits for what cuts the utterance short."""
        expected = turn.then if turn is not None and isinstance(turn.then, Listen) else None
        while True:
            event = await self._inbox.get()
            match event:
                case str():
                    self._pressed(event)
                    if expected is not None and event in expected.keys and not utterance.is_kept:
                        return self._as_key(event)
                case Began(at=at):
                    takes_words = expected is not None and expected.takes_words
                    is_soon = at < self._question_at + UNHEARD_SECONDS
                    if utterance.is_question and takes_words and not is_soon:
                        return event
                case Said():
                    if turn is not None and (wished := self._wish(event, turn)) is not None:
                        return wished

    async def _listen(self, turn: Turn, listen: Listen) -> Heard | Turn:
        """Keys or words, for as long as the question allows; who speaks is heard out."""
        loop = asyncio.get_running_loop()
        until = loop.time() + listen.seconds
        while True:
            try:
                async with asyncio.timeout_at(until):
                    event = await self._inbox.get()
            except TimeoutError:
                if not self._may_still_answer(listen):
                    return Timeout()
                until = loop.time() + 0.1
                continue
            match event:
                case str():
                    self._pressed(event)
                    return self._as_key(event)
                case Said() if (heard := self._answer(event, turn, listen)) is not None:
                    return heard
                case Began() | Said():
                    until = max(until, loop.time() + 0.5)

    def _may_still_answer(self, listen: Listen) -> bool:
        """Is somebody speaking, or has something come at this very moment?"""
        is_heard = self._ear is not None and listen.takes_words and self._ear.is_busy
        return is_heard or not self._inbox.empty()

    def _answer(self, said: Said, turn: Turn, listen: Listen) -> Heard | Turn | None:
        """What was said at a question; None for what says nothing to it."""
        if (wished := self._wish(said, turn)) is not None:
            return wished
        if not said.text or not listen.takes_words or self._is_side_remark(said):
            return None
        self._replying_to = said
        return self._as_spoken(said)

    def _wish(self, said: Said, turn: Turn) -> Turn | None:
        """Write down what was said; the turn it leads to if it is a wish that counts always."""
        if not said.text:
            return None
        wished = wish(self._script, turn.state, self._as_spoken(said))
        if self._before is not None and wished is not None and self._name(wished) != "opt_out":
            # "Call again later" is no wish of a recording.
            wished = None
        before = self._name(turn)
        self._heard(said, None if wished is None else self._name(wished))
        # Who wants no more may say so twice, and after "call me later", but not the other way.
        if wished is None or before == "opt_out" or before == self._name(wished):
            return None
        self._replying_to = said
        return wished

    async def _put_through(self, turn: Turn, transfer: Transferring) -> Heard | Turn:
        """Hand the call over, while they are still listened to: who wants no more has that."""
        self.notes.transferring(transfer.to, step=transfer.step, at_ms=self._at_ms())
        asking = asyncio.ensure_future(self._transfer(transfer))
        try:
            if (wished := await first_of(asking, self._wished(turn))) is not None:
                return wished
            told = asking.result()
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        self.notes.transfer_ended(told, at_ms=self._at_ms())
        return TransferEnded(is_answered=told.outcome is TransferOutcome.ANSWERED)

    async def _inquire(self, turn: Turn, asking: Asking) -> Heard | Turn:
        """Have a program asked, while they are still listened to."""

        async def say(asking: Asking) -> Turn | None:
            heard = await self._say(asking.filler, turn)
            return heard if isinstance(heard, Turn) else None

        errands = Errands(
            programs=self._programs,
            wished=lambda: self._wished(turn),
            say=say,
            used=self.notes.used.append,
        )
        return await errands.run(asking)

    async def _transfer(self, transfer: Transferring) -> Transferred:
        if self._may_transfer is None or not self._may_transfer(transfer.to):
            return Transferred(outcome=TransferOutcome.BARRED)
        return await self._call.transfer(transfer.to, seconds=transfer.seconds)

    async def _wished(self, turn: Turn) -> Turn:
        """Writes down what is said and pressed until it is a wish that counts always."""
        while True:
            event = await self._inbox.get()
            if isinstance(event, str):
                self._pressed(event)
            elif isinstance(event, Said) and (wished := self._wish(event, turn)) is not None:
                return wished

    async def _last_words(self, turn: Turn) -> Timeout | Turn:
        """Whoever speaks while the goodbye is said is heard out, within reason."""
        if self._ear is None:
            return Timeout()
        try:
            async with asyncio.timeout(LAST_WORD_SECONDS):
                while self._ear.is_busy or not self._inbox.empty():
                    event = await self._inbox.get()
                    if isinstance(event, str):
                        self._pressed(event)
                    elif isinstance(event, Said) and (wished := self._wish(event, turn)):
                        return wished
        except TimeoutError:
            pass
        return Timeout()

    def _is_side_remark(self, said: Said) -> bool:
        """Was it begun before the question could be understood?"""
        return said.at < self._question_at + UNHEARD_SECONDS and self._question_at > 0.0

    def _as_spoken(self, said: Said) -> Spoken:
        now = self._now() if self._now is not None else None
        return Spoken(text=said.text, scores=said.scores, now=now)

    def _as_key(self, key: str) -> Key:
        return Key(key=key, now=self._now() if self._now is not None else None)

    @staticmethod
    def _name(turn: Turn) -> str | None:
        return turn.then.result if isinstance(turn.then, Ended) else None

    def _heard(self, said: Said, wished: str | None) -> None:
        self.notes.heard(said.text, at_ms=round(1000 * said.at), wish=wished)

    def _pressed(self, key: str) -> None:
        self.notes.pressed(key, at_ms=self._at_ms())
