"""Threads that read are few; without the voice packages nobody hears, and it is said how to install
them."""

from __future__ import annotations

import asyncio
import sys
from threading import Event
from typing import Any

import pytest

from campana.domain.errors import SetupError
from campana.voice.ears.hearing import THREADS, Ears, Read
from tests.support.waiting import eventually
from tests.voice.hears import LevelModels


async def test_where_the_models_are_missing_it_is_said_how_to_install_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "campana.voice.ears.models", None)
    with pytest.raises(SetupError, match=r"pip install 'campana\[voice\]'"):
        await Ears.open()


class Held(LevelModels):
    """Reads until it may go on."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = Event()

    def read(self, *given: Any, **named: Any) -> Read:
        read = super().read(*given, **named)
        assert self.may_go_on.wait(60)
        return read


async def test_what_is_cancelled_before_a_thread_is_free_is_never_read() -> None:
    models = Held()
    ears = Ears(models)

    def read() -> asyncio.Task[Read]:
        return asyncio.ensure_future(ears.read(bytes(512), spoken_seconds=1.0, phrases=()))

    assert ears.may_read_ahead
    reading = [read() for _ in range(THREADS)]
    async with asyncio.timeout(60):
        await eventually(lambda: len(models.sounds) == THREADS)
    assert not ears.may_read_ahead, "somebody would wait for it"
    unwanted = read()
    await asyncio.sleep(0)
    unwanted.cancel()
    await asyncio.gather(unwanted, return_exceptions=True)
    models.may_go_on.set()
    await asyncio.gather(*reading)
    assert (await asyncio.gather(read())) == [Read(text="", scores={})]
    assert len(models.sounds) == THREADS + 1
    ears.close()
