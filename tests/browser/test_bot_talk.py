"""Somebody talks to a bot in a browser: it is heard, it hears, and what it understood is shown.

The browser's microphone plays a file, over and over: a voice that says yes.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ctranslate2")
pytest.importorskip("hibari")

from playwright.async_api import Browser, Page, expect

from campana.demo import voices
from campana.services import voicebots
from campana.voice.media import PHONE_RATE, silence
from tests.browser.house import House, web_process
from tests.browser.window import Window, chromium, told, window
from tests.voice.ears.speaking import say

pytestmark = [pytest.mark.browser, pytest.mark.voice, pytest.mark.slow, pytest.mark.timeout(900)]

NAME = "Visits <b>"
BOT: dict[str, Any] = {
    "greeting": "Hello {{ contact.first_name }}, this is Campana.",
    "steps": [
        {
            "type": "ask",
            "id": "tuesday",
            "text": "We would like to visit you on Tuesday morning, between nine and twelve,"
            " to look at the meter in your cellar. Does Tuesday morning suit you, yes or no?",
            "answer": {"type": "yes_no", "yes": "part", "no": "end"},
            "saveAs": "suits",
        },
        {
            "type": "ask",
            "id": "part",
            "text": "Press a key from one to three.",
            "keys": {"1": "end", "2": "end", "3": "end"},
            "timeoutSeconds": 60,
            "saveAs": "part",
        },
        {"type": "end", "id": "end", "text": "Thank you, goodbye.", "result": "booked"},
    ],
}
QUIET_SECONDS = 4.0
"""Between two times it is said: within the question, which is longer."""


@pytest.fixture
async def speaking(tmp_path: Path) -> AsyncIterator[Browser]:
    """A browser whose microphone hears somebody say yes."""
    sound = tmp_path / "yes.wav"
    said = say("Yes, that works for me.", voice="hibari", quiet=0.0)
    voices.write(sound, silence(QUIET_SECONDS, PHONE_RATE) + said + silence(0.8, PHONE_RATE))
    async with chromium(
        # Into nothing, in real time: this machine may have no loudspeaker.
        "--disable-audio-output",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={sound}",
    ) as found:
        yield found


@pytest.fixture
async def bot(house: House) -> str:
    """The path of one that was never published."""
    made = await voicebots.create(
        house.web, workspace_id=house.workspace_id, raw={"definition": {"name": NAME, **BOT}}
    )
    return f"/bots/{made.id}"


async def judged(shown: Window) -> list[str]:
    """What is wrong with the page as it stands."""
    return [*await shown.violations(), *await shown.too_wide(), *shown.taken_troubles()]


def talk(page: Page, part: str) -> Any:
    return page.locator(f"#talk-{part}")


async def test_somebody_talks_to_a_bot_and_interrupts_it(
    speaking: Browser, house: House, bot: str
) -> None:
    wrong: dict[str, list[str]] = {}
    with web_process(house) as url:
        async with window(speaking, url=url, session=house.session, width=1280) as shown:
            page = shown.page
            await shown.open(bot)
            await page.get_by_role("link", name="Talk to it").click()
            await expect(page.locator("#talk")).to_be_visible()
            wrong["before"] = await judged(shown)
            await page.locator("[data-field='contact.first_name']").fill("Ana")
            await page.get_by_role("button", name="Talk to it").click()
            await expect(talk(page, "status")).to_contain_text("The bot hears you.")
            await expect(talk(page, "lines")).to_contain_text("Hello Ana, this is Campana.")
            # What the loudspeaker is given, of full scale: a voice, not a click.
            await expect(page.locator("#talk")).to_have_attribute(
                "data-loudest", re.compile(r"0\.(0[5-9]|[1-9])")
            )
            row = talk(page, "understood").locator("tbody tr")
            await expect(row.first).to_contain_text("tuesday")
            await expect(row.first).to_contain_text("yes")
            await expect(row.first).to_contain_text("words")
            theirs = talk(page, "lines").locator(".theirs", has_text="works for me")
            await expect(theirs.first).to_be_visible()
            assert int(await page.locator("#talk").get_attribute("data-cuts") or 0) >= 1
            await expect(talk(page, "lines")).to_contain_text("Press a key from one to three.")
            wrong["in the middle"] = await judged(shown)
            await page.get_by_role("group", name="Keypad").get_by_role("button", name="3").click()
            result = talk(page, "result")
            await expect(result).to_contain_text("completed")
            await expect(result).to_contain_text("booked")
            await expect(row.nth(1)).to_contain_text("a key")
            await expect(page.get_by_role("button", name="Talk to it")).to_be_enabled()
            wrong["after"] = await judged(shown)
    assert not told(wrong), told(wrong)


async def test_without_a_microphone_or_scripts_it_says_what_is_left(
    browser: Browser, house: House, bot: str
) -> None:
    with web_process(house) as url:
        async with window(browser, url=url, session=house.session, scripts=False) as plain:
            await plain.open(f"{bot}/talk")
            await expect(talk(plain.page, "plain")).to_contain_text("campana bot test")
            await expect(plain.page.locator("#talk")).to_be_hidden()
        async with window(browser, url=url, session=house.session, width=390) as shown:
            page = shown.page
            await shown.open(f"{bot}/talk")
            await page.get_by_role("button", name="Talk to it").click()
            await expect(talk(page, "problem")).to_contain_text("microphone")
            await expect(talk(page, "lines")).to_contain_text("Does Tuesday morning suit you")
            words = page.get_by_label("Say it in writing")
            understood = talk(page, "understood").locator("tbody tr")
            while not await understood.count():
                # What is written as the question begins is no answer to it.
                await words.fill("No, it does not.")
                await words.press("Enter")
                await page.wait_for_timeout(1000)
            await expect(understood.first).to_contain_text("no")
            await expect(talk(page, "result")).to_contain_text("booked")
            assert not shown.taken_troubles()
