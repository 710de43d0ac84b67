"""Every page in light and dark, on a phone, a tablet and a desk: usable by all, quiet, harmless.

The pages are found by following the console's own links; a route nobody can reach fails the tour.
"""

from __future__ import annotations

import httpx
import pytest
from playwright.async_api import Browser

from campana.domain.role import Role
from campana.services import people
from tests.browser.house import House
from tests.browser.routes import ENTRY_ROUTES, ROUTES, pages
from tests.browser.window import Scheme, Window, told, window

pytestmark = pytest.mark.browser

WIDTHS = (390, 1024, 1680)
"""A phone, a tablet, a desk: CSS pixels."""


async def judged(shown: Window, path: str, *, status: int = 200) -> list[str]:
    """All that is wrong with one page as it is shown."""
    await shown.open(path, status=status)
    return [
        *await shown.violations(),
        *(f"scrolls sideways: {each}" for each in await shown.too_wide()),
        *shown.taken_troubles(),
    ]


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_is_usable_by_all_and_runs_no_name(
    scheme: Scheme, browser: Browser, url: str, owner: httpx.AsyncClient, furnished_house: House
) -> None:
    found = await pages(owner)
    missed = set(ROUTES) - found.keys()
    assert not missed, f"no link leads to {missed}: link it, or give tests/browser/house.py a row"
    invitation = await people.invite(
        furnished_house.web, workspace_id=furnished_house.workspace_id, invited_by=None,
        email="carla@example.com", role=Role.OPERATOR,
    )  # fmt: skip
    outside = ["/sign-in", "/sign-in?next=/people", f"/invitations/{invitation}"]
    assert len({each.split("/")[1] for each in ENTRY_ROUTES}) == 3, "a page for everybody is new"
    wrong: dict[str, list[str]] = {}
    for width in WIDTHS:
        async with window(
            browser, url=url, session=furnished_house.session, width=width, scheme=scheme
        ) as shown:
            for path in [each for addresses in found.values() for each in addresses]:
                wrong[f"{path} at {width}"] = await judged(shown, path)
            for path in ("/campaigns/camp_none", "/campaigns?q=nothing+like+it"):
                status = 404 if path.endswith("none") else 200
                wrong[f"{path} at {width}"] = await judged(shown, path, status=status)
        async with window(browser, url=url, width=width, scheme=scheme) as shown:
            for path in outside:
                wrong[f"{path} at {width}"] = await judged(shown, path)
    assert not told(wrong), told(wrong)


@pytest.mark.timeout(900)
async def test_the_first_pages_are_usable_by_all_and_run_no_name(
    browser: Browser, url: str, furnished_house: House
) -> None:
    """What `./run test` sees of the tour."""
    wrong: dict[str, list[str]] = {}
    async with window(browser, url=url, session=furnished_house.session, width=390) as shown:
        for path in ("/", "/campaigns", "/contacts"):
            wrong[path] = await judged(shown, path)
    assert not told(wrong), told(wrong)
