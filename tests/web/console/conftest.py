"""The console on a database of its own, visited by browsers that keep cookies."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from html import unescape
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from litestar.types import ASGIApp

from campana.domain.role import Role
from campana.services import passwords, people
from campana.services.context import Context
from campana.web.app import create_app
from tests.support.campaign import ANA, Scene, launched, person
from tests.support.visitors import signed_in

BASE = "http://127.0.0.1:8080"
EVIL = "<script>alert(1)</script>"
"""What a stranger may have for a name."""
_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')

Visit = Callable[..., Awaitable["Browser"]]


class Browser:
    """Follows what a person sees: forms are sent with the token their page holds."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.token = ""

    async def get(self, path: str) -> httpx.Response:
        found = await self.client.get(path, headers={"sec-fetch-site": "same-origin"})
        if token := _TOKEN.search(found.text):
            self.token = unescape(token[1])
        return found

    async def post(self, path: str, /, files: Any = None, **fields: Any) -> httpx.Response:
        return await self.client.post(
            path,
            data={"form_token": self.token, **fields},
            files=files,
            headers={"sec-fetch-site": "same-origin", "origin": BASE},
        )


def fields_of(page: httpx.Response, action: str | None = None) -> dict[str, str]:
    """What the form of a draft, or of an action, would send if its button were pressed at once."""
    begin = f'<form method="post" action="{action}"' if action else '<form id="draft"'
    form = page.text.split(begin)[1].split("</form>")[0]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="(\w+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            found[name[1]] = unescape(value[1]) if value else ""
    for name, text in re.findall(
        r'<textarea[^>]*name="(\w+)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL
    ):
        found[name] = unescape(text)
    for name, options in re.findall(
        r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL
    ):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = unescape(
            (chosen or re.search(r'<option value="([^"]*)"', options) or [""] * 2)[1]
        )
    return found


async def save(browser: Browser, path: str, **typed: str) -> httpx.Response:
    """Open the page, type over some of its fields, press the button."""
    fields = fields_of(await browser.get(path))
    return await browser.post(path, **{**fields, **typed})


@pytest.fixture
def app(context: Context) -> ASGIApp:
    return create_app(context)


@pytest.fixture
async def first_token(engine_context: Context, workspace_id: int) -> str:
    """What `serve` prints."""
    token = await people.first_link(engine_context, workspace_id=workspace_id)
    assert token is not None
    return token


@pytest.fixture
async def visit(app: ASGIApp, context: Context, workspace_id: int) -> AsyncIterator[Visit]:
    """Makes a browser; with a role it is signed in as somebody of it."""
    async with AsyncExitStack() as stack:

        async def make(role: Role | None = None, *, workspace: int = workspace_id) -> Browser:
            client = await stack.enter_async_context(
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(app=app),  # pyright: ignore[reportArgumentType]
                    base_url=BASE,
                )
            )
            browser = Browser(client)
            if role is not None:
                email = f"{role}{workspace}@example.com"
                session = await signed_in(
                    context, workspace_id=workspace, role=role, email=email, name=f"Ana {role}"
                )
                client.cookies.set("campana", session, domain="127.0.0.1")
                await browser.get("/account")
            return browser

        yield make


@pytest.fixture
async def owner(visit: Visit) -> Browser:
    """Somebody who may do everything."""
    return await visit(Role.OWNER)


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    """A campaign that calls Ana."""
    return await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 with the least it takes: what it costs outside of tests is tested by itself."""
    monkeypatch.setattr(
        passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )
