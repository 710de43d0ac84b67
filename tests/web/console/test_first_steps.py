"""Whoever comes in first is told what is left to do; whoever is lost is led back."""

from __future__ import annotations

import re

import pytest

from campana.domain.campaign import CampaignState
from campana.domain.role import Role
from campana.services import accounts, campaigns
from campana.services.context import Context
from tests.support.campaign import ANA, add_channel, add_list, person
from tests.web.console.conftest import Browser, Visit, fields_of
from tests.web.rows import add_campaign


def steps(page: str) -> dict[str, str | None]:
    """Those that are not done, with where each leads."""
    found = page[page.index('class="first-steps"') : page.index("</ol>")]
    return {
        re.sub(r"<[^>]+>", "", each): (re.findall(r'href="([^"]+)"', each) or [None])[0]
        for item in found.split("<li")[1:]
        if 'class="is-done"' not in item
        for each in re.findall(r"<strong>(.*?)</strong>", item)
    }


async def test_each_step_is_told_until_it_is_done(
    owner: Browser, context: Context, engine_context: Context, workspace_id: int
) -> None:
    await accounts.allow_countries(
        engine_context, workspace_id=workspace_id, countries=[], default="US"
    )
    assert steps((await owner.get("/")).text) == {
        "Say which countries may be called": "/settings",
        "Make a channel": "/channels/new",
        "Bring people in": "/lists",
        "Make a campaign": "/campaigns/new",
        "Review and launch": "/campaigns",
    }
    await accounts.allow_countries(
        engine_context, workspace_id=workspace_id, countries=["US"], default="US"
    )
    await add_channel(context, workspace_id=workspace_id)
    await add_list(context, workspace_id=workspace_id, people=[person(ANA)])
    draft = await campaigns.create(
        context,
        workspace_id=workspace_id,
        raw={"name": "Spring", "type": "VoiceBot", "channelType": "Voice"},
    )
    review = f"/campaigns/{draft.id}/review"
    assert steps((await owner.get("/")).text) == {"Review and launch": review}
    await add_campaign(context, workspace_id=workspace_id, state=CampaignState.COMPLETED)
    assert "first-steps" not in (await owner.get("/")).text


async def test_what_a_role_may_not_do_is_no_link(visit: Visit) -> None:
    analyst = await visit(Role.ANALYST)
    assert set(steps((await analyst.get("/")).text).values()) == {None}


@pytest.mark.usefixtures("scene")
async def test_a_page_behind_the_last_leads_back_to_it(owner: Browser) -> None:
    """What was on it was deleted meanwhile: that is no empty workspace."""
    for path, query in (("/lists", ""), ("/campaigns", "q=call&")):
        beyond = await owner.get(f"{path}?{query}page=9")
        assert beyond.status_code == 303
        assert beyond.headers["location"].endswith("page=1")


@pytest.mark.usefixtures("scene")
async def test_a_missing_file_is_told_beside_its_field(owner: Browser) -> None:
    found = await owner.get("/lists")
    [path] = re.findall(r'href="(/lists/list_\w+)"', found.text)
    bring = f"{path}/imports"
    wrong = await owner.post(bring, **fields_of(await owner.get(path), bring))
    assert wrong.status_code == 400
    assert 'id="p-file">Choose a file, or paste the rows' in wrong.text
