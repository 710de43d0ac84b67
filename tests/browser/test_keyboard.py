"""From signing in to a paused campaign by the keyboard alone, over the sandbox carrier."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from campana.domain.campaign import ChannelType
from campana.sandbox.plan import Plan
from campana.services import accounts, campaigns
from tests.browser.house import EMAIL, PASSWORD, House, web_process, work_process
from tests.browser.window import PATIENCE, window
from tests.support.campaign import BOT, add_channel
from tests.support.people import reserved_numbers
from tests.support.sandbox import sandbox

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

MOST_STOPS = 80
PEOPLE = reserved_numbers()[:99]
"""At one in five seconds they last for longer than anybody needs to press Pause."""


class Keyboard:
    """A person without a mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def reach(self, what: str) -> None:
        """Tab until the focus is on what has these words for a name, and can be seen."""
        for _ in range(MOST_STOPS):
            await self.page.keyboard.press("Tab")
            name: str = await self.page.evaluate(_FOCUSED)
            if what.lower() in name.lower():
                assert await self.page.evaluate(_OUTLINED), f"the focus on {what} is not seen"
                return
        raise AssertionError(f"the tabulator never comes to {what} on {self.page.url}")

    async def type(self, what: str, text: str) -> None:
        await self.reach(what)
        await self.page.keyboard.type(text)

    async def press(self, what: str) -> None:
        """Reach it and press Enter; the next page has come when this returns."""
        await self.reach(what)
        await self.follow(lambda: self.page.keyboard.press("Enter"))

    async def follow(self, act: Callable[[], Awaitable[None]]) -> None:
        async with self.page.expect_navigation(timeout=PATIENCE):
            await act()


_FOCUSED = """
() => {
  const on = document.activeElement;
  const labels = [...(on.labels || [])].map((each) => each.textContent).join(' ');
  return on.getAttribute('aria-label') || labels || on.textContent || '';
}
"""
_OUTLINED = """
() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== 'none' || style.boxShadow !== 'none';
}
"""


async def test_the_whole_journey_by_the_keyboard(
    browser: Browser, house: House, tmp_path: Path
) -> None:
    web, workspace_id = house.web, house.workspace_id
    await accounts.allow_countries(
        house.engine, workspace_id=workspace_id, countries=["US"], default="US"
    )
    with sandbox(tmp_path, Plan(mix={ChannelType.VOICE: {"completed": 1}})) as carrier:
        channel = await add_channel(
            web, workspace_id=workspace_id, kind="sandbox", config=carrier.config(),
            name="Rehearsal", rate=0.2, burst=1, lines=2,
        )  # fmt: skip
        with web_process(house) as url, work_process(house, public_url=url):
            async with window(browser, url=url) as shown:
                person = Keyboard(shown.page)
                # Asked for as late as the key is pressed, the choosing may begin before the browser
                # knows that it is to be told of, and is lost.
                shown.page.on("filechooser", lambda _: None)
                await shown.open("/sign-in")
                await _sign_in(person)
                list_id = await _bring_in(person)
                await campaigns.create(
                    web,
                    workspace_id=workspace_id,
                    raw={
                        "name": "By keyboard", "type": "VoiceBot", "channelType": "Voice",
                        "contactList": list_id, "channel": channel.id, "voiceBot": dict(BOT),
                        "window": {"always": True},
                    },
                )  # fmt: skip
                await _launch_and_pause(person)
                assert shown.troubles == []
        assert carrier.lines("send")


async def _sign_in(person: Keyboard) -> None:
    await person.type("E-mail", EMAIL)
    await person.type("Password", PASSWORD)
    await person.follow(lambda: person.page.keyboard.press("Enter"))
    await expect(person.page.get_by_role("heading", name="Wallboard", level=1)).to_be_visible()


async def _bring_in(person: Keyboard) -> str:
    """A list is made and a file brought in, to its end; the list's id."""
    page = person.page
    await person.press("Lists")
    await person.type("Name", "Guests")
    await person.type("Country", "US")
    await person.press("Make the list")
    list_id = page.url.rpartition("/")[2]
    await person.reach("dropped here or chosen")
    # Enter would send the form.
    async with page.expect_file_chooser() as chosen:
        await page.keyboard.press("Space")
    file = "phone,first_name\n" + "".join(f"{each},Ana\n" for each in PEOPLE)
    await (await chosen.value).set_files(
        {"name": "guests.csv", "mimeType": "text/csv", "buffer": file.encode()}
    )
    await person.press("Bring them in")
    await expect(page.locator(".lede .state")).to_contain_text("Done")
    await expect(page.locator(".figure", has_text="New")).to_contain_text(str(len(PEOPLE)))
    return list_id


async def _launch_and_pause(person: Keyboard) -> None:
    """The dry run, the launch, the first call seen live, the pause."""
    page = person.page
    await person.press("Campaigns")
    await person.press("Review By keyboard")
    await expect(page.locator(".figure", has_text="Would be contacted")).to_contain_text("99")
    await person.press("Launch to 99")
    await expect(page.get_by_role("status").first).to_contain_text("Launched")
    # Not loaded anew: the stream brings the first outcome.
    await page.evaluate("window.unbroken = true")
    await expect(page.locator("#campaign")).to_contain_text("Completed")
    assert await page.evaluate("window.unbroken")
    await person.press("Pause By keyboard")
    await expect(page.locator("#campaign")).to_contain_text("Paused")
