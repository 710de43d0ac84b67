"""A window of a real browser that keeps account of everything that went wrong in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser, ConsoleMessage, Dialog, Page, async_playwright

VENDOR = Path(__file__).parent / "vendor"
AXE = VENDOR / "axe-4.14.1" / "axe.min.js"
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa")
"""The rules of WCAG 2.2, levels A and AA."""
PATIENCE = 240_000.0
"""Milliseconds to wait for what must come; nothing is asserted about time with it."""

Scheme = Literal["light", "dark"]

# A refusal by the page's policy is also told to the console; this names what was refused.
_WATCH = """
addEventListener('securitypolicyviolation', (event) =>
  console.error(`policy refused ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""
_AUDIT = """
async (tags) => (await axe.run(document, {runOnly: tags, resultTypes: ['violations']})).violations
  .flatMap((each) => each.nodes.map((node) => [each.id, node.target.join(' '),
    node.html.slice(0, 160),
    node.any.concat(node.all, node.none).map((check) => check.message).join('; ')]))
"""
# What reaches beyond the right edge, but not inside something that scrolls by itself.
_WIDE = """
() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const scrolls = (node) => node && node !== document.body &&
    (/auto|scroll|hidden/.test(getComputedStyle(node).overflowX) || scrolls(node.parentElement));
  return [...document.body.querySelectorAll('*')]
    .filter((each) => each.getBoundingClientRect().right > root.clientWidth + 1
      && !scrolls(each.parentElement))
    .map((each) => `${each.tagName}.${each.className} ${each.textContent.trim().slice(0, 40)}`)
    .slice(0, 5).concat([`page is ${root.scrollWidth} wide`]);
}
"""


@asynccontextmanager
async def chromium(*words: str) -> AsyncGenerator[Browser]:
    """The machine's own chromium, with more words to start it; nothing is downloaded."""
    # Its sandbox needs what containers and root do not have; it visits our own pages on loopback
    # and nothing else.
    all_words = ["--no-sandbox", "--disable-dev-shm-usage", *words]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=all_words,
            timeout=PATIENCE,
        )
        try:
            yield browser
        finally:
            await browser.close()


class Window:
    """One page on one server, in a browser profile of its own."""

    def __init__(self, page: Page, *, url: str) -> None:
        self.page = page
        self.url = url
        self.troubles: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._note(f"script failed: {error}"))
        page.on("dialog", self._dismiss)
        page.on("crash", lambda _: self._note("the page crashed"))

    @property
    def path(self) -> str:
        """Where it is, without the query."""
        return urlsplit(self.page.url).path

    async def open(self, path: str, *, status: int = 200) -> None:
        """Go there, as one types an address."""
        answer = await self.page.goto(self.url + path, timeout=PATIENCE)
        assert answer is not None
        assert answer.status == status, (path, answer.status)

    async def violations(self) -> list[str]:
        """What of WCAG 2.2 AA this page breaks, each with the element that does."""
        found: list[list[str]] = await self.page.evaluate(_AUDIT, list(WCAG))
        return [" | ".join(each) for each in found]

    async def too_wide(self) -> list[str]:
        """What makes the page scroll sideways."""
        return list(await self.page.evaluate(_WIDE))

    def taken_troubles(self) -> list[str]:
        """What was noted since the last time."""
        found, self.troubles = self.troubles, []
        return found

    def _note(self, trouble: str) -> None:
        self.troubles.append(f"{self.path}: {trouble}")

    def _hear(self, message: ConsoleMessage) -> None:
        # The console also tells of each answer that is an error; those are looked for by status.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self._note(message.text)

    async def _dismiss(self, dialog: Dialog) -> None:
        self._note(f"a name was run: {dialog.type} {dialog.message}")
        await dialog.dismiss()


@asynccontextmanager
async def window(
    browser: Browser,
    *,
    url: str,
    session: str | None = None,
    width: int = 1024,
    scheme: Scheme = "light",
    scripts: bool = True,
) -> AsyncGenerator[Window]:
    """A fresh profile; with a session it is signed in."""
    profile = await browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        java_script_enabled=scripts,
        reduced_motion="reduce",
    )
    try:
        profile.set_default_timeout(PATIENCE)
        if scripts:
            await profile.add_init_script(_WATCH)
            await profile.add_init_script(path=AXE)
        if session is not None:
            await profile.add_cookies([{"name": "campana", "value": session, "url": url}])
        yield Window(await profile.new_page(), url=url)
    finally:
        await profile.close()


def told(found: dict[str, list[str]]) -> str:
    """Findings by page, for a test's message."""
    kept: dict[str, Any] = {page: each for page, each in found.items() if each}
    return json.dumps(kept, indent=1) if kept else ""
