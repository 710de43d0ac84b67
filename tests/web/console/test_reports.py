"""The page of what attempts came to, and its file."""

from __future__ import annotations

import pytest

from campana.domain.disposition import Disposition
from campana.domain.role import Role
from campana.services import dispatch, outcomes
from campana.services.context import Context
from tests.support.campaign import ANA, Scene, launched, person
from tests.web.console.conftest import EVIL, Browser, Visit


@pytest.fixture
async def called(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    """A campaign with variants and a name full of markup, that has reached Ana."""
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA)],
        name=f"Spring {EVIL}",
        variants=[{"name": "early", "share": 50}, {"name": f"late {EVIL}", "share": 50}],
    )
    [claimed] = await scene.claim()
    assert await dispatch.begin_sending(
        engine_context, claimed=claimed, owner_id=1, from_number="+12025550100"
    )
    await outcomes.settle(
        engine_context,
        attempt_id=claimed.attempt_id,
        disposition=Disposition.COMPLETED,
        reason="as told",
    )
    return scene


async def test_a_report_shows_what_was_done_and_runs_no_name(visit: Visit, called: Scene) -> None:
    analyst = await visit(Role.ANALYST)
    for path in ("/reports", f"/reports?campaign={called.campaign_id}"):
        shown = await analyst.get(path)
        assert shown.status_code == 200
        assert EVIL not in shown.text
        assert "Completed" in shown.text
        assert "100.0 %" in shown.text
        assert "Spring &lt;script&gt;" in shown.text
    assert "late &lt;script&gt;" in shown.text, "variants are shown with a campaign"
    assert (
        f'href="/reports?campaign={called.campaign_id}"'
        in (await analyst.get(f"/campaigns/{called.campaign_id}")).text
    )


async def test_what_belongs_to_no_campaign_is_named_and_links_nowhere(
    owner: Browser, called: Scene
) -> None:
    async with called.engine.db.transaction() as tx:
        await tx.execute(
            "insert into attempts (id, workspace_id, channel_id, attempt_no, address, state,"
            " disposition, owner_id, created_at, ended_at)"
            " select gen_random_uuid(), workspace_id, channel_id, 1, '+12025550177', 'ended',"
            " 'completed', 0, created_at, ended_at from attempts"
        )
    shown = (await owner.get("/reports")).text
    assert "<td>Outside campaigns</td>" in shown
    assert "/campaigns/None" not in shown
    assert 'href="/campaigns/"' not in shown
    assert "campaign,,Outside campaigns,1,1,1.0," in (await owner.get("/reports.csv")).text


async def test_the_file_is_that_of_the_days_shown(owner: Browser, called: Scene) -> None:
    file = await owner.get("/reports.csv?dateFrom=2026-03-10&dateTo=2026-03-10")
    assert file.headers["content-disposition"] == (
        'attachment; filename="report-2026-03-10-2026-03-10.csv"'
    )
    assert f"campaign,{called.campaign_id},Spring {EVIL},1,1,1.0," in file.text
    empty = await owner.get("/reports.csv?dateFrom=2026-03-08&dateTo=2026-03-09")
    assert called.campaign_id not in empty.text


async def test_days_without_attempts_and_days_that_cannot_be(owner: Browser) -> None:
    assert "No attempt in these days" in (await owner.get("/reports")).text
    wrong = await owner.get("/reports?dateFrom=2026-03-10&dateTo=2026-03-09")
    assert wrong.status_code == 400
    assert "Must not lie before the first day" in wrong.text
    assert 'value="2026-03-10"' in wrong.text
    odd = await owner.get("/reports?dateFrom=%22%3E%3Cscript%3E")
    assert odd.status_code == 400
    assert "must be a date such as" in odd.text.lower()
    assert "<script>" not in odd.text.replace('<script src="', "")
    assert (await owner.get("/reports.csv?dateTo=x")).status_code == 400
    assert (await owner.get("/reports?campaign=camp_none")).status_code == 404
