"""What holds for a workspace: written by owners only, refused with every reason."""

from __future__ import annotations

from campana.domain.role import Role
from campana.services import policy, retention
from campana.services.context import Context
from campana.store import accounts
from tests.web.console.conftest import Browser, Visit


async def test_countries_are_known_ones(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    await owner.get("/settings")
    wrong = await owner.post("/settings/countries", countries="US, <b>", default="zz")
    assert wrong.status_code == 400
    assert "&#39;&lt;B&gt;&#39; is no country" in wrong.text
    assert "&#39;ZZ&#39; is no country" in wrong.text
    assert (
        await owner.post("/settings/countries", countries="us, gb us", default="gb")
    ).is_redirect
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await accounts.workspace(tx, workspace_id=workspace_id)
    assert found is not None
    assert (list(found.allowed_countries), found.default_country) == (["US", "GB"], "GB")
    assert 'value="US GB"' in (await owner.get("/settings")).text


async def test_limits_and_spans_are_kept_as_written(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    await owner.get("/settings")
    lines = {"per": ["number", "contact"], "attempts": ["3", ""], "days": ["7", ""]}
    saved = await owner.post(
        "/settings/limits", dailySpendLimit="12.5", timeZone="America/New_York", **lines
    )
    assert saved.is_redirect, saved.text
    assert await policy.show(context, workspace_id=workspace_id) == {
        "caps": [{"per": "number", "attempts": 3, "days": 7}],
        "dailySpendLimit": 12.5,
        "timeZone": "America/New_York",
    }
    wrong = await owner.post("/settings/limits", timeZone="Nowhere/At_All", **lines)
    assert wrong.status_code == 400
    assert "Is no time zone" in wrong.text
    assert (
        await owner.post("/settings/limits", dailySpendLimit="much", **lines)
    ).status_code == 400
    kept = {"recordingDays": "7", "messageDays": "", "eventDays": "30"}
    assert (await owner.post("/settings/retention", **kept)).is_redirect
    found = await retention.show(context, workspace_id=workspace_id)
    assert (found.recording_days, found.message_days, found.event_days) == (7, None, 30)
    refused = await owner.post("/settings/retention", recordingDays="-1", eventDays="400")
    assert refused.status_code == 400
    assert "Must be at least 1" in refused.text
    assert "Must be at most 365" in refused.text
    assert "settings.retention" in (await owner.get("/audit")).text


async def test_only_owners_set_anything(visit: Visit) -> None:
    browser = await visit(Role.OPERATOR)
    assert (await browser.get("/settings")).status_code == 403
    assert (await browser.post("/settings/countries", countries="US")).status_code == 403
    assert "/settings" not in (await browser.get("/campaigns")).text
