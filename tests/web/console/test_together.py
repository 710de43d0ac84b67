"""Two people at one thing: the second is told what changed, keeps what was typed, may go on."""

from __future__ import annotations

import re
from html import unescape

import httpx
import pytest

from campana.domain.role import Role
from campana.services import flows as services_of_flows
from campana.services import people, reference_tables, templates, voicebots, webhooks
from campana.services.context import Context
from campana.web.console.together import marks, met
from tests.support.receiver import receiver
from tests.web.console.conftest import Browser, Visit, fields_of

SEEN = {"limit": "10", "zone": "UTC"}
ZONE = {"zone": "UTC"}
BOTH = ["limit", "zone"]


@pytest.mark.parametrize(
    ("typed", "now", "holds", "changed", "beside"),
    [
        ({"limit": "10", "zone": "UTC"}, {"limit": "10", "zone": "UTC"}, ["10", "UTC"], [], []),
        ({"limit": "10", "zone": "EST"}, {"limit": "20"} | ZONE, ["20", "EST"], [], ["limit"]),
        ({"limit": "", "zone": "UTC"}, {"limit": "20", "zone": "UTC"}, ["", "UTC"], ["limit"], []),
        ({"limit": "20", "zone": "UTC"}, {"limit": "20", "zone": "UTC"}, ["20", "UTC"], [], []),
        ({"limit": "9", "zone": "EST"}, {"limit": "", "zone": "CET"}, ["9", "EST"], BOTH, []),
        ({}, {"limit": "10", "zone": "UTC"}, ["", ""], [], []),
    ],
)  # fmt: skip
def test_what_holds_of_two(
    typed: dict[str, str],
    now: dict[str, str],
    holds: list[str],
    changed: list[str],
    beside: list[str],
) -> None:
    found = met(typed, now, seen=marks(SEEN))
    assert [found.values["limit"], found.values["zone"]] == holds
    assert [each.name for each in found.changed] == changed
    assert [each.name for each in found.beside] == beside


@pytest.mark.parametrize("seen", ["", "{", "[]", '{"limit": 7}'])
def test_whose_page_has_no_marks_changes_nothing_unseen(seen: str) -> None:
    found = met({"limit": "99"}, {"limit": "10"}, seen=seen)
    assert [(each.name, each.now) for each in found.changed] == [("limit", "10")]


async def test_a_webhook_is_not_pointed_back_to_where_it_was(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    async with receiver() as peer:
        made = await webhooks.create(
            context,
            workspace_id=workspace_id,
            raw={"url": peer.url, "eventTypes": ["campaign.launched"]},
        )
        path, asked = f"/developers/webhooks/{made.webhook.id}", {"workspace_id": workspace_id}
        page = fields_of(await owner.get(path), path)
        older = {**page, "event": ["campaign.launched"]}
        assert (await owner.post(path, **{**older, "url": f"{peer.url}?b"})).is_redirect
        assert (await owner.post(path, **{**older, "description": "Ours"})).is_redirect
        found = await webhooks.get(context, **asked, webhook_id=made.webhook.id)
        assert (found.url, found.description) == (f"{peer.url}?b", "Ours")
        assert f"Where to: {peer.url}?b" in (await owner.get(path)).text
        typed = {**older, "url": f"{peer.url}?c"}
        told = await owner.post(path, **typed)
        assert told.status_code == 412
        assert f'now says <code class="was">{peer.url}?b</code>' in told.text
        again = fields_of(told, path)
        assert again["url"] == f"{peer.url}?c"
        assert (await owner.post(path, **{**typed, "seen": again["seen"]})).is_redirect
        found = await webhooks.get(context, **asked, webhook_id=made.webhook.id)
        assert (found.url, found.event_types) == (f"{peer.url}?c", ["campaign.launched"])


async def test_a_role_that_somebody_else_changed_is_told(
    owner: Browser, visit: Visit, context: Context, workspace_id: int
) -> None:
    await visit(Role.OPERATOR)
    every = await people.every(context, workspace_id=workspace_id)
    person = next(each for each in every if each.role == Role.OPERATOR)
    path = f"/people/{person.id}/role"
    older = fields_of(await owner.get("/people"), path)
    assert (await owner.post(path, **{**older, "role": "analyst"})).is_redirect
    told = await owner.post(path, **{**older, "role": "developer"})
    assert told.status_code == 412
    assert "it is analyst now. You chose developer" in told.text
    again = fields_of(told, path)
    assert again["role"] == "developer"
    assert (await owner.post(path, **again)).is_redirect
    every = await people.every(context, workspace_id=workspace_id)
    assert next(each for each in every if each.id == person.id).role == "developer"


async def test_a_table_that_somebody_else_replaced_is_told(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    await owner.post("/flows/tables", name="offers", rows="plan,price\nbasic,10\n")
    path = "/flows/tables/offers"
    seen = fields_of(await owner.get(path), path)["seen"]
    theirs = {"seen": seen, "rows": "plan,price\nbasic,12\n"}
    assert (await owner.post(path, **theirs)).is_redirect
    mine = {"seen": seen, "rows": "plan,price\nbasic,11\n"}
    told = await owner.post(path, **mine)
    assert told.status_code == 412
    assert difference_on(told) == [
        ("old", "plan: basic, price: 12"),
        ("new", "plan: basic, price: 11"),
    ]
    again = fields_of(told, path)
    assert again["rows"].split() == ["plan,price", "basic,11"]
    assert (await owner.post(path, **{**mine, "seen": again["seen"]})).is_redirect
    row = await reference_tables.row(context, workspace_id=workspace_id, name="offers", key="basic")
    assert row["price"] == 11


async def test_a_bot_that_somebody_else_saved_is_shown_against_mine(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    path = (await owner.post("/bots", name="Reminder")).headers["location"]
    page = await owner.get(path)
    text, revision = text_of(page), revision_of(page)
    theirs, mine = (f"{text.rstrip()}\n# {who}\n" for who in ("Theirs", "Mine"))
    assert (await owner.post(path, text=theirs, revision=revision, then="save")).is_redirect
    told = await owner.post(path, text=mine, revision=revision, then="save")
    assert told.status_code == 412
    assert difference_on(told) == [("old", "# Theirs"), ("new", "# Mine")]
    assert text_of(told).rstrip() == mine.rstrip()
    again = await owner.post(path, text=mine, revision=revision_of(told), then="save")
    assert again.is_redirect
    bot_id = path.rpartition("/")[2]
    stored = await voicebots.get(context, workspace_id=workspace_id, bot_id=bot_id)
    assert "# Mine" in (stored.text or "")


async def test_a_flow_that_somebody_else_saved_is_shown_against_mine(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    path = (await owner.post("/flows", name="Greeting")).headers["location"]
    page = await owner.get(path)
    text, revision = text_of(page), revision_of(page)
    theirs, mine = (text.replace("Hello!", words) for words in ("Theirs", "Mine"))
    assert (await owner.post(path, text=theirs, revision=revision, then="save")).is_redirect
    for then in ("save", "publish"):
        told = await owner.post(path, text=mine, revision=revision, then=then)
        assert told.status_code == 412
        assert difference_on(told) == [("old", "text: Theirs"), ("new", "text: Mine")]
        assert text_of(told).rstrip() == mine.rstrip()
    again = await owner.post(path, text=mine, revision=revision_of(told), then="publish")
    assert again.is_redirect
    flow_id = path.rpartition("/")[2]
    stored = await services_of_flows.get(context, workspace_id=workspace_id, flow_id=flow_id)
    assert stored.draft["nodes"]["hello"]["text"] == "Mine"


async def test_a_template_that_somebody_else_saved_is_shown_against_mine(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    path = (await owner.post("/templates", name="Hello", channel="SMS")).headers["location"]
    older = fields_of(await owner.get(path), path)
    theirs = {**older, "content": 'text: "Theirs"\n', "name": "Hello all"}
    assert (await owner.post(path, **theirs, then="save")).is_redirect
    mine = {**older, "content": 'text: "Mine"\n'}
    told = await owner.post(path, **mine, then="save")
    assert told.status_code == 412
    assert difference_on(told) == [
        ("old", "name: Hello all"), ("old", "text: Theirs"),
        ("new", "name: Hello"), ("new", "text: Mine"),
    ]  # fmt: skip
    again = fields_of(told, path)
    assert again["content"].rstrip() == mine["content"].rstrip()
    assert (await owner.post(path, **again, then="save")).is_redirect
    found = await templates.get(
        context, workspace_id=workspace_id, template_id=path.rpartition("/")[2]
    )
    assert (found.name, found.draft["text"]) == ("Hello", "Mine")


def difference_on(page: httpx.Response) -> list[tuple[str, str]]:
    """The lines that differ, old and new, as the page shows them."""
    rows = re.findall(r'<tr class="d-(old|new)">.*?: </span>(.*?)</td></tr>', page.text)
    return [(kind, unescape(text).strip()) for kind, text in rows]


def text_of(page: httpx.Response) -> str:
    [found] = re.findall(
        r'<textarea[^>]*name="text"[^>]*>\n?(.*?)</textarea>', page.text, re.DOTALL
    )
    return unescape(found)


def revision_of(page: httpx.Response) -> str:
    [found] = re.findall(r'name="revision" value="(\d+)"', page.text)
    return found
