"""Pause and take it back, and the same of many campaigns at once: told in one answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape

import httpx
import pytest

from campana.domain.campaign import CampaignState
from campana.domain.role import Role
from campana.services import auditing, campaigns, control
from campana.services.context import Context
from campana.store import campaign_actions
from campana.web.console import campaign_batches
from tests.support.campaign import Scene
from tests.web.console.conftest import EVIL, Browser, Visit, fields_of
from tests.web.rows import add_campaign

NARROWED = "/campaigns?q=spring&sort=name"


async def state_of(context: Context, workspace_id: int, campaign_id: str) -> str:
    found = await campaigns.get(context, workspace_id=workspace_id, campaign_id=campaign_id)
    return found.state


async def told(browser: Browser, answer: httpx.Response) -> httpx.Response:
    """The page that a form leads to."""
    assert answer.status_code == 303, answer.text
    return await browser.get(answer.headers["location"])


def note_of(page: httpx.Response) -> str:
    """What it says was done, without its markup."""
    found = page.text.split('role="status">')[1].split("</div>")[0]
    return unescape(re.sub(r"\s*<[^>]+>\s*", " ", found)).strip()


@pytest.mark.parametrize("place", ["list", "page"])
async def test_a_pause_is_taken_back_from_the_page_it_was_made_on(
    place: str, owner: Browser, scene: Scene
) -> None:
    path = f"/campaigns/{scene.campaign_id}"
    shown = await owner.get("/campaigns?q=e&sort=name" if place == "list" else path)
    fields = fields_of(shown, f"{path}/pause")
    page = await told(owner, await owner.post(f"{path}/pause", **fields))
    assert str(page.url.raw_path, "ascii") == str(shown.url.raw_path, "ascii")
    assert "Paused: nobody is contacted anew." in page.text
    assert "Undo" not in (await owner.get(path)).text, "it is told once"
    undo = fields_of(page, "/campaigns/undo")
    back = await told(owner, await owner.post("/campaigns/undo", **undo))
    assert note_of(back) == "Taken back: 1 campaign goes on."
    assert back.url.path == page.url.path
    assert await state_of(scene.web, scene.workspace_id, scene.campaign_id) == "running"
    # Pressed twice, it does nothing more, and says so.
    again = await told(owner, await owner.post("/campaigns/undo", **undo))
    assert "Not taken back" in note_of(again)
    assert "Running; last resume, owner" in note_of(again)
    assert await state_of(scene.web, scene.workspace_id, scene.campaign_id) == "running"


async def test_what_somebody_else_did_since_is_not_undone(owner: Browser, scene: Scene) -> None:
    path = f"/campaigns/{scene.campaign_id}"
    await owner.post(f"{path}/pause")
    await owner.post(f"{path}/resume")
    page = await owner.get(path)
    where = {"workspace_id": scene.workspace_id, "campaign_id": scene.campaign_id}
    await campaigns.change(scene.web, **where, patch={"description": "Changed"}, version=None)
    undo = fields_of(page, "/campaigns/undo")
    answer = await told(owner, await owner.post("/campaigns/undo", **undo))
    assert "Not taken back, as something else has happened since:" in note_of(answer)
    assert "running" in note_of(answer).lower()
    assert await state_of(scene.web, scene.workspace_id, scene.campaign_id) == "running"
    assert "Refused: campaign.undo" in (await owner.get("/audit")).text


async def test_many_are_paused_told_and_taken_back_in_one_answer(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    states = (
        CampaignState.RUNNING, CampaignState.RUNNING, CampaignState.PAUSED,
        CampaignState.COMPLETED, CampaignState.TRIPPED,
    )  # fmt: skip
    ids = [
        (
            await add_campaign(
                context, workspace_id=workspace_id, name=f"Spring {EVIL} {n}", state=state
            )
        ).id
        for n, state in enumerate(states)
    ]
    listed = await owner.get(NARROWED)
    assert listed.text.count('form="batch" name="campaign"') == len(ids)
    fields = fields_of(listed, "/campaigns/batch")
    chosen = [*ids, "camp_none", ids[0]]
    answer = await owner.post("/campaigns/batch", **fields, campaign=chosen, then="pause")
    page = await told(owner, answer)
    assert note_of(page).startswith(
        "3 campaigns paused: nobody is contacted anew. 1 was paused already."
        " 2 are left as they are:"
    )
    assert f"Spring {EVIL} 3: Completed" in note_of(page)
    assert "camp_none: there is no such campaign" in note_of(page)
    assert EVIL not in page.text
    assert 'value="spring"' in page.text, "the list stays as it was narrowed"
    log = await auditing.page(context, workspace_id=workspace_id)
    asked = [each.subject for each in log if each.action == "campaign.pause"]
    assert sorted(set(asked)) == sorted([*ids, "camp_none"])
    assert [
        each.subject for each in log if each.action == "campaign.pause" and each.result == "refused"
    ] == ["camp_none", ids[3]]
    # A breaker's stop is not made anew: only the two that ran go on.
    undone = re.findall(r'name="undo" value="([^"]+)"', page.text)
    assert [each.rpartition(":")[0] for each in undone] == ids[:2]
    back = await told(owner, await owner.post("/campaigns/undo", undo=undone, **{"from": "list"}))
    assert note_of(back) == "Taken back: 2 campaigns go on."
    now = [await state_of(context, workspace_id, each) for each in ids]
    assert now == ["running", "running", "paused", "completed", "paused"]
    async with context.db.read(workspace_id=workspace_id) as tx:
        acts = await campaign_actions.of_campaign(tx, campaign_id=ids[0])
    assert [(each.action, each.actor) for each in acts] == [
        ("resume", f"owner{workspace_id}@example.com"),
        ("pause", f"owner{workspace_id}@example.com"),
    ]


async def test_the_same_asked_again_changes_nothing_and_says_so(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    ids = [(await add_campaign(context, workspace_id=workspace_id)).id for _ in range(2)]
    for said in ("2 campaigns paused: nobody is contacted anew.", "2 were paused already."):
        await owner.get("/campaigns")
        page = await told(owner, await owner.post("/campaigns/batch", campaign=ids, then="pause"))
        assert note_of(page) == said
    assert 'action="/campaigns/undo"' not in page.text
    page = await told(owner, await owner.post("/campaigns/batch", campaign=ids, then="resume"))
    assert note_of(page) == "2 campaigns go on."


async def test_many_are_cancelled_once_the_word_is_typed(
    owner: Browser, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await add_campaign(scene.web, workspace_id=scene.workspace_id, name="Spring")
    over = await add_campaign(
        scene.web, workspace_id=scene.workspace_id, name="Over", state=CampaignState.COMPLETED
    )
    ids = [scene.campaign_id, other.id, over.id]

    async def states() -> Sequence[str]:
        return [await state_of(scene.web, scene.workspace_id, each) for each in ids]

    await owner.get("/campaigns")
    asked = await owner.post("/campaigns/batch", campaign=ids, then="cancel")
    assert asked.status_code == 200
    assert "Cancel 2 campaigns" in asked.text
    assert "has ended already" in asked.text
    assert 'name="typed"' not in asked.text, "one person waits"
    monkeypatch.setattr(campaign_batches, "TYPED_ABOVE", 0)
    asked = await owner.post("/campaigns/batch", campaign=ids, then="cancel")
    assert "type <strong>cancel 2</strong>" in asked.text
    sure = {"campaign": ids, "then": "cancel", "sure": "yes"}
    refused = await owner.post("/campaigns/batch", **sure, typed="cancel 3")
    assert refused.status_code == 400
    assert "Is not the name of this campaign" not in refused.text
    assert "aria-invalid" in refused.text
    assert await states() == ["running", "running", "completed"]
    page = await told(owner, await owner.post("/campaigns/batch", **sure, typed="cancel 2"))
    assert "2 campaigns cancelled" in note_of(page)
    assert "Over: Completed" in note_of(page)
    assert 'action="/campaigns/undo"' not in page.text
    assert await states() == ["cancelled", "cancelled", "completed"]


async def test_only_whoever_runs_campaigns_chooses_them(
    visit: Visit, owner: Browser, context: Context, workspace_id: int
) -> None:
    campaign = await add_campaign(context, workspace_id=workspace_id)
    analyst = await visit(Role.ANALYST)
    assert 'name="campaign"' not in (await analyst.get("/campaigns")).text
    for path, fields in (
        ("/campaigns/batch", {"campaign": campaign.id, "then": "pause"}),
        ("/campaigns/undo", {"undo": f"{campaign.id}:1"}),
    ):
        assert (await analyst.post(path, **fields)).status_code == 403
    assert await state_of(context, workspace_id, campaign.id) == "running"
    await owner.get("/campaigns")
    for fields in ({"then": "launch", "campaign": campaign.id}, {"campaign": campaign.id}):
        assert (await owner.post("/campaigns/batch", **fields)).status_code == 400
    assert (await owner.post("/campaigns/undo", undo="camp_1")).status_code == 400
    none = await told(owner, await owner.post("/campaigns/batch", then="pause"))
    assert note_of(none) == "Choose at least one campaign first."
    most = [f"camp_{n}" for n in range(51)]
    assert (await owner.post("/campaigns/batch", then="pause", campaign=most)).status_code == 400


async def test_every_box_is_ticked_where_no_script_does_it(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    for _ in range(2):
        await add_campaign(context, workspace_id=workspace_id)
    page = await owner.get("/campaigns?choose=page")
    assert len(re.findall(r'name="campaign"[^>]* checked>', page.text)) == 2
    assert 'href="/campaigns?choose=page"' in (await owner.get("/campaigns")).text


async def test_many_stop_as_fast_as_one(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """All are committed before the first is waited for."""
    other = await add_campaign(scene.web, workspace_id=scene.workspace_id)
    seen: list[list[str]] = []

    async def look(context: Context, *, workspace_id: int, **_: str) -> None:
        seen.append(
            [await state_of(context, workspace_id, each) for each in (scene.campaign_id, other.id)]
        )

    monkeypatch.setattr("campana.services.standstill.of_campaign", look)
    await campaign_batches.campaign_batches.act(
        scene.web,
        workspace_id=scene.workspace_id,
        campaign_ids=[scene.campaign_id, other.id],
        action=control.Action.PAUSE,
        actor="ana",
    )
    assert seen == [["paused", "paused"]] * 2


async def test_an_ended_campaign_is_archived_and_brought_back_on_its_page(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    over = await add_campaign(
        context, workspace_id=workspace_id, name="Over", state=CampaignState.COMPLETED
    )
    path = f"/campaigns/{over.id}"

    async def lists() -> list[bool]:
        pages = [await owner.get(each) for each in ("/campaigns", "/campaigns?status=Archived")]
        return [f'href="{path}"' in each.text for each in pages]

    assert f"{path}/unarchive" not in (await owner.get(path)).text
    page = await told(owner, await owner.post(f"{path}/archive"))
    assert (page.url.path, note_of(page)) == (
        path,
        "Archived: it is out of the list of campaigns.",
    )
    assert await lists() == [False, True]
    undo = fields_of(page, "/campaigns/undo")
    back = await told(owner, await owner.post("/campaigns/undo", **undo))
    assert note_of(back) == "Taken back: 1 campaign is in the list."
    assert await lists() == [True, False]
    # An undo that was pressed twice archives nothing.
    again = await told(owner, await owner.post("/campaigns/undo", **undo))
    assert "Not taken back" in note_of(again)
    await owner.post(f"{path}/archive")
    await owner.get(path)
    page = await told(owner, await owner.post(f"{path}/unarchive"))
    assert note_of(page).startswith("It is back in the list of campaigns.")
    assert f'action="{path}/archive"' in page.text
    assert await lists() == [True, False]
    log = (await owner.get("/audit")).text
    assert "campaign.archive" in log
    assert "campaign.unarchive" in log
    running = await add_campaign(context, workspace_id=workspace_id, name="Spring")
    refused = await owner.post(f"/campaigns/{running.id}/archive")
    assert refused.status_code == 409
    assert "that is running cannot be archived: cancel it first" in refused.text
    assert "/archive" not in (await owner.get(f"/campaigns/{running.id}")).text


async def test_many_are_archived_and_taken_back_and_brought_back(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    states = (CampaignState.COMPLETED, CampaignState.CANCELLED, CampaignState.RUNNING)
    ids = [
        (await add_campaign(context, workspace_id=workspace_id, name=f"Spring {n}", state=each)).id
        for n, each in enumerate(states)
    ]

    async def archived() -> list[bool]:
        found = [
            await campaigns.get(context, workspace_id=workspace_id, campaign_id=each)
            for each in ids
        ]
        return [each.archived for each in found]

    async def asked(**fields: object) -> tuple[httpx.Response, str]:
        page = await told(owner, await owner.post("/campaigns/batch", campaign=ids, **fields))
        return page, note_of(page)

    assert 'value="unarchive"' not in (await owner.get("/campaigns")).text
    page, said = await asked(then="archive")
    assert said.startswith("2 campaigns archived. 1 is left as it is:  Spring 2: Running")
    assert await archived() == [True, True, False]
    undone = re.findall(r'name="undo" value="([^"]+)"', page.text)
    back = await told(owner, await owner.post("/campaigns/undo", undo=undone, **{"from": "list"}))
    assert note_of(back) == "Taken back: 2 campaigns are in the list."
    assert await archived() == [False, False, False]
    await asked(then="archive")
    _, said = await asked(then="archive")
    assert said.startswith("2 were archived already. 1 is left as it is:")
    shelf = await owner.get("/campaigns?status=Archived")
    assert 'value="unarchive"' in shelf.text
    assert 'value="pause"' not in shelf.text
    page, said = await asked(then="unarchive")
    assert said.startswith("2 campaigns are back in the list. 1 was in the list already.")
    undone = re.findall(r'name="undo" value="([^"]+)"', page.text)
    back = await told(owner, await owner.post("/campaigns/undo", undo=undone, **{"from": "list"}))
    assert note_of(back) == "Taken back: 2 campaigns are archived."
    assert await archived() == [True, True, False]
