"""One call's ears: turns in the sound become words, a pause is looked at, silence is made up."""

from __future__ import annotations

import asyncio

from campana.domain.answered_by import AnsweredBy
from campana.voice.ears.hearing import Ears
from campana.voice.ears.listener import Began, Listener, Said
from campana.voice.media import PHONE_RATE, silence, tone
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
    async with asyncio.timeout(10):
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


async def test_it_is_told_when_they_finished_when_that_was_sure_and_when_it_was_read() -> None:
    said = (await heard(LevelModels("Yes."), SPEECH, silence(1.0, PHONE_RATE)))[-1]
    assert isinstance(said, Said)
    assert said.timing is not None
    # They spoke for 0.96 s from the start; all else is later, in this order.
    assert 0.9 <= said.timing.ended <= 1.0
    assert list(said.timing.moments) == sorted(said.timing.moments)
    assert said.timing.sure >= 1.9, "it was not sure before the sound of the silence was there"


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
    async with asyncio.timeout(10):
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
    async with asyncio.timeout(10):
        assert await judging is AnsweredBy.MACHINE
    running.cancel()
    ears.close()


async def test_a_model_that_fails_is_as_if_nothing_was_understood() -> None:
    class Broken(LevelModels):
        def read(self, *_: object, **__: object) -> None:  # type: ignore[override]
            raise RuntimeError("out of memory")

    said = (await heard(Broken(), SPEECH, silence(1.0, PHONE_RATE)))[-1]
    assert isinstance(said, Said)
    assert said.text == ""
