"""What comes from others is what it was when it came, with its licence; pages are small."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from urllib.parse import urljoin

import pytest

from campana.services import people
from campana.web.console.assets import asset, files
from tests.architecture.tree import PACKAGE, sums
from tests.web.console.conftest import Browser, Visit
from tools import vendor

VENDOR = PACKAGE / "web" / "console" / "static" / "vendor"


def test_vendored_files_are_unchanged_and_all_accounted_for() -> None:
    told, there = sums(VENDOR)
    assert told == there


@pytest.mark.parametrize("folder", sorted(VENDOR.glob("*/")), ids=lambda path: path.name)
def test_every_package_has_its_licence(folder: Path) -> None:
    text = (folder / "LICENSE").read_text("utf-8")
    assert any(word in text for word in ("Permission", "SIL OPEN FONT LICENSE"))


def test_a_first_page_is_under_250_kilobytes() -> None:
    total = sum(
        len(body) if name.endswith(".woff2") else len(gzip.compress(body, 9))
        for name, body in files().items()
        if name.endswith((".css", ".js", ".svg", ".woff2"))
    )
    assert total < 250_000


async def test_a_file_is_kept_for_good_and_squeezed(visit: Visit) -> None:
    browser = await visit()
    found = await browser.client.get(asset("campana.css"))
    assert found.status_code == 200
    assert "immutable" in found.headers["cache-control"]
    assert found.headers["content-encoding"] == "gzip"
    assert (await browser.client.get("/static/x/../app.py")).status_code == 404
    assert (await browser.client.get("/static/x/nothing.css")).status_code == 404


async def test_a_file_asks_nobody_who_wants_it(
    owner: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def asked(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(people, "visitor", asked)
    assert (await owner.client.get(asset("campana.css"))).status_code == 200


async def test_the_font_is_loaded_ahead_from_where_the_style_sheet_has_it(owner: Browser) -> None:
    """Another address would be another file to the browser: it would load both."""
    text = (await owner.get("/account")).text
    [ahead] = re.findall(r'<link rel="preload" href="([^"]+)"', text)
    [sheet] = re.findall(r'<link rel="stylesheet" href="([^"]+campana.css)"', text)
    [font] = re.findall(r'url\("([^"]+woff2)"\)', files()["campana.css"].decode())
    assert ahead == urljoin(sheet, font)
    assert (await owner.get(ahead)).status_code == 200


async def test_a_long_page_is_squeezed_unless_its_address_brought_something(owner: Browser) -> None:
    plain = await owner.client.get("/settings")
    assert plain.headers["content-encoding"] == "gzip"
    assert plain.headers["vary"] == "accept-encoding"
    assert "</html>" in plain.text
    asked = await owner.client.get("/settings?q=token")
    assert "content-encoding" not in asked.headers
    bare = await owner.client.get("/settings", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in bare.headers
    refused = await owner.client.get("/campaigns/camp_0000000000000000")
    assert refused.status_code == 404
    assert "content-encoding" not in refused.headers


def test_every_icon_that_a_page_shows_is_in_the_sprite() -> None:
    [sprite] = [text for name, text in files().items() if name.endswith("icons.svg")]
    known = set(re.findall(r'<symbol id="([^"]+)"', sprite.decode()))
    assert {"search", "dashboard", "users"} <= set(vendor.icons()) <= known
