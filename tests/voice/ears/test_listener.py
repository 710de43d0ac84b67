"""One call's ears: turns in the sound become words, a pause is looked at, silence is made up."""

from __future__ import annotations

import asyncio
from threading import Event
from typing import Any

from campana.domain.answered_by import AnsweredBy
from campana.voice.ears.hearing import Ears, Read
from campana.voice.ears.listener import Began, Listener, Said
from campana.voice.ears.turns import MOST_SECONDS
from campana.voice.media import PHONE_RATE, silence, tone
from tests.support.waiting import eventually
from tests.voice.hears import LevelModels

SPEECH = tone(300, duration=0.96, rate=PHONE_RATE)


async def heard(models: LevelModels, *parts: bytes, is_enough: bool = False) -> list[Began | Said]:
    """What comes of these pieces of sound, however long it takes."""
    ears = Ears(models)
    listener = Listener(ears)
    listener.expect(("Yes", "No"), lambda _: is_enough)
    running = asyncio.ensure_future(listener.run())
    elapsed = 0.0
    for part in parts:
        elapsed += len(part) / (2 * PHONE_RATE)
        listener.hear(part, now=elapsed)
    events: list[Began | Said] = []
    async with asyncio.timeout(60):
        while not events or not isinstance(events[-1], Said):
            events.append(await listener.events.get())
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    ears.close()
    return events


async def test_a_sentence_is_read_once_it_is_over() -> None:
    models = LevelModels("Yes, I can.")
    began, said = await heard(models, silence(1.0, PHONE_RATE), SPEECH, silence(1.0, PHONE_RATE))
    assert isinstance(began, Began)
    assert isinstance(said, Said)
    assert said.text == "Yes, I can."
    assert 0.9 < said.at < 1.1
    assert models.phrases == [("Yes", "No")]


async def test_what_is_enough_is_taken_in_the_first_pause() -> None:
    said = (await heard(LevelModels("Yes."), SPEECH, silence(0.35, PHONE_RATE), is_enough=True))[-1]
    assert isinstance(said, Said)
    assert said.text == "Yes."


class InHush:
    """A listener, and what it was given to read."""

    def __init__(self, *texts: str) -> None:
        self.models = LevelModels(*texts)
        self._ears = Ears(self.models)
        self._listener = Listener(self._ears)
        self.expect("Yes", "No")
        self._running = asyncio.ensure_future(self._listener.run())
        self._elapsed = 0.0

    def expect(self, *phrases: str) -> None:
        self._listener.expect(phrases, lambda said: bool(said.text))

    def hear(self, pcm: bytes) -> None:
        self._elapsed += len(pcm) / (2 * PHONE_RATE)
        self._listener.hear(pcm, now=self._elapsed)

    async def readings(self, count: int) -> None:
        """Returns when so many sounds were read."""
        async with asyncio.timeout(60):
            await eventually(lambda: len(self.models.sounds) >= count)

    async def said(self) -> Said:
        async with asyncio.timeout(60):
            while not isinstance(said := await self._listener.events.get(), Said):
                pass
        return said

    @property
    def events(self) -> int:
        """How many nobody has taken yet."""
        return self._listener.events.qsize()

    async def close(self) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        self._ears.close()


async def test_what_was_said_is_read_before_it_is_sure_that_it_is_all() -> None:
    call = InHush("Yes.", "read again")
    call.hear(SPEECH + silence(0.2, PHONE_RATE))
    await call.readings(1)
    assert call.events == 1, "only that somebody began"
    call.hear(silence(0.1, PHONE_RATE))
    assert (await call.said()).text == "Yes."
    assert call.models.phrases == [("Yes", "No")], "it was read twice"
    await call.close()


async def test_what_was_read_ahead_is_dropped_when_they_go_on() -> None:
    call = InHush("No,", "No, Tuesday is not good.")
    call.hear(SPEECH + silence(0.2, PHONE_RATE))
    await call.readings(1)
    call.hear(SPEECH + silence(0.3, PHONE_RATE))
    assert (await call.said()).text == "No, Tuesday is not good."
    assert call.models.sounds[0] < 1.3
    assert call.models.sounds[1] > 2.0, "what came before the hush was left out"
    await call.close()


async def test_what_was_read_ahead_for_another_question_is_read_anew() -> None:
    call = InHush("Yes.", "Yes.")
    call.hear(SPEECH + silence(0.2, PHONE_RATE))
    await call.readings(1)
    call.expect("A cleaning")
    call.hear(silence(0.1, PHONE_RATE))
    assert (await call.said()).text == "Yes."
    assert call.models.phrases == [("Yes", "No"), ("A cleaning",)]
    await call.close()


async def test_it_is_told_when_they_finished_when_that_was_sure_and_when_it_was_read() -> None:
    said = (await heard(LevelModels("Yes."), SPEECH, silence(1.0, PHONE_RATE)))[-1]
    assert isinstance(said, Said)
    assert said.timing is not None
    # They spoke for 0.96 s from the start; all else is later, in this order.
    assert 0.9 <= said.timing.ended <= 1.0
    assert list(said.timing.moments) == sorted(said.timing.moments)
    assert said.timing.sure >= 1.9, "it was not sure before the sound of the silence was there"


class Slow(LevelModels):
    def __init__(self, *texts: str) -> None:
        super().__init__(*texts)
        self.began, self.may_go_on = Event(), Event()

    def read(self, *given: Any, **named: Any) -> Read:
        found = super().read(*given, **named)
        self.began.set()
        assert self.may_go_on.wait(60)
        return found


async def slowly_heard(models: Slow, *parts: bytes) -> Said:
    """What is said when all of `parts` has been heard before it is read."""
    ears = Ears(models)
    listener = Listener(ears)
    running = asyncio.ensure_future(listener.run())
    elapsed = 0.0
    for part in parts:
        elapsed += len(part) / (2 * PHONE_RATE)
        listener.hear(part, now=elapsed)
        assert await asyncio.to_thread(models.began.wait, 60)
        await asyncio.sleep(0.1)
    models.may_go_on.set()
    async with asyncio.timeout(60):
        while not isinstance(said := await listener.events.get(), Said):
            pass
    running.cancel()
    ears.close()
    return said


async def test_the_time_it_takes_to_read_is_not_taken_for_doubt_whether_they_go_on() -> None:
    said = await slowly_heard(
        Slow("Yes."), SPEECH + silence(1.0, PHONE_RATE), silence(20.0, PHONE_RATE)
    )
    assert said.timing is not None
    assert said.timing.sure < 21.96 <= said.timing.read


async def test_who_talks_on_for_too_long_is_read_once() -> None:
    models = Slow("I wanted to tell you", "I wanted to tell you")
    on_and_on = tone(300, duration=MOST_SECONDS + 0.5, rate=PHONE_RATE)
    await slowly_heard(models, on_and_on + silence(0.5, PHONE_RATE), silence(0.1, PHONE_RATE))
    assert models.sounds == [MOST_SECONDS]


async def test_a_sentence_with_a_pause_is_read_whole() -> None:
    models = LevelModels("No,", "No, Tuesday is not good.")
    pause, end = silence(0.45, PHONE_RATE), silence(1.0, PHONE_RATE)
    said = (await heard(models, SPEECH + pause, SPEECH + end))[-1]
    assert isinstance(said, Said)
    # All at once: the first reading may have been dropped before it began.
    assert said.text == ("No, Tuesday is not good." if len(models.phrases) == 2 else "No,")
    assert models.sounds[-1] > 1.9, "what came before the pause was left out"


async def test_where_nothing_is_sent_silence_ends_the_sentence() -> None:
    ears = Ears(LevelModels("Yes."))
    listener = Listener(ears)
    running = asyncio.ensure_future(listener.run())
    listener.hear(SPEECH, now=0.96)
    listener.hear(b"", now=2.5)
    async with asyncio.timeout(60):
        assert isinstance(await listener.events.get(), Began)
        assert isinstance(await listener.events.get(), Said)
    running.cancel()
    ears.close()


async def test_a_greeting_is_judged_while_it_is_heard() -> None:
    ears = Ears(LevelModels("You have reached Maria, leave a message."))
    listener = Listener(ears)
    running = asyncio.ensure_future(listener.run())
    judging = asyncio.ensure_future(listener.who_answered())
    await asyncio.sleep(0)
    listener.hear(SPEECH + SPEECH, now=1.92)
    async with asyncio.timeout(60):
        assert await judging is AnsweredBy.MACHINE
    running.cancel()
    ears.close()


class Broken(LevelModels):
    def read(self, *_: object, **__: object) -> Read:
        raise RuntimeError("out of memory")


async def test_a_model_that_fails_is_as_if_nothing_was_understood() -> None:
    said = (await heard(Broken(), SPEECH, silence(1.0, PHONE_RATE)))[-1]
    assert isinstance(said, Said)
    assert said.text == ""


async def test_a_model_that_fails_takes_who_answers_for_a_person() -> None:
    ears = Ears(Broken())
    listener = Listener(ears)
    running = asyncio.ensure_future(listener.run())
    judging = asyncio.ensure_future(listener.who_answered())
    await asyncio.sleep(0)
    listener.hear(SPEECH + silence(2.0, PHONE_RATE), now=2.96)
    async with asyncio.timeout(60):
        assert await judging is AnsweredBy.HUMAN
    running.cancel()
    ears.close()
