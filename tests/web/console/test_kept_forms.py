"""A form of a session that has ended: nothing is done, nothing typed is lost, nothing is shown."""

from __future__ import annotations

import re
from html import unescape

from campana.domain.role import Role
from campana.services.context import Context
from campana.store import lists
from tests.support.visitors import PASSWORD
from tests.web.console.conftest import BASE, Browser, Visit

NAME = 'Spring "<b>&'
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


async def ended(visit: Visit, context: Context) -> Browser:
    """An owner in the middle of a form whose session is over."""
    owner = await visit(Role.OWNER)
    await owner.get("/lists")
    async with context.db.transaction(workspace_id=1) as tx:
        await tx.execute("delete from console_sessions")
    return owner


async def names(context: Context) -> list[str]:
    async with context.db.read(workspace_id=1) as tx:
        found = await lists.page(tx, workspace_id=1, limit=10, offset=0)
    return [each.name for each in found.lists]


def hidden(text: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in _HIDDEN.findall(text)}


async def test_what_was_typed_is_kept_through_signing_in(visit: Visit, context: Context) -> None:
    owner = await ended(visit, context)
    kept = await owner.post("/lists", name=NAME, country="US")
    assert kept.status_code == 401
    assert await names(context) == []
    brought = hidden(kept.text)
    assert (brought["kept.name"], brought["kept_path"]) == (NAME, "/lists")
    login = {**brought, "email": "owner1@example.com"}
    del login["form_token"]
    wrong = await owner.post("/sign-in", **login, password="wrong " * 4)
    assert hidden(wrong.text)["kept.name"] == NAME
    again = await owner.post("/sign-in", **login, password=PASSWORD)
    assert again.status_code == 200
    assert "Spring &#34;&lt;b&gt;&amp;" in again.text
    assert await names(context) == []
    owner.token = hidden(again.text)["form_token"]
    form = {name: value for name, value in hidden(again.text).items() if name != "form_token"}
    assert (await owner.post("/lists", **form)).status_code == 303
    assert await names(context) == [NAME]


async def test_a_form_is_only_kept_for_whom_it_was_made(visit: Visit, context: Context) -> None:
    owner = await ended(visit, context)
    refused = await owner.client.post(
        "/lists", data={"form_token": "A" * 43, "name": NAME}, headers={"origin": BASE}
    )
    assert refused.status_code == 403
    foreign = await owner.client.post(
        "/lists", data={"form_token": owner.token}, headers={"origin": "https://evil.example"}
    )
    assert foreign.status_code == 403
    password = await owner.post("/account/password", old=PASSWORD, new=PASSWORD)
    assert password.status_code == 303
    large = await owner.post("/lists", name="x" * 200_000)
    assert large.status_code == 303
    file = await owner.post("/lists", files={"file": ("a.csv", b"x", "text/csv")})
    assert file.status_code == 303


async def test_a_kept_form_leads_nowhere_else(visit: Visit, context: Context) -> None:
    owner = await ended(visit, context)
    await owner.get("/sign-in")
    login = {"email": "owner1@example.com", "password": PASSWORD}
    again = await owner.post("/sign-in", **login, kept_path="https://evil.example/take")
    assert again.status_code == 200
    assert "evil.example" not in again.text
