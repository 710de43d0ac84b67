"""A campaign made page by page: kept at every page, refused at its field, never lost to another."""

from __future__ import annotations

from typing import Any

import pytest

from campana.domain.campaign import CampaignState
from campana.domain.role import Role
from campana.services import campaigns
from campana.services.context import Context
from campana.web.console.draft_content import EXAMPLE_CALL, EXAMPLE_MESSAGE
from campana.web.console.draft_timing import TIMING
from campana.web.console.drafts import patch_of
from tests.support.campaign import ANA, Scene, add_channel, add_list, person
from tests.web.console.conftest import EVIL, Browser, Visit, fields_of, save
from tests.web.rows import add_campaign


@pytest.fixture
async def path(owner: Browser) -> str:
    """The pages of a new draft."""
    made = await save(owner, "/campaigns/new", name=f"Spring {EVIL}", channel_type="Voice")
    return made.headers["location"].removesuffix("/people")


async def document(context: Context, workspace_id: int, path: str) -> dict[str, Any]:
    found = await campaigns.get(context, workspace_id=workspace_id, campaign_id=path.split("/")[2])
    return dict(found.document)


async def test_a_campaign_is_made_page_by_page_and_launched(
    owner: Browser, context: Context, engine_context: Context, workspace_id: int, path: str
) -> None:
    from campana.services import accounts

    await accounts.allow_countries(
        engine_context, workspace_id=workspace_id, countries=["US"], default="US"
    )
    list_id = await add_list(
        context, workspace_id=workspace_id, people=[person(ANA)], name=f"Friends {EVIL}"
    )
    channel = await add_channel(context, workspace_id=workspace_id, name=f"Line {EVIL}")
    shown = await owner.get(f"{path}/people")
    assert EVIL not in shown.text
    assert "Friends &lt;script&gt;" in shown.text
    after = await save(owner, f"{path}/people", contact_list=list_id)
    assert after.headers["location"] == f"{path}/channel"
    assert EVIL not in (await owner.get(f"{path}/channel")).text
    after = await save(owner, f"{path}/channel", channel=channel.id, caller_id="+12025550100")
    assert after.headers["location"] == f"{path}/content"
    after = await save(owner, f"{path}/content")  # the example that stands there works
    assert after.headers["location"] == f"{path}/timing"
    after = await save(
        owner, f"{path}/timing", always="on", rate="2.5", busy="2", busy_after="5 min",
        more="priority: high\ncadence: {noAnswer: {attempts: 4, delaySeconds: 3600}}",
    )  # fmt: skip
    assert after.headers["location"] == f"{path.removesuffix('/edit')}/review"
    review = await owner.get(after.headers["location"])
    assert "Launch to 1 person" in review.text
    assert await document(context, workspace_id, path) == {
        "name": f"Spring {EVIL}",
        "type": "VoiceBot",
        "channelType": "Voice",
        "contactList": list_id,
        "channel": channel.id,
        "callerId": "+12025550100",
        "voiceBot": (await document(context, workspace_id, path))["voiceBot"],
        "window": {"always": True},
        "pacing": {"rate": 2.5},
        "cadence": {
            "busy": {"attempts": 2, "delaySeconds": 300},
            "noAnswer": {"attempts": 4, "delaySeconds": 3600},
        },
        "priority": "high",
    }
    old = fields_of(await owner.get(f"{path}/basics"))
    launched = await owner.post(path.replace("/edit", "/launch"))
    assert launched.status_code == 303
    assert (await owner.get(f"{path}/people")).status_code == 409
    late = await owner.post(f"{path}/basics", **{**old, "channel_type": "SMS", "name": "Late"})
    assert late.status_code == 409
    assert 'value="Late"' in late.text


async def test_the_hours_and_the_pace_of_a_running_campaign_are_changed(
    owner: Browser, scene: Scene, context: Context, workspace_id: int
) -> None:
    page = f"/campaigns/{scene.campaign_id}"
    path = f"{page}/edit"
    assert f'href="{path}/timing"' in (await owner.get(page)).text
    shown = await owner.get(f"{path}/timing")
    assert "what you save holds at once" in shown.text
    assert "Review and launch" not in shown.text
    wrong = await save(owner, f"{path}/timing", rate="-1")
    assert wrong.status_code == 400
    assert 'id="p-rate"' in wrong.text
    after = await save(owner, f"{path}/timing", rate="0.5", lines="1")
    assert after.headers["location"] == page
    assert (await document(context, workspace_id, path))["pacing"] == {"rate": 0.5, "lines": 1}
    refused = await save(owner, f"{path}/timing", more="canary: {percent: 2}")
    assert refused.status_code == 409
    assert "cannot change once the campaign was launched" in refused.text


async def test_a_page_of_a_draft_changes_nothing_of_what_was_launched_meanwhile(
    owner: Browser, scene: Scene, context: Context, workspace_id: int
) -> None:
    path = f"/campaigns/{scene.campaign_id}/edit"
    before = await document(context, workspace_id, path)
    of_a_draft = fields_of(await owner.get(f"{path}/timing"))
    del of_a_draft["launched"]
    late = await owner.post(f"{path}/timing", **{**of_a_draft, "rate": "0.5"})
    assert late.status_code == 409
    assert await document(context, workspace_id, path) == before
    kept = fields_of(late)
    assert kept["rate"] == "0.5"
    named = await owner.post(f"{path}/basics", **{**kept, "name": "Late", "type": "VoiceBot"})
    assert named.status_code == 409
    assert await document(context, workspace_id, path) == before
    assert (await owner.post(f"{path}/timing", **kept)).status_code == 303
    assert (await document(context, workspace_id, path))["pacing"] == {"rate": 0.5}


async def test_a_page_that_is_wrong_says_all_at_its_fields_and_keeps_what_was_typed(
    owner: Browser, path: str
) -> None:
    before = fields_of(await owner.get(f"{path}/timing"))
    typed = {
        "start": "soon", "end": "2026-01-01", "mon": "9 to 5", "tue": "14:00-13:00", "rate": "fast",
        "busy_after": "a while", "holidays": "XX", "max_attempts": "50",
        "more": "breakers: {maxFailureRate: 7}\nfoo: 1\nname: x",
    }  # fmt: skip
    wrong = await owner.post(f"{path}/timing", **{**before, **typed})
    assert wrong.status_code == 400
    kept = fields_of(wrong)
    assert {name: kept[name] for name in typed} == typed
    for name in typed:
        if name not in {"end", "tue", "holidays"}:  # told as soon as what is above can be read
            assert f'id="p-{name}"' in wrong.text, name
    assert "Name has a field of its own" in wrong.text
    assert fields_of(await owner.get(f"{path}/timing")) == before
    fewer = {**typed, "start": "2026-02-01", "mon": "", "rate": "1", "busy_after": "", "more": "",
             "max_attempts": "3"}  # fmt: skip
    wrong = await owner.post(f"{path}/timing", **{**before, **fewer})
    for name in ("end", "tue", "holidays"):
        assert f'id="p-{name}"' in wrong.text, name


async def test_a_bot_is_told_what_is_wrong_by_line_and_kept_as_far_as_it_can_be(
    owner: Browser, context: Context, workspace_id: int, path: str
) -> None:
    unreadable = await save(owner, f"{path}/content", bot="greeting: [")
    assert "line 1" in unreadable.text.lower()
    twice = "greeting: Hi\nsteps:\n  - {id: a, type: ask}\n  - {id: b, type: leap}\nfoo: 1"
    wrong = await save(owner, f"{path}/content", bot=twice)
    assert wrong.status_code == 400
    assert "Line 3, steps.0.text: is required" in wrong.text
    assert (
        "line 4, steps.1.type: must be one of say, ask, branch, transfer, tool, end, survey"
        in wrong.text
    )
    assert "line 5, foo: is not a known field" in wrong.text
    assert fields_of(wrong)["bot"] == twice
    stuck = "greeting: Hi\nsteps:\n  - {id: a, type: say, text: Hello., next: nowhere}"
    kept = await save(owner, f"{path}/content", bot=stuck)
    assert kept.headers["location"].startswith(f"{path}/content?mend=1")
    told = await owner.get(kept.headers["location"])
    assert "nowhere" in told.text.split('id="p-bot"')[1].split("</div>")[0]
    assert (await document(context, workspace_id, path))["voiceBot"]["greeting"] == "Hi"
    bomb = "a: &a [x, x]\nb: [*a, *a]"
    assert "write it out" in (await save(owner, f"{path}/content", bot=bomb)).text


async def test_two_people_at_one_page_lose_nothing(
    owner: Browser, visit: Visit, context: Context, workspace_id: int, path: str
) -> None:
    other = await visit(Role.OPERATOR)
    mine = fields_of(await owner.get(f"{path}/basics"))
    theirs = fields_of(await other.get(f"{path}/basics"))
    await other.post(f"{path}/basics", **{**theirs, "name": "Theirs", "description": "By them"})
    told = await owner.post(f"{path}/basics", **{**mine, "name": f"Mine {EVIL}"})
    assert told.status_code == 412
    assert "Somebody else changed this page" in told.text
    assert ">Theirs</code>" in told.text
    assert EVIL not in told.text
    again = fields_of(told)
    assert (again["name"], again["description"]) == (f"Mine {EVIL}", "By them")
    assert (await document(context, workspace_id, path))["name"] == "Theirs"
    assert (await owner.post(f"{path}/basics", **again)).status_code == 303
    found = await document(context, workspace_id, path)
    assert (found["name"], found["description"]) == (f"Mine {EVIL}", "By them")


async def test_two_people_at_two_pages_are_both_kept(
    owner: Browser, context: Context, workspace_id: int, path: str
) -> None:
    one = fields_of(await owner.get(f"{path}/timing"))
    await save(owner, f"{path}/basics", name="Changed meanwhile")
    stored = await owner.post(f"{path}/timing", **{**one, "rate": "3"})
    assert stored.status_code == 303
    review = await owner.get(stored.headers["location"])
    assert "Somebody else changed other pages of this draft" in review.text
    found = await document(context, workspace_id, path)
    assert (found["name"], found["pacing"]) == ("Changed meanwhile", {"rate": 3})
    blind = await owner.post(f"{path}/basics", name="Blind", version="1")
    assert blind.status_code == 412


async def test_a_draft_is_left_taken_up_and_changed_by_the_same_pages(
    owner: Browser, context: Context, workspace_id: int, path: str
) -> None:
    campaign = path.removesuffix("/edit")
    left = await save(owner, f"{path}/timing", go="leave", lines="7", mon="", sun="10:00-12:00")
    assert left.headers["location"] == campaign
    kept = (await owner.get(campaign)).text
    assert "The draft is kept." in kept
    assert f"{path}/basics" in kept
    fields = fields_of(await owner.get(f"{path}/timing"))
    assert (fields["lines"], fields["mon"], fields["sun"]) == ("7", "", "10:00-12:00")
    assert (await save(owner, f"{path}/timing", lines="", go="people")).headers[
        "location"
    ] == f"{path}/people"
    found = await document(context, workspace_id, path)
    assert "pacing" not in found
    assert "mon" not in found["window"]
    assert (await save(owner, f"{path}/basics", name=" ")).status_code == 400
    review = await owner.get(f"{campaign}/review")
    assert f"{path}/content?mend=1" in review.text
    mend = await owner.get(f"{path}/people?mend=1")
    assert "Whom to contact is not chosen" in mend.text


async def test_a_copy_is_a_draft_of_its_own(owner: Browser, scene: Scene) -> None:
    await owner.get(f"/campaigns/{scene.campaign_id}")
    copied = await owner.post(f"/campaigns/{scene.campaign_id}/copy")
    path = copied.headers["location"].split("?")[0]
    assert scene.campaign_id not in path
    assert fields_of(await owner.get(path))["name"].startswith("Copy of ")
    made = await campaigns.get(
        scene.web, workspace_id=scene.workspace_id, campaign_id=path.split("/")[2]
    )
    first = await campaigns.get(
        scene.web, workspace_id=scene.workspace_id, campaign_id=scene.campaign_id
    )
    assert made.state is CampaignState.DRAFT
    assert {**made.document, "name": ""} == {**first.document, "name": ""}


async def test_a_draft_that_says_too_little_is_reviewed_with_a_sentence(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    draft = await add_campaign(
        context, workspace_id=workspace_id, state=CampaignState.DRAFT, document={}
    )
    shown = await owner.get(f"/campaigns/{draft.id}/review")
    assert shown.status_code == 400
    assert "Is required" in shown.text
    assert f"/campaigns/{draft.id}/edit/basics?mend=1" in shown.text
    launched = await owner.post(f"/campaigns/{draft.id}/launch")
    assert launched.status_code == 400
    stored = await save(owner, f"/campaigns/{draft.id}/edit/basics?mend=1", name="Now it has one")
    assert stored.status_code == 303


async def test_only_who_writes_campaigns_comes_here(visit: Visit, path: str) -> None:
    analyst = await visit(Role.ANALYST)
    assert (await analyst.get("/campaigns/new")).status_code == 403
    assert (await analyst.post(f"{path}/basics", name="x")).status_code == 403
    assert "New campaign" not in (await analyst.get("/campaigns")).text


@pytest.mark.parametrize(
    "part",
    [
        {"cadence": {"maxAttempts": 3, "busy": {"attempts": 2, "then": "finish"}}},
        {"pacing": {"rate": 0.5, "rampUpSeconds": 0}, "caps": [{"attempts": 1, "hours": 24}]},
        {"breakers": {"maxFailureRate": None}},
        {"window": {"mon": [{"from": "08:00", "to": "24:00"}]}},
        {"startDate": "2026-12-01", "endDate": "2026-12-31T10:00:00-05:00", "spendLimit": 12.5},
        {"weight": 3, "runIfWithin": 7200, "canary": {"percent": 2.5}},
    ],
)  # fmt: skip
def test_what_is_shown_reads_back_as_it_was(part: dict[str, Any]) -> None:
    again = TIMING.read(TIMING.show(part), part)
    assert again.problems == {}
    assert patch_of(part, again.values) == {}


@pytest.mark.parametrize("text", [EXAMPLE_CALL, EXAMPLE_MESSAGE])
async def test_an_example_is_a_bot(context: Context, workspace_id: int, text: str) -> None:
    from campana.web.console import written

    raw = {"name": "x", "type": "VoiceBot", "channelType": "Voice", "voiceBot": written.read(text)}
    await campaigns.check(context, workspace_id=workspace_id, raw=raw)
    assert written.read(written.shown(raw)) == raw
