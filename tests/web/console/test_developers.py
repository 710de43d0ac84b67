"""Keys and webhooks: shown once, never more than a role may, and what became of each event."""

from __future__ import annotations

import re
from datetime import timedelta

from campana.domain.role import Role
from campana.engine.webhooks import Deliverer
from campana.services import accounts
from campana.services.context import Context
from tests.support.database import FixedClock
from tests.support.receiver import answers, receiver
from tests.support.telling import work
from tests.web.console.conftest import EVIL, Browser, Visit, fields_of

KEY = re.compile(r"ck_[A-Za-z0-9_-]{43}")
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{40,}")


async def test_a_key_is_shown_once_used_and_revoked(
    owner: Browser, context: Context, clock: FixedClock
) -> None:
    assert "No key yet" in (await owner.get("/developers")).text
    made = await owner.post(
        "/developers/keys", name=f"Shop {EVIL}", scope=["lists:read", "lists:write"], days="30"
    )
    assert made.status_code == 200
    [text] = KEY.findall(made.text)
    assert EVIL not in made.text
    listed = (await owner.get("/developers")).text
    assert text not in listed
    assert "never</span>" in listed
    holder = await accounts.authenticate(context, text)
    assert set(holder.scopes) == {"lists:read", "lists:write"}
    assert holder.expires_at == clock.now() + timedelta(days=30)
    assert "lists:read, lists:write" in listed
    assert text not in (await owner.get("/audit")).text
    assert (await owner.post(f"/developers/keys/{holder.key_id}/revoke")).status_code == 303
    ended = (await owner.get("/developers")).text
    assert "revoked" in ended
    assert f"/developers/keys/{holder.key_id}/revoke" not in ended
    assert (await owner.post("/developers/keys/key_x/revoke")).status_code == 404


async def test_a_wrong_form_says_all_that_is_wrong_and_keeps_what_was_typed(
    owner: Browser,
) -> None:
    await owner.get("/developers")
    none = await owner.post("/developers/keys", name="")
    assert none.status_code == 400
    assert "At least one scope is needed" in none.text
    assert "Must have 1 to 100 characters" in none.text
    unknown = await owner.post("/developers/keys", name="Shop", scope=["lists:read", "root"])
    assert unknown.status_code == 400
    assert 'value="Shop"' in unknown.text
    assert re.search(r'value="lists:read" checked', unknown.text)


async def test_a_key_does_no_more_than_whoever_makes_it(
    visit: Visit, context: Context, workspace_id: int
) -> None:
    browser = await visit(Role.DEVELOPER)
    shown = (await browser.get("/developers")).text
    assert 'value="flows:write"' in shown
    assert 'value="campaigns:control"' not in shown
    refused = await browser.post("/developers/keys", name="Mine", scope="campaigns:control")
    assert refused.status_code == 400
    assert "more than your role may do" in refused.text
    assert await accounts.list_keys(context, workspace_id=workspace_id) == []


async def test_a_webhook_is_made_tested_looked_at_and_deleted(
    owner: Browser, engine_context: Context
) -> None:
    await owner.get("/developers")
    async with receiver(answers(500, EVIL.encode())) as peer:
        made = await owner.post(
            "/developers/webhooks",
            url=peer.url,
            description=f"Shop {EVIL}",
            event=["campaign.launched", "import.done"],
        )
        assert made.status_code == 200, made.text
        [first] = SECRET.findall(made.text)
        listed = (await owner.get("/developers")).text
        assert "campaign.launched, import.done" in listed
        assert EVIL not in listed
        path = re.findall(r"/developers/webhooks/whk_\w+", listed)[0]
        shown = (await owner.get(path)).text
        assert not SECRET.search(shown)
        assert "Nothing was sent" in shown
        assert (await owner.post(f"{path}/test")).status_code == 303
        await work(Deliverer(engine_context))
        [message] = peer.came
        assert message.event["type"] == "webhook.test"
        log = (await owner.get(path)).text
        assert message.id in log
        assert "500 <span" in log
        assert "&lt;script&gt;" in log
        assert EVIL not in log
        assert "Nothing was sent" in (await owner.get(f"{path}?state=delivered")).text
        sent_again = await owner.post(f"{path}/replay", **{"from": message.id})
        assert sent_again.status_code == 303
        assert (await owner.post(f"{path}/replay", **{"from": "x"})).status_code == 400
        second = SECRET.findall((await owner.post(f"{path}/rotate")).text)
        assert second != [first]
        assert len(second) == 1
        assert not SECRET.search((await owner.get(path)).text)
        assert (await owner.post(f"{path}/switch", enabled="")).status_code == 303
        assert (await owner.post(f"{path}/test")).status_code == 409
        seen = {"seen": fields_of(await owner.get(path), path)["seen"]}
        wrong = await owner.post(path, url="ftp://x", event="nothing.such", **seen)
        assert wrong.status_code == 400
        assert (await owner.post(path, url=peer.url, **seen)).status_code == 303
        assert "everything" in (await owner.get("/developers")).text
        assert (await owner.post(f"{path}/delete")).status_code == 303
    assert (await owner.get(path)).status_code == 404


async def test_a_webhook_goes_only_where_the_outside_may_be_reached(owner: Browser) -> None:
    await owner.get("/developers")
    refused = await owner.post("/developers/webhooks", url="http://10.0.0.1/")
    assert refused.status_code == 400
    assert "http://10.0.0.1/" in refused.text
    assert "No webhook yet" in refused.text
