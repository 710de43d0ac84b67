"""A whole Campana as its users see it: from the first account to the report, on real SIP calls.

Everything is done on the pages. Only what nobody does there is not: the programs are started, and
the softphones say at the end whom they were called for.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Locator, Page, expect

pytest.importorskip("hibari")

from campana.demo.plan import Behavior, Plan
from tests.browser.house import EMAIL, PASSWORD
from tests.browser.window import PATIENCE, Window, window
from tests.journeys.served import Exchange, Served, exchange, served, until
from tests.support.folders import whole_folder
from tests.support.people import reserved_numbers

pytestmark = [pytest.mark.browser, pytest.mark.voice, pytest.mark.long, pytest.mark.timeout(600)]

PEOPLE = reserved_numbers()[:101]
"""So many that the launch has to be typed, and too many to be called before somebody pauses."""
CAMPAIGN = "Visits in spring"
BOT = """\
name: Visit reminder
greeting: Hello {{ contact.first_name }}, this is the clinic.
maxSeconds: 60
steps:
  - {id: coming, type: ask, text: Press one if you come., keys: {"1": booked}, saveAs: coming}
  - {id: booked, type: end, text: Goodbye., result: booked}
"""
ACCOUNT = """\
trunks: [{{host: 127.0.0.1, port: {port}}}]
callerIds: ["+12025550100"]
ringSeconds: 10
"""
DROP = """
([input, name, text]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([text], name, {type: 'text/csv'}));
  const drop = input.closest('[data-drop]');
  for (const type of ['dragover', 'drop']) {
    drop.dispatchEvent(
      new DragEvent(type, {dataTransfer: carried, bubbles: true, cancelable: true}));
  }
}
"""

_PACE = """
(pace) => {
  const audio = document.querySelector('audio');
  audio.muted = true;
  audio.playbackRate = pace;
}
"""
_HAS_PLAYED = "(from) => document.querySelector('audio').currentTime > from / 1000 + 0.02"


@dataclass(frozen=True, kw_only=True)
class Town:
    """A running Campana, its telephones, and where its console is."""

    campana: Served
    phones: Exchange

    @property
    def first_link(self) -> str:
        told = (self.campana.folder / "serve.log").read_text()
        found = re.search(r"https?://\S+/welcome\?token=\S+", told)
        assert found is not None, told
        return found[0]

    def called(self) -> list[str]:
        """Every number that rang, as often as it did."""
        return [each["number"] for each in self.phones.events() if each["event"] == "invite"]


@pytest.fixture
def town() -> Iterator[Town]:
    plan = Plan(default=(Behavior(press=("1",), silence_seconds=0.3),))
    with (
        whole_folder() as folder,
        exchange(folder, plan) as phones,
        served(folder, voice_processes=1, voice_lines=4) as campana,
    ):
        yield Town(campana=campana, phones=phones)


@pytest.fixture
async def shown(browser: Browser, town: Town) -> AsyncIterator[Window]:
    url, _, _ = town.first_link.partition("/welcome")
    async with window(browser, url=url) as found:
        yield found


async def test_from_a_file_of_people_to_the_report(shown: Window, town: Town) -> None:
    page = shown.page
    await _come_in(shown, town)
    await _bring_in(page)
    await _write_a_bot(page)
    await _plan(page)
    await _launch(page)
    await _watch(page)
    await _listen(page)
    await _pause_and_go_on(page, town)
    await _report(page, town)
    assert not shown.troubles


async def _come_in(shown: Window, town: Town) -> None:
    """The first account, the countries that may be called, the way to the telephones."""
    page = shown.page
    await shown.open(town.first_link.removeprefix(shown.url))
    await page.get_by_label("Your name").fill("Ana")
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await _press(page, "Make the owner")
    await _go(page, "Settings")
    await page.get_by_label("Where it may call and write").fill("US")
    await page.locator("form[action='/settings/countries'] button").click()
    await expect(page.get_by_role("status").first).to_contain_text("only these countries")
    await _go(page, "Channels")
    await page.get_by_role("link", name="New channel").click()
    await page.get_by_label("Name").fill("Exchange")
    await page.get_by_label("Kind", exact=True).select_option("voice_sip")
    await page.get_by_label("Account").fill(ACCOUNT.format(port=town.phones.port))
    await page.get_by_label("Attempts a second").fill("2")
    await page.get_by_label("Open at once").fill("3")
    await _press(page, "Make the channel")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Exchange")


async def _bring_in(page: Page) -> None:
    """A file is dropped on a new list; the row that cannot go in says why."""
    await _go(page, "Lists")
    await page.get_by_label("Name").fill("Guests")
    await page.get_by_label("Country of numbers").fill("US")
    await _press(page, "Make the list")
    rows = [f"{number},P{place}" for place, number in enumerate(PEOPLE)]
    file = "\n".join(["phone,first_name", *rows, "12,Nobody"])
    await page.evaluate(DROP, [await page.locator("#f-file").element_handle(), "guests.csv", file])
    await page.get_by_role("button", name="Preview 20 rows").click()
    await expect(page.locator("#preview")).to_contain_text(PEOPLE[0])
    await _press(page, "Bring them in")
    await expect(page.locator(".lede .state")).to_contain_text("Done")
    await expect(_figure(page, "New")).to_have_text(str(len(PEOPLE)))
    await expect(_figure(page, "Rejected")).to_have_text("1")
    await expect(page.locator("table.list")).to_contain_text(f"{len(PEOPLE) + 1}")


async def _write_a_bot(page: Page) -> None:
    """One with a mistake is told so by line; without it, it is published."""
    await _go(page, "Bots")
    await page.get_by_label("Name", exact=True).last.fill("Visit reminder")
    await _press(page, "Write it")
    await page.get_by_label("YAML or JSON").fill(BOT.replace('"1": booked', '"1": nowhere'))
    await _press(page, "Save and publish")
    await expect(page.get_by_role("alert").first).to_contain_text("nowhere")
    await page.get_by_label("YAML or JSON").fill(BOT)
    await _press(page, "Save and publish")
    await expect(page.get_by_role("status").first).to_contain_text("Version 1 is published.")


async def _plan(page: Page) -> None:
    """The pages of a new campaign, up to the dry run."""
    await _go(page, "Campaigns")
    await page.get_by_role("link", name="New campaign").first.click()
    await page.get_by_label("Name").fill(CAMPAIGN)
    await _press(page, "Make the draft")
    await page.get_by_label("List or segment").select_option(label=f"Guests ({len(PEOPLE)})")
    await _press(page, "Save and go on")
    await page.get_by_label("Voice channel").select_option(label="Exchange (Calls over SIP trunks)")
    await _press(page, "Save and go on")
    await page.get_by_label("A bot that is kept").select_option(label="Visit reminder (version 1)")
    await _press(page, "Save and go on")
    await page.get_by_label("At any hour").check()
    await _press(page, "Save and review")


async def _launch(page: Page) -> None:
    """The dry run counts them; so many are launched by typing the name."""
    await expect(_figure(page, "Would be contacted")).to_have_text(str(len(PEOPLE)))
    await expect(page.locator("table.heat")).to_contain_text("America/New_York")
    button = page.get_by_role("button", name=f"Launch to {len(PEOPLE)}")
    typed = page.get_by_label(f"type {CAMPAIGN}")
    await typed.fill("Visits")
    await expect(button).to_be_disabled()
    await typed.fill(CAMPAIGN)
    await _follow(page, button.click)
    await expect(page.get_by_role("status").first).to_contain_text("Launched")


async def _watch(page: Page) -> None:
    """Calls are seen to begin and to end, on a page that is never loaded anew."""
    await page.evaluate("window.unbroken = true")
    live = page.locator("#campaign")
    await expect(live.locator(".state").first).to_have_text("Running")
    await expect(_figure(live, "In progress")).not_to_have_text("0")
    await expect(_figure(live, "Reached")).not_to_have_text("0")
    assert await page.evaluate("window.unbroken")


async def _listen(page: Page) -> None:
    """What was said in a call is heard, and its words follow."""
    campaign = page.url.partition("?")[0]
    await page.goto(f"{campaign}?outcome=completed#people")
    await page.locator("#people tbody a").first.click()
    await expect(page.locator(".timeline").last).to_contain_text("Answered")
    await expect(page.locator("canvas.wave")).to_be_visible()
    lines = page.locator(".talk li")
    await expect(lines.first).to_contain_text("this is the clinic")
    await expect(lines.filter(has_text="Bot").last).to_contain_text("Goodbye.")
    spoken = page.locator(".talk .spoken")
    # Slowly, so that what is said there is not over before this looks.
    await page.evaluate(_PACE, 0.0625)
    await lines.first.click()
    await expect(spoken).to_have_text(await lines.first.inner_text(), use_inner_text=True)
    await page.wait_for_function(_HAS_PLAYED, arg=await lines.first.get_attribute("data-ms"))
    await page.evaluate(_PACE, 1)
    await page.wait_for_function("() => document.querySelector('audio').ended")
    await expect(spoken).to_have_text(await lines.last.inner_text(), use_inner_text=True)
    await page.goto(campaign)


async def _pause_and_go_on(page: Page, town: Town) -> None:
    """Nobody new rings while it is paused; afterwards it goes on where it was."""
    await _press(page, f"Pause {CAMPAIGN}")
    live = page.locator("#campaign")
    await expect(live.locator(".state").first).to_have_text("Paused")
    await expect(_figure(live, "In progress")).to_have_text("0")
    before = town.called()
    await _press(page, f"Resume {CAMPAIGN}")
    await expect(live.locator(".state").first).to_have_text("Running")
    until(lambda: len(town.called()) > len(before))
    assert town.called()[: len(before)] == before
    await _press(page, f"Pause {CAMPAIGN}")
    await expect(_figure(live, "In progress")).to_have_text("0")


async def _report(page: Page, town: Town) -> None:
    """It counts exactly whom the softphones were called for, each once."""
    called = town.called()
    assert len(set(called)) == len(called) < len(PEOPLE)
    await expect(_figure(page.locator("#campaign"), "Reached")).to_have_text(str(len(called)))
    await page.get_by_role("link", name="Report", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Reports")
    await expect(page.locator(".lede")).to_contain_text(CAMPAIGN)
    for name in ("Attempts", "People tried", "People reached"):
        await expect(_figure(page, name)).to_have_text(str(len(called)))


async def _go(page: Page, name: str) -> None:
    """By the menu."""
    await page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
    await expect(page.locator("nav [aria-current=page]")).to_have_text(re.compile(name))


async def _press(page: Page, name: str) -> None:
    """A button that leads to another page, which has come when this returns."""
    await _follow(page, page.get_by_role("button", name=name).click)


async def _follow(page: Page, act: Callable[[], Awaitable[None]]) -> None:
    async with page.expect_navigation(timeout=PATIENCE):
        await act()


def _figure(within: Page | Locator, name: str) -> Locator:
    """The number that stands under these words."""
    words = (
        within.page.get_by_text(name, exact=True)
        if isinstance(within, Locator)
        else (within.get_by_text(name, exact=True))
    )
    return within.locator(".figure", has=words).locator(".value")
