"""Campaigns are chosen by keys alone and stay so while the list lives; what is done is undone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, expect

from campana.services import control
from tests.browser.house import House
from tests.browser.window import window
from tests.web.rows import add_campaign

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]


async def test_what_is_chosen_stays_so_while_the_list_lives(
    browser: Browser, url: str, house: House
) -> None:
    where: dict[str, Any] = {"workspace_id": house.workspace_id}
    ids = [(await add_campaign(house.web, **where, name=f"Spring {n}")).id for n in range(3)]
    async with window(browser, url=url, session=house.session, width=390) as mine:
        page = mine.page
        await mine.open("/campaigns?q=Spring")
        pause = page.get_by_role("button", name="Pause the chosen")
        await expect(pause).to_be_disabled()
        # By keys alone: to the box, ticked, to the button, pressed.
        await page.get_by_label("All on this page").focus()
        await page.keyboard.press("Space")
        await expect(page.get_by_text("3 chosen")).to_be_visible()
        await page.get_by_role("checkbox", name="Choose Spring 1").focus()
        await page.keyboard.press("Space")
        await expect(page.get_by_text("2 chosen")).to_be_visible()
        await expect(page.locator("[data-live]")).to_contain_text("live")
        await control.pause(house.web, **where, campaign_id=ids[0])
        first = page.locator("tr", has_text="Spring 0")
        await expect(first.locator("[data-state=paused]")).to_be_visible()
        await expect(first.get_by_role("checkbox")).to_be_checked()
        await expect(page.get_by_text("2 chosen")).to_be_visible()
        assert await mine.violations() == []
        assert await mine.too_wide() == []
        await pause.focus()
        await page.keyboard.press("Enter")
        note = page.get_by_role("status")
        await expect(note).to_contain_text("1 campaign paused")
        await expect(note).to_contain_text("1 was paused already")
        assert await mine.violations() == []
        await page.get_by_role("button", name="Undo").click()
        await expect(note).to_contain_text("Taken back: 1 campaign goes on.")
        await expect(page.locator("tr", has_text="Spring 2")).to_contain_text("Pause")
        assert mine.troubles == []


async def test_many_are_cancelled_where_javascript_is_off(
    browser: Browser, url: str, house: House
) -> None:
    for n in range(3):
        await add_campaign(house.web, workspace_id=house.workspace_id, name=f"Spring {n}")
    async with window(browser, url=url, session=house.session, scripts=False) as mine:
        page = mine.page
        await mine.open("/campaigns?q=Spring&sort=name")
        await page.get_by_role("link", name="Choose all on this page").click()
        await page.get_by_role("checkbox", name="Choose Spring 1").uncheck()
        await page.get_by_role("button", name="Cancel the chosen").click()
        await page.get_by_role("button", name="Cancel 2 campaigns").click()
        await expect(page.get_by_role("status").first).to_contain_text("2 campaigns cancelled")
        await expect(page.locator("td [data-state=cancelled]")).to_have_count(2)
        await page.get_by_role("button", name="Pause Spring 1").click()
        await page.get_by_role("button", name="Undo").click()
        await expect(page.get_by_role("button", name="Pause Spring 1")).to_be_visible()
