"""Why somebody was contacted, who heard it, and what they said about being contacted."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.ids import attempt_text, numbered
from campana.domain.passage import Rule, told
from campana.services import auditing, reports
from campana.services.context import Context
from campana.store.reports import Kept, Told
from campana.web.console.attempts import facts
from campana.web.console.rule_words import name_of, verdict_of
from tests.support.campaign import ANA, Scene
from tests.support.database import FixedClock
from tests.web.console.conftest import Browser


async def test_every_rule_says_what_it_said_at_the_claim(owner: Browser, scene: Scene) -> None:
    [claimed] = await scene.claim(owner_id=7)
    path = f"/campaigns/{scene.campaign_id}/people/{numbered('tgt', claimed.target_id)}"
    shown = (await owner.get(path)).text
    rules = shown[shown.index('class="facts rules"') :]
    rules = rules[: rules.index("</dl>")]
    # The spend stands below the rules of the claim.
    assert rules.count("<dt>") == len(Rule) + 1
    assert "2026-03-10 11:00 in America/New_York (open" in rules
    assert "US was among the countries" in rules
    assert "did not ask for consent" in rules
    assert "worker 7" in rules
    assert '<h1 dir="auto">' in shown
    assert "2026-03-10 15:00:00" in shown[shown.index(">Attempt 1") :][:300]
    kept = shown[shown.index("<pre") : shown.index("</pre>")]
    assert "intent" in kept
    assert "America/New_York" in kept


async def test_hearing_a_call_is_written_down_once_while_the_link_lives(
    owner: Browser, scene: Scene, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    [claimed] = await scene.claim()
    async with scene.engine.db.transaction() as tx:
        await tx.execute(
            "insert into voice_calls (attempt_id, workspace_id, from_number, to_number,"
            " recording_key) values (%s, %s, '+12025550100', %s, 'x.wav')",
            (claimed.attempt_id, workspace_id, ANA),
        )
    name = attempt_text(claimed.attempt_id)

    async def heard() -> list[str]:
        found = await auditing.page(context, workspace_id=workspace_id)
        return [each.subject for each in found if each.action == "recording.hear"]

    for _ in range(2):
        assert (await owner.get(f"/recordings/{name}")).status_code == 303
    assert await heard() == [name]
    clock.moment += timedelta(minutes=16)
    await owner.get(f"/recordings/{name}")
    assert await heard() == [name, name]
    assert name in (await owner.get("/audit")).text


async def test_what_the_carrier_said_stands_there_in_its_words(
    owner: Browser, scene: Scene
) -> None:
    [claimed] = await scene.claim()
    path = f"/campaigns/{scene.campaign_id}/people/{numbered('tgt', claimed.target_id)}"
    assert "in its own words" not in (await owner.get(path)).text
    now = scene.engine.clock.now()
    for key, body in (("1", '{"to":"<b>"}'), ("2", "MessageStatus=sent&To=%2B12125550101")):
        event = AttemptEvent(type=EventType.ACCEPTED, at=now, body=body)
        told = Told(
            channel_id=scene.channel.id, attempt_id=claimed.attempt_id, key=key, event=event
        )
        kept = Kept(workspace_id=scene.workspace_id, told=told, received_at=now)
        await reports.keep(scene.engine, [kept])
    await reports.apply_kept(scene.engine)
    shown = (await owner.get(path)).text
    assert "in its own words: 2 reports" in shown
    assert "{\n  &#34;to&#34;: &#34;&lt;b&gt;&#34;\n}" in shown
    assert "MessageStatus: sent\nTo: +12125550101" in shown


async def test_a_consent_is_put_on_record_and_taken_back(owner: Browser, scene: Scene) -> None:
    [[contact_id]] = await scene.rows("select contact_id from targets")
    path = f"/contacts/{numbered('ctc', contact_id)}"
    assert "Nothing is on record." in (await owner.get(path)).text
    said = {"consent_address": ANA, "source": "form 7", "wording": "Call me about my visits."}
    made = await owner.post(f"{path}/consents", **said, then="grant", expiresAt="2026-12-31")
    assert made.status_code == 303
    assert "holds until" in (await owner.get(path)).text
    said = {**said, "source": "a call", "wording": "Not any more."}
    await owner.post(f"{path}/consents", **said, then="withdraw")
    shown = (await owner.get(path)).text
    ledger = shown[shown.index('id="consents"') :]
    order = [
        ledger.index(each)
        for each in ("Taken back", "a call", "Not any more.", "Agreed", "form 7", "Call me about")
    ]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("wording", "", "must have 1 to 5000 characters"),
        ("expiresAt", "soon", "is no date or time"),
        ("expiresAt", "2020-01-01", "must come after"),
        ("consent_address", "+12125550199", "is no address of theirs"),
        ("channelType", "Pigeon", "is no kind of channel"),
    ],
)
async def test_a_consent_that_makes_no_sense_is_told_beside_its_field(
    owner: Browser, scene: Scene, field: str, value: str, said: str
) -> None:
    [[contact_id]] = await scene.rows("select contact_id from targets")
    path = f"/contacts/{numbered('ctc', contact_id)}"
    fine = {"consent_address": ANA, "source": "form 7", "wording": "Call me."}
    answer = await owner.post(f"{path}/consents", **{**fine, field: value}, then="grant")
    assert answer.status_code == 400
    assert said in answer.text.lower()
    assert "form 7" in answer.text
    assert "Nothing is on record." in answer.text


async def test_what_happened_leads_to_the_attempt(owner: Browser, scene: Scene) -> None:
    [claimed] = await scene.claim()
    shown = (await owner.get(f"/contacts/{numbered('ctc', claimed.contact_id)}")).text
    target = f"/campaigns/{scene.campaign_id}/people/{numbered('tgt', claimed.target_id)}"
    assert re.search(rf'href="{target}">attempt 1<', shown)


def test_every_rule_has_words_for_what_it_says() -> None:
    letter = told({"always": True, "zones": []}, address="ana@example.com")
    note = {"zones": [], "country": "US", "consent": True, "wroteAt": "t", "caps": 1, "from": "+1"}
    for each in (*letter, *told({**note, "owner": 1}, address=ANA)):
        assert name_of(each)
        assert "%(" not in verdict_of(each)


def test_what_happened_is_told_in_words() -> None:
    told = dict(
        facts({"text": "Hello.", "at_ms": 308, "finished": True, "talk_seconds": 11.552,
               "disposition": "no_answer", "rules": {}, "code": "486"})
    )  # fmt: skip
    assert told == {
        "": "Hello.", "To its end": "yes", "Talk time": "12 s", "Outcome": "No answer",
        "code": "486",
    }  # fmt: skip
