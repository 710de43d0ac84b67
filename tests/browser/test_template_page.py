"""A field goes where the cursor is by one press; the menu is there on a screen that grows."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.browser.house import House
from tests.browser.window import window

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
FIELD = "{{ contact.first_name }}"


async def test_a_field_is_put_where_the_cursor_is(
    browser: Browser, url: str, furnished_house: House
) -> None:
    async with window(browser, url=url, session=furnished_house.session) as shown:
        page = shown.page
        await shown.open("/templates")
        await page.get_by_role("link", name="reminder").first.click()
        text = page.get_by_label("What it says")
        await text.fill('text: "Dear , bye"')
        await text.evaluate("area => area.setSelectionRange(12, 12)")
        await page.get_by_role("button", name=FIELD, exact=True).press("Enter")
        await expect(text).to_have_value(f'text: "Dear {FIELD}, bye"')
        await expect(text).to_be_focused()
        # On one line: a name that is broken into letters is no name.
        one_line = "button => button.getClientRects().length && button.offsetHeight < 40"
        assert await page.get_by_role("button", name=FIELD, exact=True).evaluate(one_line)
        assert await shown.violations() == []
        # A tablet that is turned: the menu is there again where nothing would open it.
        await page.set_viewport_size({"width": 600, "height": 900})
        menu = page.get_by_role("navigation", name="Main")
        await expect(menu).to_be_hidden()
        await page.set_viewport_size({"width": 1200, "height": 900})
        await expect(menu).to_be_visible()
        assert shown.troubles == []
