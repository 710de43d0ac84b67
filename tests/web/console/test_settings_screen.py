"""What holds for a workspace: written by owners only, refused with every reason."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from campana.domain.role import Role
from campana.services import accounts as services_accounts
from campana.services import policy, retention, webhooks
from campana.services.context import Context
from campana.store import accounts
from tests.web.console.conftest import Browser, Visit, fields_of


async def send(browser: Browser, form: str, **typed: Any) -> httpx.Response:
    """Open the page, type over some fields of one of its forms, press the button."""
    path = f"/settings/{form}"
    return await browser.post(path, **{**fields_of(await browser.get("/settings"), path), **typed})


async def test_countries_are_known_ones(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    await owner.get("/settings")
    wrong = await send(owner, "countries", countries="US, <b>", default="zz")
    assert wrong.status_code == 400
    assert "&#39;&lt;B&gt;&#39; is no country" in wrong.text
    assert "&#39;ZZ&#39; is no country" in wrong.text
    assert (await send(owner, "countries", countries="us, gb us", default="gb")).is_redirect
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
    saved = await send(
        owner, "limits", dailySpendLimit="12.5", timeZone="America/New_York", **lines
    )
    assert saved.is_redirect, saved.text
    assert await policy.show(context, workspace_id=workspace_id) == {
        "caps": [{"per": "number", "attempts": 3, "days": 7}],
        "dailySpendLimit": 12.5,
        "timeZone": "America/New_York",
    }
    wrong = await send(owner, "limits", timeZone="Nowhere/At_All", **lines)
    assert wrong.status_code == 400
    assert "Is no time zone" in wrong.text
    assert (await send(owner, "limits", dailySpendLimit="much", **lines)).status_code == 400
    kept = {"recordingDays": "7", "messageDays": "", "eventDays": "30"}
    assert (await send(owner, "retention", **kept)).is_redirect
    found = await retention.show(context, workspace_id=workspace_id)
    assert (found.recording_days, found.message_days, found.event_days) == (7, None, 30)
    refused = await send(owner, "retention", recordingDays="-1", eventDays="400")
    assert refused.status_code == 400
    assert "Must be at least 1" in refused.text
    assert "Must be at most 365" in refused.text
    assert "settings.retention" in (await owner.get("/audit")).text


async def test_only_owners_set_anything(visit: Visit) -> None:
    browser = await visit(Role.OPERATOR)
    assert (await browser.get("/settings")).status_code == 403
    assert (await browser.post("/settings/countries", countries="US")).status_code == 403
    assert "/settings" not in (await browser.get("/campaigns")).text


async def test_two_people_at_the_limits_do_not_undo_each_other(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    older = fields_of(await owner.get("/settings"), "/settings/limits")
    assert (await send(owner, "limits", dailySpendLimit="10")).is_redirect
    saved = await owner.post("/settings/limits", **{**older, "timeZone": "Europe/Madrid"})
    assert saved.is_redirect, saved.text
    found = await policy.show(context, workspace_id=workspace_id)
    assert (found["dailySpendLimit"], found["timeZone"]) == (10, "Europe/Madrid")
    told = (await owner.get("/settings")).text
    assert "left so: What all may cost in a day: 10." in told


async def test_the_second_at_a_field_is_told_what_it_says_now(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    older = fields_of(await owner.get("/settings"), "/settings/limits")
    await send(owner, "limits", dailySpendLimit="10", attempts="2", days="7")
    typed = {**older, "dailySpendLimit": "99", "per": "number", "attempts": "5", "days": "1"}
    refused = await owner.post("/settings/limits", **typed)
    assert refused.status_code == 412
    assert 'What all may cost in a day now says <code class="was">10</code>' in refused.text
    assert 'over all campaigns now says <code class="was">2/7 number</code>' in refused.text
    assert (await policy.show(context, workspace_id=workspace_id))["dailySpendLimit"] == 10
    again = fields_of(refused, "/settings/limits")
    assert again["dailySpendLimit"] == "99"
    assert 'name="attempts" inputmode="numeric" value="5"' in refused.text
    assert (await owner.post("/settings/limits", **{**typed, "seen": again["seen"]})).is_redirect
    found = await policy.show(context, workspace_id=workspace_id)
    assert (found["dailySpendLimit"], found["caps"][0]["attempts"]) == (99, 5)


async def test_countries_and_spans_are_met_as_well(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    page = await owner.get("/settings")
    await send(owner, "countries", countries="US GB")
    await send(owner, "retention", messageDays="30")
    countries = {**fields_of(page, "/settings/countries"), "countries": "US MX"}
    assert (
        'now says <code class="was">US GB</code>'
        in (await owner.post("/settings/countries", **countries)).text
    )
    spans = {**fields_of(page, "/settings/retention"), "recordingDays": "7"}
    assert (await owner.post("/settings/retention", **spans)).is_redirect
    found = await retention.show(context, workspace_id=workspace_id)
    assert (found.message_days, found.recording_days) == (30, 7)


async def test_a_refused_form_keeps_the_lines_that_were_typed(owner: Browser) -> None:
    refused = await send(owner, "limits", timeZone="Nowhere/At_All", attempts="4", days="2")
    assert refused.status_code == 400
    assert 'name="attempts" inputmode="numeric" value="4"' in refused.text


async def test_whoever_comes_between_a_comparison_and_its_storing_is_not_undone(
    owner: Browser, context: Context, workspace_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else is stored when this one has compared already: the last moment there is."""
    others: list[dict[str, Any]] = []

    def overtake(module: Any, name: str) -> None:
        store = getattr(module, name)

        async def overtaken(context: Context, **asked: Any) -> None:
            while others:
                await store(context, workspace_id=workspace_id, **others.pop())
            await store(context, **asked)

        monkeypatch.setattr(module, name, overtaken)

    for module, name in (
        (services_accounts, "allow_countries"), (policy, "replace"), (retention, "replace"),
    ):  # fmt: skip
        overtake(module, name)
    await owner.get("/settings")
    others.append({"countries": ["US", "MX"], "default": "US"})
    told = await send(owner, "countries", countries="US GB", default="US")
    assert told.status_code == 412
    assert 'now says <code class="was">US MX</code>' in told.text
    # What both leave alone, or only one of them touches, is stored beside the other's.
    others.append({"raw": {"dailySpendLimit": 7.5}})
    assert (await send(owner, "limits", timeZone="America/New_York")).is_redirect
    now = await policy.show(context, workspace_id=workspace_id)
    assert (now["dailySpendLimit"], now["timeZone"]) == (7.5, "America/New_York")
    others.append({"raw": {"recordingDays": 9}})
    assert (await send(owner, "retention", transcriptDays="8")).is_redirect
    spans = await retention.show(context, workspace_id=workspace_id)
    assert (spans.recording_days, spans.transcript_days) == (9, 8)
    assert not others


async def test_a_webhook_is_not_taken_from_whoever_comes_between(
    owner: Browser, context: Context, workspace_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await webhooks.create(
        context, workspace_id=workspace_id, raw={"url": "https://public.example.com/hook"}
    )
    change, others = webhooks.change, [{"description": "Theirs"}, {"description": "Theirs, too"}]

    async def overtaken(context: Context, **asked: Any) -> None:
        while others:
            where = {"workspace_id": workspace_id, "webhook_id": made.webhook.id}
            await change(context, **where, patch=others.pop())
        await change(context, **asked)

    monkeypatch.setattr(webhooks, "change", overtaken)
    path = f"/developers/webhooks/{made.webhook.id}"
    fields = fields_of(await owner.get(path), path)
    assert (await owner.post(path, **{**fields, "event": ["campaign.launched"]})).is_redirect
    found = await webhooks.get(context, workspace_id=workspace_id, webhook_id=made.webhook.id)
    assert (found.description, found.event_types) == ("Theirs", ["campaign.launched"])
