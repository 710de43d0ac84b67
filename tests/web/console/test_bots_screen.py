"""Bots: kept as typed, every error at its line, published, compared, and named by a campaign."""

from __future__ import annotations

import re
from html import unescape

import pytest

from campana.domain.role import Role
from campana.services import campaign_bots, campaigns
from campana.services.context import Context
from campana.web.bot_examples import TEXT
from campana.web.console.differences import difference
from tests.web.console.conftest import EVIL, Browser, Visit, fields_of, save


def typed(page: str) -> str:
    """What stands in the editor."""
    [found] = re.findall(r'name="text"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL)
    return unescape(found)


async def made(owner: Browser, name: str = "Reminder") -> str:
    await owner.get("/bots")
    return (await owner.post("/bots", name=name)).headers["location"]


async def published(owner: Browser, *texts: str) -> str:
    path = await made(owner)
    for text in texts:
        sent = await owner.post(path, text=text, then="publish")
        assert sent.status_code == 303, sent.text
    return path


async def test_a_bot_is_written_checked_published_and_compared(owner: Browser) -> None:
    assert "No bot yet" in (await owner.get("/bots")).text
    assert (await owner.post("/bots", name=" ")).status_code == 400
    path = await made(owner, "Yes")
    assert (await owner.post("/bots", name="Yes")).status_code == 409
    assert typed((await owner.get(path)).text).startswith("name: 'Yes'\ngreeting: Hello {{ contact")
    bad = f"# {EVIL}\n{TEXT}".replace("type: end", "type: ends").replace("greeting", "greting")
    told = (await owner.post(f"{path}/check", text=bad)).text
    assert EVIL not in told
    assert re.findall(r"<li>Line (\d) <code>(.*?)</code>", told) == [
        ("1", "/greeting"),
        ("4", "/greting"),
        ("6", "/steps/0/type"),
    ]
    assert typed(told) == bad
    refused = await owner.post(path, text=bad, then="publish")
    assert refused.status_code == 400
    assert "Line 6" in refused.text
    assert (await owner.post(path, text="a: [", then="save")).status_code == 400
    assert (await owner.post(path, text=bad, then="save")).status_code == 303
    assert typed((await owner.get(path)).text) == bad, "a draft may be wrong, and is as typed"
    assert (await owner.post(path, text=TEXT, then="publish")).status_code == 303
    second = TEXT.replace("# Said", f"# {EVIL} Said").replace("Tuesday", "Wednesday")
    late = await owner.post(path, text=second, then="publish", revision="1")
    assert late.status_code == 412
    assert typed(late.text) == second
    assert (await owner.post(path, text=second, then="publish")).status_code == 303
    assert (await owner.post(path, text=second, then="publish")).status_code == 303
    shown = (await owner.get(path)).text
    assert "Version 2 is published" in shown
    assert EVIL not in shown
    changed = (await owner.get(f"{path}/difference?from=1&to=2")).text
    assert "&lt;script&gt;" in changed
    assert EVIL not in changed
    assert changed.count("removed") == changed.count("added") == 2
    assert "they are the same" in (await owner.get(f"{path}/difference?from=2&to=draft")).text
    for wrong in ("difference?from=9", "difference?from=x", "?version=9"):
        assert (await owner.get(f"{path}/{wrong}".replace("/?", "?"))).status_code == 404
    assert typed((await owner.get(f"{path}?version=1")).text) == TEXT
    assert (await owner.post(f"{path}/delete")).status_code == 409


async def test_bots_are_found_by_name(owner: Browser) -> None:
    for name in ("Spring", "Autumn"):
        await made(owner, name)
    found = (await owner.get("/bots?q=SPR")).text
    assert "Spring" in found
    assert "Autumn" not in found
    assert "No bot has that" in (await owner.get("/bots?q=winter")).text
    spring = re.findall(r'href="(/bots/bot_[^"]*)"', found)[0]
    assert (await owner.post(f"{spring}/delete")).status_code == 303
    assert "Spring" not in (await owner.get("/bots")).text


async def test_an_analyst_may_check_and_not_write(owner: Browser, visit: Visit) -> None:
    path = await made(owner)
    browser = await visit(Role.ANALYST)
    shown = (await browser.get(path)).text
    assert "Save and publish" not in shown
    checked = await browser.post(f"{path}/check", text=typed(shown))
    assert "Nothing is wrong with it" in checked.text
    assert (await browser.post(path, then="save", text="name: x")).status_code == 403


@pytest.fixture
async def content(owner: Browser) -> str:
    """The page of a new draft that says what is said."""
    begun = await save(owner, "/campaigns/new", name="Spring", channel_type="Voice")
    return begun.headers["location"].replace("/people", "/content")


async def test_a_draft_takes_a_bot_that_is_kept_in_place_of_one_of_its_own(
    owner: Browser, context: Context, workspace_id: int, content: str
) -> None:
    async def pin() -> object:
        found = await campaigns.get(
            context, workspace_id=workspace_id, campaign_id=content.split("/")[2]
        )
        return campaign_bots.as_written(found.document).get("voiceBot")

    assert 'name="kept"' not in (await owner.get(content)).text
    second = TEXT.replace("Tuesday", "Wednesday")
    bot_id = (await published(owner, TEXT, second)).rpartition("/")[2]
    # With the example still below, which nobody wrote.
    assert (await save(owner, content, kept=bot_id)).status_code == 303
    assert await pin() == {"id": bot_id, "version": 2}
    shown = fields_of(await owner.get(content))
    assert (shown["kept"], shown["kept_version"], shown["bot"]) == (bot_id, "2", "")
    assert (await save(owner, content, kept_version="1")).status_code == 303
    assert await pin() == {"id": bot_id, "version": 1}
    wrong = await save(owner, content, kept_version="7")
    assert wrong.status_code == 400
    assert "no version 7" in wrong.text.split('id="p-kept_version"')[1].split("</div>")[0]
    own = "greeting: Hi\nsteps:\n  - {id: a, type: end}"
    both = await save(owner, content, bot=own)
    assert both.status_code == 400
    assert "empty it" in both.text.split('id="p-kept"')[1].split("</div>")[0]
    assert (await save(owner, content, kept="", kept_version="", bot=own)).status_code == 303
    assert await pin() == {"greeting": "Hi", "steps": [{"id": "a", "type": "end"}]}
    assert (await save(owner, content, kept=bot_id, bot="")).status_code == 303
    assert await pin() == {"id": bot_id, "version": 2}


def test_a_difference_shows_lines_that_look_like_its_own_head() -> None:
    found = difference("a\n--- b\n", "a\n+++ c\n")
    assert [(each.kind, each.text) for each in found if each.kind != "gap"] == [
        ("same", "a"),
        ("old", "--- b"),
        ("new", "+++ c"),
    ]


async def test_the_page_of_a_talk_alone_may_ask_for_a_microphone(
    owner: Browser, visit: Visit
) -> None:
    path = await published(owner, TEXT)
    shown = await owner.get(path)
    assert f'href="{path}/talk"' in shown.text
    assert "microphone=()" in shown.headers["permissions-policy"]
    for query in ("", "?version=1"):
        page = await owner.get(f"{path}/talk{query}")
        assert "microphone=(self)" in page.headers["permissions-policy"]
        assert f'data-line="{path}/talk/line{query}"' in page.text
        assert 'data-field="contact.first_name" value="Maria"' in page.text
    assert (await owner.get(f"{path}/talk?version=9")).status_code == 404
    await owner.post(path, text=TEXT.replace("type: end", "type: ends"), then="save")
    assert "As it stands it cannot talk." in (await owner.get(f"{path}/talk")).text
    analyst = await visit(Role.ANALYST)
    assert "/talk" not in (await analyst.get(path)).text
    assert (await analyst.get(f"{path}/talk")).status_code == 403
