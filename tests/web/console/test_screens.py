"""What the screens show and do, over HTTP, with names that are full of markup."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from campana.domain.campaign import CampaignState
from campana.domain.disposition import Disposition
from campana.domain.ids import uuid7
from campana.services import auditing, board, campaigns, policy
from campana.services.context import Context
from campana.web.console import contacts
from campana.web.console.live import message
from tests.support.campaign import ANA, Scene, launched, person
from tests.support.database import FixedClock
from tests.web.calls import answer_and_end
from tests.web.console.conftest import EVIL, Browser
from tests.web.rows import add_campaign

DESK = "+12025550160"


async def test_campaigns_are_searched_in_the_address_and_never_run_their_names(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    assert "No campaign yet" in (await owner.get("/campaigns")).text
    await add_campaign(context, workspace_id=workspace_id, name=f"Spring {EVIL}")
    await add_campaign(
        context, workspace_id=workspace_id, name="100% off", state=CampaignState.DRAFT
    )
    listed = (await owner.get("/campaigns")).text
    assert EVIL not in listed
    assert "Spring &lt;script&gt;" in listed
    for query, shown in (
        ("q=spring", "Spring"), ("q=100%25", "100% off"), ("q=%25", "100% off"),
        ("status=Draft", "100% off"), ("status=Running", "Spring"),
    ):  # fmt: skip
        found = (await owner.get(f"/campaigns?{query}")).text
        assert ("Spring" in found, "100% off" in found) == (shown == "Spring", shown != "Spring")
    assert "No campaign matches" in (await owner.get("/campaigns?q=_")).text
    assert (await owner.get("/campaigns?page=x")).status_code == 400


async def test_a_running_campaign_is_paused_and_goes_on(owner: Browser, scene: Scene) -> None:
    path = f"/campaigns/{scene.campaign_id}"
    shown = await owner.get(path)
    assert shown.status_code == 200
    assert ANA in shown.text
    assert (await owner.post(f"{path}/pause")).status_code == 303
    assert "Paused" in (await owner.get(path)).text
    assert (await owner.post(f"{path}/resume")).status_code == 303
    refused = await owner.post(f"{path}/cancel", typed="something else")
    assert refused.status_code == 400
    log = (await owner.get("/audit")).text
    assert "campaign.pause" in log
    assert "Refused: campaign.cancel" in log


async def test_a_person_of_a_campaign_shows_what_the_rules_said(
    owner: Browser, scene: Scene
) -> None:
    path = f"/campaigns/{scene.campaign_id}/people"
    [[number, *_], *_] = await scene.rows("select id from targets order by id")
    assert "No attempt yet" in (await owner.get(f"{path}/tgt_{number}")).text
    assert (await owner.get(f"{path}/tgt_999999")).status_code == 404
    file = await owner.get(f"/campaigns/{scene.campaign_id}/people.csv")
    assert ANA in file.text


async def test_what_happened_stands_in_the_order_it_did(
    owner: Browser, scene: Scene, clock: FixedClock
) -> None:
    """A carrier's own time of something may lie before our word that was written first."""
    [claimed] = await scene.claim(limit=1)
    now = clock.now()
    async with scene.engine.db.transaction() as tx:
        for kind, after in (("accepted", 9), ("ringing", 5)):
            await tx.execute(
                "insert into attempt_events (workspace_id, attempt_id, type, at)"
                " values (%s, %s, %s, %s)",
                (scene.workspace_id, claimed.attempt_id, kind, now + timedelta(seconds=after)),
            )
    path = f"/campaigns/{scene.campaign_id}/people/tgt_{claimed.target_id}"
    shown = (await owner.get(path)).text
    kinds = re.findall(r'<span class="kind">(\w+)</span>', shown)
    assert kinds[-2:] == ["Ringing", "Accepted"]


async def test_a_call_says_to_whom_it_was_to_be_handed_over(
    owner: Browser, scene: Scene, clock: FixedClock
) -> None:
    [claimed] = await scene.claim(limit=1)
    told = {"step": "desk", "to": DESK, "outcome": "no_answer", "status": 480, "atMs": 900}
    await answer_and_end(scene, claimed, clock, transfers=[told])
    path = f"/campaigns/{scene.campaign_id}/people/tgt_{claimed.target_id}"
    assert f"{DESK}: no answer (480)" in (await owner.get(path)).text


async def test_a_call_says_for_whom_our_own_models_took_over(
    owner: Browser, scene: Scene, clock: FixedClock
) -> None:
    [claimed] = await scene.claim(limit=1)
    used = {
        "speech": {"model": EVIL, "voice": "nova", "failure": "it answered 500"},
        "hearing": {"model": "h", "failure": None},
    }
    model = {"values": None, "tools": [], "tokens": 7, "failure": "it broke off"}
    await answer_and_end(scene, claimed, clock, endpoints=used, model=model)
    path = f"/campaigns/{scene.campaign_id}/people/tgt_{claimed.target_id}"
    shown = unescape(page := (await owner.get(path)).text)
    assert EVIL not in page
    assert f"{EVIL}, nova; our own took over: it answered 500" in shown
    assert "the steps took over: it broke off" in shown


async def test_the_wallboard_tells_what_runs(
    owner: Browser, scene: Scene, clock: FixedClock
) -> None:
    assert scene.campaign_id in (empty := (await owner.get("/")).text)
    assert "Spent today" not in empty
    [claimed] = await scene.claim(limit=1)
    await answer_and_end(scene, claimed, clock, disposition=Disposition.VOICEMAIL)
    async with scene.engine.db.transaction() as tx:
        await tx.execute(
            "insert into spending (workspace_id, purse, spent, reserved) values (%s, %s, 12.5, 3)",
            (scene.workspace_id, clock.now().date().isoformat()),
        )
    await policy.replace(scene.web, workspace_id=scene.workspace_id, raw={"dailySpendLimit": 40})
    shown = (await owner.get("/")).text
    assert "100.0 %" in shown.split("Answered by machines")[1].split("</div>")[0]
    spent = shown.split("Spent today")[1].split("</div>")[0]
    assert "12.50" in spent
    assert "of 40.00; 3.00 promised" in spent
    assert "1 begun, none failed" in shown
    assert "0.0 %" in shown.split("Failed at the carrier")[1].split("</div>")[0]
    assert "data-ages" in shown.split("Last event")[1].split("</div>")[0]


async def test_the_wallboard_holds_abandoned_transfers_against_the_lowest_limit(
    owner: Browser, scene: Scene, clock: FixedClock
) -> None:
    """Counted as the breakers do; what a carrier refused stands beside its channel."""

    async def figure() -> str:
        scene.web.counts.__init__()
        shown = (await owner.get("/")).text
        return shown.split("Abandoned, 30 days")[1].split("</div>")[0]

    [claimed] = await scene.claim(limit=1)
    await answer_and_end(scene, claimed, clock, disposition=Disposition.CONGESTION)
    shown = (await owner.get("/")).text
    assert "100.0 % of 1 failed" in shown
    assert "Abandoned, 30 days" not in shown
    where: dict[str, Any] = {"workspace_id": scene.workspace_id, "campaign_id": scene.campaign_id}
    for days, outcome in ((1, "answered"), (2, "no_answer"), (3, "refused"), (31, "refused")):
        at = clock.now() - timedelta(days=days)
        attempt = uuid7(int(at.timestamp() * 1000), days.to_bytes(10))
        async with scene.engine.db.transaction() as tx:
            await tx.execute(
                "insert into attempts (id, workspace_id, campaign_id, channel_id, target_id,"
                " attempt_no, address, state, disposition, owner_id, created_at, sending_at,"
                " ended_at) select %s, %s, campaign_id, %s, id, %s, %s, 'ended', 'transferred', 1,"
                " %s, %s, %s from targets where campaign_id = %s",
                (attempt, scene.workspace_id, scene.channel.id, days + 10, ANA, at, at, at,
                 scene.campaign_id),
            )  # fmt: skip
            await tx.execute(
                "insert into voice_calls (attempt_id, workspace_id, from_number, to_number,"
                " transfers) values (%s, %s, %s, %s, %s)",
                (attempt, scene.workspace_id, DESK, ANA, Jsonb([{"outcome": outcome}])),
            )
    assert "66.7 %" in (shown := await figure())
    assert "of 3 transfers; no limit" in shown
    patch = {"breakers": {"maxAbandonedTransferRate": 0.7}}
    await campaigns.change(scene.web, **where, patch=patch, version=None)
    assert "limit 70.0\u00a0%" in await figure()
    patch = {"breakers": {"maxAbandonedTransferRate": 0.03}}
    await campaigns.change(scene.web, **where, patch=patch, version=None)
    assert "above the limit of 3.0\u00a0%" in await figure()


async def test_a_draft_is_reviewed_and_refused_with_every_reason(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    draft = await campaigns.create(
        context,
        workspace_id=workspace_id,
        raw={"name": "Reminders", "type": "VoiceBot", "channelType": "Voice"},
    )
    shown = await owner.get(f"/campaigns/{draft.id}/review")
    assert "cannot be launched yet" in shown.text
    assert (await owner.post(f"/campaigns/{draft.id}/launch")).status_code == 422
    assert (await owner.post(f"/campaigns/{draft.id}/delete")).status_code == 303
    assert (await owner.get(f"/campaigns/{draft.id}")).status_code == 404


async def test_a_file_is_previewed_and_brought_in(owner: Browser) -> None:
    await owner.get("/lists")
    made = await owner.post("/lists", name=f"Friends {EVIL}", country="US")
    path = made.headers["location"]
    shown = await owner.get(path)
    assert EVIL not in shown.text
    people = f"phone,first_name\n(202) 555-0142,{EVIL}\n12,Bruno\n".encode()
    files = {"file": ("people.csv", people, "text/csv")}
    preview = await owner.post(f"{path}/preview", files=files, duplicates="skip", country="US")
    assert "+12025550142" in preview.text
    assert EVIL not in preview.text
    begun = await owner.post(f"{path}/imports", files=files, duplicates="skip", country="US")
    assert begun.status_code == 303, begun.text
    assert "people.csv" in (await owner.get(begun.headers["location"])).text
    empty = await owner.post(f"{path}/imports", duplicates="update", country="GB")
    assert "Choose a file" in empty.text
    assert '<option value="update" selected>' in empty.text
    assert 'name="country" type="text" value="GB"' in empty.text


async def test_pasted_rows_go_the_way_of_a_file(
    owner: Browser, context: Context, workspace_id: int
) -> None:
    await owner.get("/lists")
    path = (await owner.post("/lists", name="Pasted", country="US")).headers["location"]
    shown = await owner.get(path)
    assert 'name="pasted"' in shown.text
    rows = f"(202) 555-0142\t{EVIL}\n12\tBruno\n"
    preview = await owner.post(f"{path}/preview", pasted=rows, duplicates="skip", country="US")
    assert "+12025550142" in preview.text
    assert '<option value="phone" selected>' in preview.text
    assert '<option value="first_name" selected>' in preview.text
    assert EVIL not in preview.text
    chosen = {"column": ["phone", "first_name"], "meaning": ["phone", "last_name"]}
    begun = await owner.post(f"{path}/imports", pasted=rows, duplicates="skip", **chosen)
    assert begun.status_code == 303, begun.text
    assert "Pasted rows" in (await owner.get(begun.headers["location"])).text
    log = await auditing.page(context, workspace_id=workspace_id)
    asked = [
        each.detail for each in log if each.action == "import.start" and "pasted" in each.detail
    ]
    assert [each["pasted"] for each in asked] == ["***"]
    assert "555-0142" not in str(log), "who is in it does not stand in the log"
    files = {"file": ("people.csv", b"phone\n+12025550142\n", "text/csv")}
    both = await owner.post(f"{path}/imports", files=files, pasted=rows)
    assert both.status_code == 400
    assert "A file is chosen, too" in both.text
    assert ">(202) 555-0142" in both.text, "what was pasted is still there"
    long = await owner.post(f"{path}/imports", pasted="1" * 1_000_001)
    assert long.status_code == 400
    assert "Is longer than 1,000,000 characters" in long.text
    assert "Choose a file, or paste the rows" in (await owner.post(f"{path}/imports")).text


async def test_an_address_is_suppressed_checked_and_lifted_with_a_reason(owner: Browser) -> None:
    await owner.get("/suppressions")
    wrong = await owner.post("/suppressions", address="12", reason="asked")
    assert wrong.status_code == 400
    await owner.post("/suppressions", address=ANA, reason=EVIL)
    shown = (await owner.get(f"/suppressions?check={ANA.replace('+', '%2B')}")).text
    assert "is suppressed" in shown
    assert EVIL not in shown
    suppression_id = shown.split("/suppressions/")[1].split("/")[0]
    assert (await owner.post(f"/suppressions/{suppression_id}/lift")).status_code == 400
    done = await owner.post(f"/suppressions/{suppression_id}/lift", reason="asked to")
    assert done.status_code == 303


async def test_a_contact_is_found_and_shown(owner: Browser, scene: Scene) -> None:
    listed = (await owner.get(f"/contacts?q={ANA.replace('+', '%2B')}")).text
    [[number, *_], *_] = await scene.rows("select id from contacts order by id")
    assert f"/contacts/ctc_{number}" in listed
    assert ANA in (await owner.get(f"/contacts/ctc_{number}")).text
    assert (await owner.get("/contacts/ctc_999999")).status_code == 404


async def test_a_contact_is_found_by_a_numeric_id_and_a_number_however_it_is_written(
    owner: Browser, engine_context: Context, context: Context, workspace_id: int
) -> None:
    known = person("+12025550142", external_id="4711")
    await launched(engine_context, context, workspace_id=workspace_id, people=[known])
    for asked in ("4711", "+12025550142", "(202)+555-0142", "202.555.0142"):
        found = (await owner.get(f"/contacts?q={asked.replace('+1', '%2B1')}")).text
        assert "/contacts/ctc_" in found, asked
    for asked in ("4712 Elm Street", "Ana"):
        found = (await owner.get(f"/contacts?q={asked}")).text
        assert "Nobody found" in found
        assert 'role="alert"' not in found


async def test_the_next_contacts_are_found_by_the_same_words(
    owner: Browser, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contacts, "_PAGE", 1)
    await launched(
        scene.engine, scene.web, workspace_id=scene.workspace_id, people=[person(ANA)],
        channel=scene.channel,
    )  # fmt: skip
    first = (await owner.get(f"/contacts?q={ANA.replace('+', '%2B')}")).text
    [query] = re.findall(r'href="(\?[^"]*)">Next', first)
    second = (await owner.get(f"/contacts{unescape(query)}")).text
    assert f'value="{ANA}"' in second
    assert "/contacts/ctc_" in second


async def test_who_is_held_out_of_a_comparison_is_skipped_not_failed(
    scene: Scene, context: Context
) -> None:
    async with scene.engine.db.transaction(workspace_id=scene.workspace_id) as tx:
        await tx.execute(
            "update targets set state = 'finished', disposition = 'held_out', finished_at = now()"
        )
    [line] = await board.named(
        context, workspace_id=scene.workspace_id, campaign_ids=[scene.campaign_id]
    )
    assert (line.skipped, line.failed) == (1, 0)


def test_a_message_of_the_stream_names_the_element_it_fills() -> None:
    sent = message({"bar-camp_1": "<b>\n1</b>"}, 3).decode()
    assert sent.startswith("id: 3\ndata: <hx-partial")
    assert 'hx-target="#bar-camp_1"' in sent
    assert all(line.startswith(("id: ", "data: ")) for line in sent.strip().splitlines())
