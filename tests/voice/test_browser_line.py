"""A line to a browser, in virtual time: when sound counts as played, what is cut, what is kept."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from campana.domain.answers import YesNo
from campana.domain.script import Ask, End, Script
from campana.domain.transfer import TransferOutcome
from campana.voice.browser_line import MOST_UNHEARD_BYTES, BrowserCall, BrowserLine
from campana.voice.call import run_call
from campana.voice.call_result import CallResult
from campana.voice.driver import Hangup, Placement, Trunk
from campana.voice.media import PHONE_RATE, level, seconds, silence, tone
from campana.voice.speech import Speech
from campana.voice.talk import Talk
from tests.voice.scripted import Events, LoopClock
from tests.voice.virtual_time import run

SCRIPT = Script(
    greeting="Hello Ana.",
    steps=(
        Ask(
            id="q",
            text="Does Tuesday suit you?",
            answer=YesNo(),
            timeout_seconds=5,
            save_as="suits",
        ),
        End(id="end", text="Goodbye.", result="done"),
    ),
)
PLACEMENT = Placement(attempt_id=UUID(int=7), to="", trunk=Trunk(host=""), caller_id="")
TEXTS = ("Hello Ana.", "Does Tuesday suit you?", "Goodbye.")


class Tones:
    """Says each text as two seconds of a tone."""

    rate = PHONE_RATE

    def sentences(self, text: str) -> list[str]:
        return [text]

    def speak(self, sentence: str) -> bytes:
        del sentence
        return tone(500, duration=2.0, rate=PHONE_RATE)


class Page:
    """What a browser is sent, and when."""

    def __init__(self) -> None:
        self.sounds: list[tuple[float, bytes]] = []
        self.cuts: list[float] = []
        loop = asyncio.get_running_loop()
        self.call = BrowserCall(
            send=lambda pcm: self.sounds.append((loop.time(), pcm)),
            cut=lambda: self.cuts.append(loop.time()),
        )


async def talked(page: Page, *, writes_at: float | None = None) -> tuple[CallResult, Events]:
    """A whole talk, in which one may answer in writing."""
    speech, events = Speech(engine=Tones()), Events()
    # Made beforehand: a thread at work does not move the virtual clock.
    await speech.prepare(TEXTS, rate=PHONE_RATE)
    loop = asyncio.get_running_loop()

    def watch(talk: object) -> None:
        assert isinstance(talk, Talk)
        if writes_at is not None:
            loop.call_later(writes_at, talk.told, "Yes, please.")

    try:
        result = await run_call(
            BrowserLine(page.call), PLACEMENT, SCRIPT, {}, speech=speech, recording=None,
            clock=LoopClock(), emit=events.append, watch=watch,
        )  # fmt: skip
    finally:
        speech.close()
    return result, events


def test_sound_is_sent_a_moment_ahead_of_when_it_is_played() -> None:
    async def work() -> tuple[Page, CallResult]:
        page = Page()
        result, _ = await talked(page)
        return page, result

    page, result = run(work())
    first = page.sounds[0][0]
    ahead = 0.0
    played = 0.0
    for at, pcm in page.sounds:
        if seconds(pcm, PHONE_RATE) + played <= 2.0:  # the greeting
            played += seconds(pcm, PHONE_RATE)
            ahead = max(ahead, first + played - at)
    assert played == pytest.approx(2.0, abs=0.03)
    assert 0.02 < ahead < 0.1
    assert (result.end, result.finished) == ("answered", True)
    assert not page.cuts


def test_who_writes_interrupts_a_question_and_answers_it() -> None:
    async def work() -> tuple[Page, CallResult, Events]:
        page = Page()
        return page, *(await talked(page, writes_at=3.5))

    page, result, events = run(work())
    assert (result.saved, result.result) == ({"suits": "yes"}, "done")
    [cut] = page.cuts
    assert cut == pytest.approx(3.5, abs=0.1)
    assert "heard" in events.types()
    question = [pcm for at, pcm in page.sounds if 2.3 < at < 3.6]
    assert sum(seconds(pcm, PHONE_RATE) for pcm in question) < 1.5, "the rest was never sent"


def test_a_page_that_goes_ends_the_talk_as_somebody_who_hangs_up() -> None:
    async def work() -> CallResult:
        page = Page()
        asyncio.get_running_loop().call_later(1.0, page.call.gone)
        return (await talked(page))[0]

    result = run(work())
    assert (result.end, result.reason, result.finished) == ("answered", "callee", False)


def test_what_comes_is_read_once_and_no_more_than_a_second_is_kept() -> None:
    async def work() -> None:
        call = Page().call
        call.take(tone(500, duration=0.1, rate=PHONE_RATE))
        assert level(call.read()) > 1000
        assert call.read() == b""
        call.take(tone(500, duration=0.5, rate=PHONE_RATE))
        call.take(silence(1.0, PHONE_RATE))
        heard = call.read()
        assert len(heard) == MOST_UNHEARD_BYTES
        assert level(heard) == 0.0, "the oldest is dropped"
        call.press("7")
        assert call.keys.get_nowait() == "7"

    run(work())


def test_nobody_is_called_and_whoever_hangs_up_first_has() -> None:
    async def work() -> None:
        call = Page().call
        told = await call.transfer("+12025550160", seconds=5)
        assert told.outcome is TransferOutcome.BARRED
        assert call.ended is None
        await call.hang_up()
        call.gone()
        assert await call.wait_ended() is Hangup.BOT

    run(work())
