"""Make pictures of the console from a living demo: `.venv/bin/python tools/screenshots.py`.

`campana demo --keep` is started in a directory of its own; the machine's chromium comes in by the
link it prints and looks: at the wallboard while people are called, at the campaign, at a call with
what was said, at the report, at the dry run of the draft the demo leaves; in light and in dark. It
needs the voice packages and chromium, and takes a minute or two.
"""

import os
import queue
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1280, "height": 800}
MOST_BYTES = 150_000
"""Of a picture: a checkout is read far more often than these are looked at."""
PATIENCE = 600.0
BEAUTY = 120.0
"""Seconds to wait for something to happen, and for it to look like something."""
_ACCOUNT = {"Your name": "Ana Moreno", "E-mail": "ana@example.com"}
_PASSWORD = "several words are easy"  # noqa: S105 - of a demo that ends with this program


def main() -> None:
    """All pictures; says how large each is."""
    folder = Path(tempfile.mkdtemp(prefix="campana-screenshots-"))
    folder.chmod(0o755)
    IMAGES.mkdir(parents=True, exist_ok=True)
    demo = start(folder)
    try:
        link = demo.line_with("/welcome?token=")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"], timeout=120_000
            )
            shoot(browser, link, demo)
            browser.close()
    finally:
        demo.end()
        shutil.rmtree(folder, ignore_errors=True)
    for path in sorted(IMAGES.glob("*.png")):
        size = path.stat().st_size
        print(f"{path.relative_to(ROOT)}: {size / 1000:.0f} kB")
        if size > MOST_BYTES:
            sys.exit(f"{path.name} is over {MOST_BYTES / 1000:.0f} kB")


class Demo:
    """The running demo and what it says."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.put(line.strip())

    def line_with(self, words: str) -> str:
        """The next line with these words, when it comes."""
        deadline = time.monotonic() + PATIENCE
        while (left := deadline - time.monotonic()) > 0 and self._process.poll() is None:
            try:
                line = self._lines.get(timeout=min(left, 1))
            except queue.Empty:
                continue
            print(f"  demo: {line}")
            if words in line:
                return line
        sys.exit(f"the demo never said {words!r}")

    def end(self) -> None:
        """What Ctrl-C does."""
        self._process.terminate()
        self._process.wait(PATIENCE)


def start(folder: Path) -> Demo:
    """`campana demo --keep` on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CAMPANA_")},
        "CAMPANA_DATA_DIR": str(folder),
        "CAMPANA_PORT": str(port),
        "PYTHONUNBUFFERED": "1",
        "COLUMNS": "100",
    }
    return Demo(
        subprocess.Popen(
            [sys.executable, "-m", "campana", "demo", "--keep"],
            env=environment, stdout=subprocess.PIPE, text=True,
        )
    )  # fmt: skip


def shoot(browser: Browser, link: str, demo: Demo) -> None:
    """The tour, in the order in which things happen."""
    page = browser.new_page(viewport=SIZE, reduced_motion="reduce")  # pyright: ignore[reportArgumentType]
    page.set_default_timeout(PATIENCE * 1000)
    page.goto(link)
    for label, text in _ACCOUNT.items():
        page.get_by_label(label).fill(text)
    page.get_by_label("Password").fill(_PASSWORD)
    page.get_by_role("button", name="Make the owner").click()
    campaign = page.get_by_role("link", name=re.compile("^Appointment"))
    campaign.first.wait_for()
    path = campaign.first.get_attribute("href") or ""
    base = page.url.rstrip("/")
    # A third of the people done, some on the line, a chart with a shape.
    until(page, lambda: number_in(page, "Begun, 15 min") >= 24)
    take(page, "wallboard")
    page.goto(base + path)
    until(page, lambda: number_in(page, "Reached") >= 12)
    take(page, "campaign")
    demo.line_with("The console stays up")
    page.goto(f"{base}{path}?outcome=completed#people")
    page.locator("#people tbody a").first.click()
    page.locator(".talk").wait_for()
    page.locator("canvas.wave").wait_for()
    page.evaluate("document.querySelector('.talk').scrollIntoView({block: 'end'})")
    take(page, "attempt")
    page.goto(f"{base}/reports")
    page.get_by_role("heading", name="When people are reached").wait_for()
    take(page, "report")
    page.goto(f"{base}/campaigns?status=Draft")
    page.get_by_role("link", name=re.compile("^Review ")).first.click()
    page.get_by_role("heading", name="Launch", exact=True).wait_for()
    take(page, "review")


def take(page: Page, name: str) -> None:
    """A picture in light, and one in dark."""
    for scheme in ("light", "dark"):
        page.evaluate(
            "(scheme) => document.documentElement.setAttribute('data-bs-theme', scheme)", scheme
        )
        page.wait_for_timeout(400)
        page.screenshot(path=IMAGES / f"{name}-{scheme}.png")


def number_in(page: Page, figure: str) -> int:
    """The number that stands under a name."""
    text = page.locator(".figure", has_text=figure).locator(".value").inner_text()
    return int(re.sub(r"\D", "", text) or 0)


def until(page: Page, true: Callable[[], bool]) -> None:
    """Wait while the page brings itself up to date; a slow machine gets a poorer picture."""
    deadline = time.monotonic() + BEAUTY
    while not true() and time.monotonic() < deadline:
        page.wait_for_timeout(300)


if __name__ == "__main__":
    main()
