"""Asking a language model, which may be slow or out of its mind."""

from __future__ import annotations

import asyncio

import pytest

from campana.services import language_model
from campana.services.language_model import LanguageModel, Unanswered
from tests.support.receiver import receiver, trickles


async def test_one_that_goes_on_and_on_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_model, "SECONDS", 1.5)
    async with receiver(trickles) as endless, asyncio.timeout(10):
        model = LanguageModel(url=f"http://127.0.0.1:{endless.port}/v1", model="m")
        with pytest.raises(Unanswered, match="not done in time"):
            await model.choose("Next week?", ["asks for another day"])
    assert len(endless.came) == 1
