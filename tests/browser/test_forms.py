"""What people type is not lost, and nothing needs JavaScript."""

from __future__ import annotations

import httpx
import psycopg
import pytest
from playwright.async_api import Browser, expect

from tests.browser.house import EMAIL, PASSWORD, House, web_process
from tests.browser.window import window

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]


async def test_what_was_typed_outlives_the_session(
    browser: Browser, url: str, furnished_house: House
) -> None:
    """The session ends while a form is filled in: after signing in it is sent by one press."""
    async with window(browser, url=url, session=furnished_house.session) as shown:
        page = shown.page
        await shown.open("/lists")
        await page.get_by_label("Name").fill("Typed before it ended")
        _end_sessions(furnished_house)
        await page.get_by_role("button", name="Make the list").click()
        await expect(page.get_by_role("status")).to_contain_text("What you typed is kept")
        assert await shown.violations() == []
        await page.get_by_label("E-mail").fill(EMAIL)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_text("Typed before it ended")).to_be_visible()
        assert await shown.violations() == []
        await page.get_by_role("button", name="Send it now").click()
        made = page.get_by_role("heading", name="Typed before it ended", level=1)
        await expect(made).to_be_visible()
        assert shown.troubles == []


async def test_a_page_with_a_chosen_file_goes_on_after_signing_in_in_another_tab(
    browser: Browser, url: str, furnished_house: House
) -> None:
    """A script of the page is told so in place: the chosen file stays, the next press takes it."""
    async with window(browser, url=url, session=furnished_house.session) as shown:
        page = shown.page
        await shown.open("/lists")
        await page.get_by_label("Name").fill("Two tabs")
        await page.get_by_role("button", name="Make the list").click()
        chosen = page.get_by_label("dropped here or chosen")
        people = b"phone,first_name\n(202) 555-0142,Ana\n"
        await chosen.set_input_files({"name": "p.csv", "mimeType": "text/csv", "buffer": people})
        _end_sessions(furnished_house)
        preview = page.get_by_role("button", name="Preview 20 rows")
        await preview.click()
        notice = page.locator("#notice")
        await expect(notice).to_contain_text("Your session has ended")
        async with page.context.expect_page() as opened:
            await notice.get_by_role("link").click()
        tab = await opened.value
        await tab.get_by_label("E-mail").fill(EMAIL)
        await tab.get_by_label("Password").fill(PASSWORD)
        await tab.get_by_role("button", name="Sign in").click()
        await expect(tab.get_by_role("heading", name="Two tabs", level=1)).to_be_visible()
        await preview.click()
        await expect(notice).to_contain_text("press once more")
        await preview.click()
        await expect(page.get_by_text("+12025550142")).to_be_visible()


def _end_sessions(house: House) -> None:
    with psycopg.connect(house.conninfo, options="-c search_path=campana") as db:
        db.execute("delete from console_sessions")


async def test_forms_work_where_javascript_is_off(
    browser: Browser, url: str, owner: httpx.AsyncClient
) -> None:
    async with window(browser, url=url, scripts=False) as shown:
        page = shown.page
        await shown.open("/sign-in?next=/campaigns")
        await page.get_by_label("E-mail").fill(EMAIL)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("heading", name="Campaigns", level=1)).to_be_visible()
        await page.get_by_label("Status").select_option("Draft")
        await page.get_by_role("button", name="Search").click()
        await expect(page.locator("tbody tr")).to_have_count(1)
        await page.get_by_role("link", name="Show all").click()
        await page.get_by_role("button", name="Pause Reminders").click()
        await expect(page.get_by_role("status").first).to_contain_text("Paused")
        await page.get_by_role("link", name="Lists").click()
        await page.get_by_label("Name").fill("Without scripts")
        await page.locator("form[action='/lists'] button").click()
        await expect(page.get_by_role("heading", name="Without scripts")).to_be_visible()
        await page.get_by_label("dropped here or chosen").set_input_files(
            {
                "name": "people.csv",
                "mimeType": "text/csv",
                "buffer": b"phone,first_name\n(202) 555-0142,Ana\n",
            }
        )
        async with page.context.expect_page() as opened:
            await page.get_by_role("button", name="Preview 20 rows").click()
        preview = await opened.value
        await expect(preview.get_by_text("+12025550142")).to_be_visible()
        await page.get_by_role("button", name="Bring them in").click()
        await expect(page.get_by_role("heading", name="people.csv")).to_be_visible()
        await page.get_by_role("link", name="Without scripts").click()
        await page.get_by_label("Or paste rows").fill("(202) 555-0143\n(202) 555-0144")
        await page.get_by_role("button", name="Bring them in").click()
        await expect(page.get_by_role("heading", name="Pasted rows")).to_be_visible()
    assert "Reminders" in (await owner.get("/campaigns?status=Paused")).text


async def test_a_form_pressed_twice_is_sent_once(browser: Browser, house: House) -> None:
    """A double click brings nobody in twice, and says nothing of a name that is taken already."""
    with web_process(house) as url:
        async with window(browser, url=url, session=house.session) as shown:
            page = shown.page
            sent: list[str] = []
            page.on(
                "request", lambda each: sent.append(each.url) if each.method == "POST" else None
            )
            await shown.open("/lists")
            await page.get_by_label("Name").fill("Pressed twice")
            await page.get_by_role("button", name="Make the list").dblclick()
            await expect(page.get_by_role("heading", name="Pressed twice")).to_be_visible()
            await page.get_by_label("Or paste rows").fill("+12025550143")
            await page.get_by_role("button", name="Bring them in").dblclick()
            await expect(page.get_by_role("heading", name="Pasted rows")).to_be_visible()
            assert [each.rpartition("/")[2] for each in sent] == ["lists", "imports"]
            # Whoever comes back sends it anew.
            await page.go_back()
            await page.get_by_role("button", name="Bring them in").click()
            await expect(page.get_by_role("heading", name="Pasted rows")).to_be_visible()
            assert len(sent) == 3
