"""What a page that stays open says of itself: how fresh it is, how old things are, on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect

from tests.browser.house import House
from tests.browser.window import window

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]


async def test_a_page_that_stays_open_is_fresh_and_its_times_age(
    browser: Browser, url: str, furnished_house: House
) -> None:
    async with window(browser, url=url, session=furnished_house.session, width=390) as mine:
        await mine.page.clock.install()
        await mine.open("/campaigns")
        live = mine.page.locator("[data-live]")
        await expect(live).to_have_class(re.compile("fresh"))
        made = mine.page.locator("td time[data-ages]").first
        before = await made.text_content()
        # Nothing changes for long: what the stream says all the while is heard.
        await mine.page.clock.fast_forward("01:00:00")
        await expect(made).not_to_have_text(before or "")
        await expect(live).to_have_class(re.compile("fresh"))
        pause = mine.page.get_by_role("button", name="Pause Reminders")
        box = await pause.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390, "what stops a campaign is within reach of a thumb"
        assert await mine.too_wide() == []
        assert mine.troubles == []


async def test_without_scripts_nothing_claims_to_be_live(
    browser: Browser, url: str, furnished_house: House
) -> None:
    async with window(browser, url=url, session=furnished_house.session, scripts=False) as mine:
        await mine.open("/campaigns")
        await expect(mine.page.locator("[data-live]")).to_be_hidden()
