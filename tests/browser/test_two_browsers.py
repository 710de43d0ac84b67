"""What one person does the other one sees, whichever process shows it to them."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, Route, expect

from tests.browser.house import House, web_process
from tests.browser.window import window

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]


async def test_a_pause_is_seen_by_another_browser_on_another_process(
    browser: Browser, url: str, furnished_house: House
) -> None:
    """They are told within two seconds; this waits for the fact, however slow the machine is."""
    session = furnished_house.session
    with web_process(furnished_house) as other_url:
        async with (
            window(browser, url=url, session=session) as mine,
            window(browser, url=other_url, session=session) as theirs,
        ):
            await theirs.open("/campaigns")
            line = theirs.page.locator("tr", has_text="Reminders")
            # Not the word beside it: by night a campaign that runs is told to wait for the hours.
            running, paused = (
                line.locator(f"[data-state={word}]") for word in ("running", "paused")
            )
            await expect(running).to_be_visible()
            # The stream is open once it has said something.
            live = theirs.page.locator("[data-live]")
            await expect(live).to_contain_text("live")
            await theirs.page.evaluate("window.unbroken = true")
            await mine.open("/campaigns")
            await mine.page.get_by_role("button", name="Pause Reminders").click()
            await expect(paused).to_be_visible()
            resume = theirs.page.get_by_role("button", name="Resume Reminders")
            await expect(resume).to_be_visible()
            await expect(theirs.page.get_by_role("button", name="Pause Reminders")).to_be_hidden()
            assert await theirs.page.evaluate("window.unbroken"), "it was loaded anew"
            await mine.page.get_by_role("button", name="Resume Reminders").click()
            await expect(running).to_be_visible()
        assert mine.troubles == theirs.troubles == []


async def test_a_stream_that_is_refused_at_first_is_asked_for_again(
    browser: Browser, url: str, furnished_house: House
) -> None:
    async with window(browser, url=url, session=furnished_house.session) as mine:
        refused: list[str] = []

        async def refuse(route: Route) -> None:
            if len(refused) < 2:
                refused.append(route.request.url)
                await route.fulfill(status=503, body="this server is about to restart")
            else:
                await route.continue_()

        await mine.page.route("**/live?*", refuse)
        await mine.open("/campaigns")
        await expect(mine.page.locator("[data-live]")).to_contain_text("live")
        assert len(refused) == 2


async def test_a_page_is_live_whichever_of_its_scripts_comes_last(
    browser: Browser, url: str, furnished_house: House
) -> None:
    """htmx looks at the page once: what it can do has to be there by then."""
    async with window(browser, url=url, session=furnished_house.session) as mine:

        async def delay(route: Route) -> None:
            await asyncio.sleep(1)
            await route.continue_()

        for script in ("htmx.min.js", "hx-csp.min.js", "hx-sse.min.js", "campana.js"):
            pattern = f"**/{script}*"
            await mine.page.route(pattern, delay)
            await mine.open("/campaigns")
            await expect(mine.page.locator("[data-live]")).to_contain_text("live")
            await mine.page.unroute(pattern)
        assert mine.troubles == []
