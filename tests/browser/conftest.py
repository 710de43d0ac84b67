"""A real browser, a real server process, a workspace to look at; on the real time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, expect

from campana.services import people
from campana.services.context import Context
from tests.browser.house import EMAIL, PASSWORD, House, furnished, web_process
from tests.browser.window import PATIENCE, chromium
from tests.support.sandbox import WallClock

expect.set_options(timeout=PATIENCE)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as found:
        yield found


@pytest.fixture
async def house(
    engine_context: Context, context: Context, conninfo: str, workspace_id: int, tmp_path: Path
) -> House:
    """An empty workspace and its owner."""
    engine, web = (replace(each, clock=WallClock()) for each in (engine_context, context))
    token = await people.first_link(engine, workspace_id=workspace_id)
    assert token is not None
    _, session = await people.accept(
        web, token=token, name="Ana <b>Moreno</b>", email=EMAIL, password=PASSWORD, client=None
    )
    return House(
        conninfo=conninfo, folder=tmp_path, web=web, engine=engine, workspace_id=workspace_id,
        session=session,
    )  # fmt: skip


@pytest.fixture
async def furnished_house(house: House) -> House:
    """The same with something of everything in it."""
    await furnished(house)
    return house


@pytest.fixture
def url(furnished_house: House) -> Iterator[str]:
    """A web process over the furnished house."""
    with web_process(furnished_house) as found:
        yield found


@pytest.fixture
async def owner(url: str, furnished_house: House) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who may see everything, without a browser."""
    async with httpx.AsyncClient(
        base_url=url, cookies={"campana": furnished_house.session}, trust_env=False, timeout=120
    ) as client:
        yield client
