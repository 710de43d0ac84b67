"""A call is heard, seen and read at once, also one whose recording comes while it is looked at."""

from __future__ import annotations

import psycopg
import pytest
from playwright.async_api import Browser, expect

from tests.browser.house import House
from tests.browser.window import PATIENCE, window

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

COLORS = """() => {
  const canvas = document.querySelector('canvas.wave'), found = new Set();
  const dots = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  for (let n = 0; n < dots.length; n += 4) {
    if (dots[n + 3] === 255) found.add(dots.slice(n, n + 3).join());
  }
  return found.size;
}"""


async def test_what_was_said_and_the_picture_follow_the_recording(
    browser: Browser, url: str, furnished_house: House
) -> None:
    async with window(browser, url=url, session=furnished_house.session) as mine:
        await mine.open("/campaigns")
        await mine.page.get_by_role("link", name="Reminders").first.click()
        await mine.page.locator("#people tbody tr", has_text="Completed").locator("a").click()
        picture = mine.page.locator("canvas.wave")
        await expect(picture).to_be_visible()
        assert await mine.page.evaluate(COLORS) == 0, "nothing was played: one pale color"
        spoken = mine.page.locator(".talk .spoken")
        await expect(spoken).to_have_count(0)
        size = await picture.bounding_box()
        assert size is not None
        await picture.click(position={"x": size["width"] * 0.75, "y": size["height"] / 2})
        await mine.page.wait_for_function(
            "document.querySelector('audio').currentTime > 1.4", timeout=PATIENCE
        )
        await expect(spoken).to_contain_text("1.2 s")
        assert await mine.page.evaluate(COLORS) > 0, "what was played stands out"
        # Slowly, so that what is said there is not over before this looks.
        await mine.page.evaluate("document.querySelector('audio').playbackRate = 0.0625")
        await mine.page.locator(".talk li").first.click()
        await expect(spoken).to_contain_text("0.3 s")
        assert mine.troubles == []


async def test_a_recording_that_comes_is_drawn_and_what_was_opened_stays_open(
    browser: Browser, url: str, furnished_house: House
) -> None:
    def store(key: str | None) -> None:
        with psycopg.connect(furnished_house.conninfo, options="-c search_path=campana") as db:
            db.execute("update voice_calls set recording_key = %s", (key,))

    store(None)
    async with window(browser, url=url, session=furnished_house.session) as mine:
        page = mine.page
        await mine.open("/campaigns")
        await page.get_by_role("link", name="Reminders").first.click()
        await page.locator("#people tbody tr", has_text="Completed").locator("a").click()
        await expect(page.locator("[data-live]")).to_contain_text("live")
        events = page.get_by_text("Events as they are kept")
        await events.click()
        kept = page.locator("details", has=events)
        await expect(kept.locator("pre")).to_be_visible()
        await expect(page.locator("audio")).to_have_count(0)
        store("x.wav")
        await expect(page.locator("canvas.wave")).to_be_visible()
        await expect(kept.locator("pre")).to_be_visible()
        await page.locator(".talk li").first.click()
        await expect(page.locator(".talk .spoken")).to_contain_text("0.3 s")
        assert mine.troubles == []
