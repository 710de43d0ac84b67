"""A conversation that a language model speaks for: sentences are spoken as they are written.

    greeting ─▶ (heard) ─▶ the model is asked ─▶ its first sentence is spoken while it writes on
                   ▲          └─ slow: the filler     └─ somebody speaks: it is cut, and told what
                   └──────────────────────────────────── was heard of it
    the model stalls, breaks, or keeps asking for what it may not do ─▶ the script's steps

Wishes that count at any moment are understood here, before the model is told anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import cast

from campana.domain import model_talk
from campana.domain.dialog import fall_back, utter
from campana.domain.model_talk import Errand, Failed, Talked
from campana.domain.prompted import Prompt
from campana.domain.script import (
    Ended,
    Heard,
    Key,
    Listen,
    Script,
    Spoken,
    Timeout,
    ToolAnswered,
    TransferEnded,
    Transferring,
    Turn,
    Utterance,
)
from campana.domain.sentences import heard_of
from campana.domain.speaking import Call, most_text
from campana.voice.driver import VoiceCall
from campana.voice.ears.ear import Began, Ear, Said
from campana.voice.errands import Programs, first_of
from campana.voice.mind import Mind
from campana.voice.notes import Tell
from campana.voice.saying import Saying
from campana.voice.speech import Voice
from campana.voice.stream import SoundStream
from campana.voice.talk import Talk

AFTER_A_NOISE_SECONDS = 2.0
"""Whoever was cut short by what were no words goes on after so long."""
_SPEAKING = Utterance(step=None, text="", is_question=True)
"""What a callee may interrupt."""


class ModelTalk(Talk):
    """A conversation of a script with a prompt. It needs an ear: without one a `Talk` will do."""

    def __init__(
        self,
        call: VoiceCall,
        stream: SoundStream,
        script: Script,
        *,
        mind: Mind,
        speech: Voice,
        tell: Tell,
        ear: Ear,
        now: Callable[[], datetime],
        may_transfer: Callable[[str], bool] | None = None,
        programs: Programs | None = None,
    ) -> None:
        """As that of Talk, with the `mind` that speaks."""
        super().__init__(
            call,
            stream,
            script,
            speech=speech,
            tell=tell,
            ear=ear,
            now=now,
            may_transfer=may_transfer,
            programs=programs,
        )
        self._mind = mind
        self._moment = now
        self._prompt = cast("Prompt", script.prompt)
        self._untold: list[str] = []
        """What the callee said that the model does not know yet."""
        self._is_filled = False

    async def _converse(self, turn: Turn) -> None:
        talked = model_talk.begin(
            self._script,
            self._prompt,
            fields=turn.state.fields,
            now=self._moment(),
            earlier=self._mind.earlier,
        )
        ending = await self._until_end(turn, talked)
        self._take(ending)
        await super()._converse(ending)

    async def _until_end(self, turn: Turn, talked: Talked) -> Turn:
        """The turn that ends the model's part: a goodbye, what a wish leads to, or the script."""
        self._keep(talked)
        standing = _Standing(turn)
        heard: Heard | Turn | None = self._catch_up(turn)
        for utterance in turn.say if heard is None else ():
            heard = await self._say(utterance, standing.greeting)
        if heard is None and not self._untold and _is_question(turn):
            heard = await self._listen(standing.turn, standing.listen)
        while True:
            if isinstance(heard, Turn):
                return heard
            told = self._told(self._talked, heard)
            if told is None:
                return Turn(say=(), then=Ended(), state=self._talked.state)
            self._keep(told)
            self._is_filled = False
            heard = await self._reply(standing)

    def _told(self, talked: Talked, heard: Heard | None) -> Talked | None:
        """With what was heard since the model was asked last; None when it is too long ago."""
        said, self._untold = " ".join(self._untold), []
        if said:
            talked = model_talk.told(talked, said)
        match heard:
            case Key(key=key):
                return model_talk.pressed(talked, key)
            case Timeout() if not said:
                return model_talk.silent(talked)
            case Spoken() | Timeout() | TransferEnded() | ToolAnswered():
                return talked
            case None:
                return talked if said else model_talk.going_on(talked)

    async def _reply(self, standing: _Standing) -> Heard | Turn:
        """Have the model answer, in as many rounds as its tools need."""
        while True:
            if (failed := model_talk.may_ask(self._prompt, self._talked)) is not None:
                return self._give_up(failed.reason)
            most = most_text(self._prompt.model.max_tokens)
            rate = self._call.sample_rate
            saying = Saying(self._mind, self._talked, self._speech, rate=rate, most=most)
            try:
                heard = await self._speak(saying, standing)
            finally:
                await saying.close()
            if heard is None and saying.failure is not None:
                return self._give_up(saying.failure)
            if heard is None:
                heard = await self._act(saying, standing)
            if heard is not None:
                return heard

    async def _act(self, saying: Saying, standing: _Standing) -> Heard | Turn | None:
        """Do what a reply asks for; None when the model is to be asked again."""
        reply, now = saying.gathering.reply(), self._moment()
        after = model_talk.take(self._script, self._prompt, self._talked, reply, now=now)
        self._keep(after.talked)
        for errand in after.errands:
            if (wished := await self._run(errand, standing)) is not None:
                return wished
        match after.then:
            case Turn(then=Transferring() as transfer) if after.handover is not None:
                return await self._hand_over(after.then, transfer, after.handover)
            case Turn():
                if _result_of(after.then) == "opt_out":
                    self.notes.understood = "opt_out"
                return after.then
            case Failed(reason=reason):
                return self._give_up(reason)
            case "listen" if self._untold:
                # What they said meanwhile is not waited for again.
                return Spoken(text=self._untold[-1])
            case "listen":
                return await self._listen(standing.turn, standing.listen)
            case "ask":
                self._catch_up_with_words()
                return None

    async def _hand_over(self, turn: Turn, transfer: Transferring, call: Call) -> Turn | None:
        """Say so and ring; the turn that ends the call, or None when the model is to go on."""
        for utterance in turn.say:
            if isinstance(wished := await self._say(utterance, turn), Turn):
                return wished
        told = await self._put_through(turn, transfer)
        if isinstance(told, Turn):
            return told
        is_answered = isinstance(told, TransferEnded) and told.is_answered
        self._keep(model_talk.handed_over(self._talked, call, is_answered=is_answered))
        if is_answered:
            return Turn(say=(), then=Ended(), state=self._talked.state)
        self._catch_up_with_words()
        return None

    def _catch_up_with_words(self) -> None:
        """What was said meanwhile is told to the model, too."""
        if self._untold:
            self._keep(model_talk.told(self._talked, " ".join(self._untold)))
            self._untold = []

    async def _speak(self, saying: Saying, standing: _Standing) -> Heard | Turn | None:
        """Say it sentence by sentence; what interrupted it, or None when all of it was said."""
        spoken: list[str] = []
        while True:
            patience = self._patience() if not spoken else None
            sentence = await self._next(saying, standing, seconds=patience)
            is_rest = saying.is_too_much and isinstance(sentence, str | _Slow)
            if sentence is None or is_rest:
                return None
            if isinstance(sentence, str):
                is_filler, text = False, sentence
            elif isinstance(sentence, _Slow):
                self._is_filled = is_filler = True
                text = self._prompt.filler
            else:
                return self._cut(saying, spoken, sentence)
            self._foresee(saying)
            heard = await self._utter(text, standing)
            if not is_filler:
                share = self._stream.share if heard is not None else 1.0
                spoken.append(heard_of(text, share))
            if heard is not None:
                return self._cut(saying, spoken, heard)

    async def _utter(self, text: str, standing: _Standing) -> Heard | Turn | None:
        """Say one sentence, or the filler, which a callee may interrupt."""
        said = utter(None, text, self._talked.fields) if text == self._prompt.filler else None
        spoken = Utterance(
            step=None,
            text=said.text if said is not None else text,
            is_personal=said is None or said.is_personal,
            is_question=True,
        )
        return await self._say(spoken, standing.short)

    async def _next(
        self, saying: Saying, standing: _Standing, *, seconds: float | None
    ) -> str | _Slow | Heard | Turn | None:
        """The next sentence; or that it is slow, or what somebody said meanwhile."""
        if not saying.sentences.empty():
            return saying.sentences.get_nowait()
        getting = asyncio.ensure_future(saying.sentences.get())
        interrupting = asyncio.ensure_future(self._interruption(_SPEAKING, standing.short))
        try:
            await asyncio.wait(
                {getting, interrupting}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if interrupting.done():
                interruption = interrupting.result()
            elif getting.done():
                return getting.result()
            else:
                return _Slow()
        finally:
            getting.cancel()
            interrupting.cancel()
            await asyncio.gather(getting, interrupting, return_exceptions=True)
        if isinstance(interruption, Began):
            return await self._listen(standing.turn, standing.short_listen)
        return interruption

    def _foresee(self, saying: Saying) -> None:
        """Whoever hangs up during the goodbye has come to the end that it is for."""
        if not saying.is_whole or saying.failure is not None:
            return
        reply = saying.gathering.reply()
        after = model_talk.take(self._script, self._prompt, self._talked, reply, now=self._moment())
        if not after.errands and isinstance(after.then, Turn):
            self.notes.thought(after.talked)
            self._take(after.then)

    def _cut(self, saying: Saying, spoken: list[str], heard: Heard | Turn) -> Heard | Turn:
        """The rest of a reply is not said, and nothing of it is done."""
        self.notes.result = self.notes.callback_at = None
        said = " ".join(filter(None, spoken))
        self._keep(model_talk.cut_off(self._talked, said, saying.gathering.reply()))
        return heard

    async def _run(self, errand: Errand, standing: _Standing) -> Turn | None:
        """Have a program asked; the turn that a wish leads to which was heard meanwhile."""
        running = asyncio.ensure_future(self._mind.run(errand))
        try:
            wished = await self._wait(running, standing, seconds=self._patience())
            if wished is None and not running.done():
                said = await self._utter(self._prompt.filler, standing)
                self._is_filled = True
                if isinstance(said, Turn):
                    return said
                wished = await self._wait(running, standing, seconds=None)
            return wished
        finally:
            is_done, answer = running.result() if running.done() else (False, "not waited for")
            self._keep(model_talk.answered(self._talked, errand, is_done=is_done, answer=answer))
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _wait(
        self,
        running: asyncio.Future[tuple[bool, str]],
        standing: _Standing,
        *,
        seconds: float | None,
    ) -> Turn | None:
        return await first_of(running, self._wished(standing.turn), seconds=seconds)

    def _patience(self) -> float | None:
        """How long nothing is said; for ever once the filler was, until they are heard again."""
        return None if self._is_filled else self._prompt.filler_seconds

    async def _wished(self, turn: Turn) -> Turn:
        """Waits for a wish that counts always; what else is said is kept for the model."""
        while True:
            event = await self._inbox.get()
            if isinstance(event, str):
                self._pressed(event)
            elif isinstance(event, Said) and (wished := self._wish(event, turn)) is not None:
                return wished

    def _give_up(self, reason: str) -> Turn:
        self.notes.failure = reason
        return fall_back(self._script, self._talked.state)

    def _keep(self, talked: Talked) -> None:
        self._talked = talked
        self.notes.thought(talked)

    def _wish(self, said: Said, turn: Turn) -> Turn | None:
        wished = super()._wish(said, turn)
        if wished is None and said.text and self.notes.failure is None:
            self._untold.append(said.text)
        return wished

    def _asks(self) -> None:
        """Whatever is said while the model speaks is told to it, and cuts it short."""
        if self.notes.failure is not None:
            super()._asks()


class _Slow:
    """Nothing has come for as long as a person waits."""


class _Standing:
    """What is waited for as long as the model speaks: any words, any key."""

    def __init__(self, turn: Turn) -> None:
        self.listen = cast("Listen", turn.then)
        self.short_listen = Listen(
            step=self.listen.step,
            keys=self.listen.keys,
            seconds=AFTER_A_NOISE_SECONDS,
            takes_words=True,
            phrases=self.listen.phrases,
        )
        # It says who calls: no key cuts it short.
        self.greeting = replace(turn, then=replace(self.listen, keys=frozenset()))
        self.turn = Turn(say=(), then=self.listen, state=turn.state)
        self.short = Turn(say=(), then=self.short_listen, state=turn.state)


def _result_of(turn: Turn) -> str | None:
    return turn.then.result if isinstance(turn.then, Ended) else None


def _is_question(turn: Turn) -> bool:
    return bool(turn.say) and turn.say[-1].text.rstrip().endswith("?")
