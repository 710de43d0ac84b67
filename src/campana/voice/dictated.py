"""A conversation on an answered call that somebody else conducts, one step at a time.

A key cuts short the text that asks for keys, and counts. One that is pressed before, while
something else is said, is written down and answers nothing. Where words are understood they are
taken as a `Talk` takes them, and whoever asks not to be called again is heard at any moment: that
is said back to them, and nothing more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import assert_never

from campana.domain import answers
from campana.domain.answers import SEVERAL_KEYS_END
from campana.domain.dialog import (
    BETWEEN_KEYS_SECONDS,
    KEYPAD,
    MOST_KEYS,
    asks_for_no_more,
    utter,
)
from campana.domain.dictation import (
    Came,
    Collect,
    Hold,
    Order,
    Pressed,
    PutThrough,
    Question,
    Silence,
    Speak,
    Spoken,
    Words,
)
from campana.domain.script import Ask, Ended, Key, Listen, Script, State, Transferring, Turn
from campana.domain.script import Spoken as WordsHeard
from campana.domain.transfer import Transferred
from campana.domain.understanding.wishes import OPT_OUT_PHRASES
from campana.voice.answering import TAIL_SECONDS
from campana.voice.driver import VoiceCall
from campana.voice.ears.ear import Ear, Said
from campana.voice.notes import Tell
from campana.voice.speech import Voice
from campana.voice.stream import SoundStream
from campana.voice.talk import Talk

Next = Callable[[Came | None], Awaitable[Order | None]]
"""Told what came of the last order, None at first and after holding; None to hang up."""

NOTHING_YET = Turn(say=(), then=Ended(), state=State())
"""Where such a conversation begins."""
_SILENT = Script(greeting="", steps=())
"""It has no steps of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dictation:
    """Who says what is done in a call."""

    next: Next
    opening: str | None
    """The text that is said first, as far as that is known before the call."""
    longest: timedelta
    """After so long the call is ended."""
    listens: bool = False
    """Are words understood in it?"""


class DictatedTalk(Talk):
    """One conversation; `notes` is what came of it so far. `finished`: nothing more was wanted."""

    def __init__(
        self,
        call: VoiceCall,
        stream: SoundStream,
        dictation: Dictation,
        *,
        speech: Voice,
        tell: Tell,
        ear: Ear | None = None,
        may_transfer: Callable[[str], bool] | None = None,
    ) -> None:
        """As `Talk`."""
        super().__init__(
            call, stream, _SILENT, speech=speech, tell=tell, ear=ear, may_transfer=may_transfer
        )
        self._dictation = dictation

    async def _converse(self, turn: Turn) -> None:
        """Carry out one order after another until there is none."""
        came: Came | Turn | None = None
        while (order := await self._dictation.next(came)) is not None:
            came = await self._carry_out(order)
            if isinstance(came, Turn):
                break
        last = came if isinstance(came, Turn) else await self._last_words(turn)
        if isinstance(last, Turn):
            self._take(last)
            for utterance in last.say:
                await self._say(utterance, last)
        self.finished = True
        await asyncio.sleep(TAIL_SECONDS)

    async def _carry_out(self, order: Order) -> Came | Turn | None:
        """What came of it; the turn that a wish leads to ends the conversation."""
        match order:
            case Speak(step=step, text=text):
                return await self._speak(step, text)
            case Collect():
                return await self._collect(order)
            case Question():
                return await self._question(order)
            case PutThrough():
                return await self._hand_over(order)
            case Hold(seconds=seconds):
                await asyncio.sleep(seconds)
                return self._catch_up(NOTHING_YET)
            case _:
                assert_never(order)

    def _wish(self, said: Said, turn: Turn) -> Turn | None:
        """Of the wishes that count always only the one that ends it: when to call again is for
        whoever conducts the call."""
        if said.text and not asks_for_no_more(self._as_spoken(said)):
            self._heard(said, None)
            return None
        return super()._wish(said, turn)

    async def _speak(self, step: str, text: str) -> Spoken | Turn:
        wished = self._catch_up(NOTHING_YET)
        if wished is None:
            said = replace(utter(step, "", {}), text=text, is_personal=True)
            heard = await self._say(said, NOTHING_YET)
            wished = heard if isinstance(heard, Turn) else None
        return wished or Spoken()

    async def _collect(self, order: Collect) -> Pressed | Silence | Turn:
        self._script = _SILENT
        turn, listen = self._asking(order.step, order.text, seconds=order.seconds)
        keys = ""
        heard = await self._perform(turn)
        while isinstance(heard, Key):
            if heard.key == order.finish_on:
                return Pressed(keys=keys)
            keys += heard.key
            if len(keys) >= order.most:
                return Pressed(keys=keys)
            heard = await self._listen(turn, listen)
        if isinstance(heard, Turn):
            return heard
        return Pressed(keys=keys) if keys else Silence()

    async def _question(self, order: Question) -> Pressed | Words | Silence | Turn:
        self._script = replace(
            _SILENT, steps=(Ask(id=order.step, text=order.text, answer=order.answer),)
        )
        text = order.text
        if self._ear is None and order.keypad is not None:
            text = f"{text} {order.keypad}"
        expected = answers.phrases(order.answer)
        turn, listen = self._asking(
            order.step, text, seconds=order.seconds, phrases=tuple(expected)
        )
        heard = await self._perform(turn)
        if isinstance(heard, Key):
            further = replace(listen, seconds=BETWEEN_KEYS_SECONDS, takes_words=False)
            return await self._keys(order, turn, further, first=heard.key)
        match heard:
            case Turn():
                return heard
            case WordsHeard(text=text, scores=scores):
                fits = {each: round(score, 3) for each, score in scores.items() if each in expected}
                return Words(text=text, scores=fits)
            case _:
                return Silence()

    async def _keys(
        self, order: Question, turn: Turn, listen: Listen, *, first: str
    ) -> Pressed | Turn:
        """The rest of an answer by keys; # ends one that has several."""
        if first in order.keys or not answers.takes_several_keys(order.answer):
            return Pressed(keys=first)
        pressed = first.removesuffix(SEVERAL_KEYS_END)
        while first != SEVERAL_KEYS_END and len(pressed) < MOST_KEYS:
            if answers.is_whole(order.answer, pressed):
                break
            heard = await self._listen(turn, listen)
            if isinstance(heard, Turn):
                return heard
            if not isinstance(heard, Key) or heard.key == SEVERAL_KEYS_END:
                break
            pressed += heard.key
        return Pressed(keys=pressed)

    def _asking(
        self, step: str, text: str, *, seconds: float, phrases: tuple[str, ...] | None = None
    ) -> tuple[Turn, Listen]:
        """The turn of a question, with words where `phrases` may answer it."""
        listen = Listen(
            step=step,
            keys=KEYPAD,
            seconds=seconds,
            takes_words=phrases is not None and self._ear is not None,
            phrases=(*(phrases or ()), *OPT_OUT_PHRASES),
        )
        said = replace(utter(step, "", {}), text=text, is_personal=True, is_question=True)
        return Turn(say=(said,), then=listen, state=State(step=step)), listen

    async def _hand_over(self, order: PutThrough) -> Transferred | Turn:
        if (wished := self._catch_up(NOTHING_YET)) is not None:
            return wished
        asked = Transferring(step=order.step, to=order.to, seconds=order.seconds)
        heard = await self._put_through(NOTHING_YET, asked)
        if isinstance(heard, Turn):
            return heard
        told = self.notes.handovers[-1]
        return Transferred(outcome=told.outcome, status=told.status)
