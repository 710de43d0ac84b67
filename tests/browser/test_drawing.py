"""A flow is drawn beside its text, and a chat shows in it where it waits."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect

from tests.browser.house import House
from tests.browser.window import window

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]


async def test_a_flow_is_drawn_and_the_chat_is_found_in_it(
    browser: Browser, url: str, furnished_house: House
) -> None:
    async with window(browser, url=url, session=furnished_house.session) as mine:
        page = mine.page
        await mine.open("/flows")
        await page.locator("#main table a").first.click()
        boxes = page.locator(".drawing .box")
        await expect(boxes.first).to_be_visible()
        named = await page.locator(".drawing li code:first-child").all_text_contents()
        assert await boxes.locator(".box-id").all_text_contents() == named
        ways = await page.locator(".drawing .way").count()
        listed = " ".join(await page.locator(".drawing details").all_text_contents())
        assert ways == len(re.findall(r"\bto \w", listed))
        await expect(page.locator(".drawing .box-here")).to_have_count(0)
        await boxes.nth(2).click()
        chosen = await page.locator("#f-text").evaluate(
            "(text) => text.value.slice(text.selectionStart, text.selectionEnd)"
        )
        assert chosen.strip().startswith(f"{named[2]}:")
        await page.get_by_role("button", name="Begin", exact=True).click()
        await expect(page.locator(".drawing .box-here")).to_have_count(1)
        assert mine.troubles == []
