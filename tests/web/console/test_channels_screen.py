"""Channels over HTTP: made, shown without their secrets, changed field by field."""

from __future__ import annotations

import pytest

from campana.domain.role import Role
from campana.services import channels
from campana.services.context import Context
from campana.store.channels import Channel
from tests.support.campaign import Scene
from tests.web.console.conftest import EVIL, Browser, Visit, fields_of

SECRET = "a-secret-of-thirty-two-characters"
ACCOUNT = f"url: http://127.0.0.1:9\nsecret: {SECRET}"


@pytest.fixture
async def path(owner: Browser) -> str:
    """The page of a new channel."""
    fields = fields_of(await owner.get("/channels/new"))
    made = await owner.post(
        "/channels/new",
        **{
            **fields,
            "name": f"Line {EVIL}",
            "kind": "sandbox",
            "channel_type": "SMS",
            "secret_config": ACCOUNT,
        },
    )
    assert made.status_code == 303, made.text
    return made.headers["location"].split("?")[0]


async def stored(context: Context, workspace_id: int, path: str) -> Channel:
    return await channels.get(
        context, workspace_id=workspace_id, wanted=path.removeprefix("/channels/")
    )


async def test_a_channel_is_made_and_its_secret_never_shown_again(
    owner: Browser, path: str
) -> None:
    for shown in (await owner.get(path), await owner.get("/channels")):
        assert EVIL not in shown.text
        assert "Line &lt;script&gt;" in shown.text
        assert SECRET not in shown.text
    assert SECRET not in (await owner.get("/audit")).text
    assert fields_of(await owner.get(path))["secret_config"].startswith("url: http://127.0.0.1:9")


async def test_a_channel_that_is_wrong_says_all_at_its_fields(owner: Browser) -> None:
    fields = fields_of(await owner.get("/channels/new"))
    wrong = await owner.post(
        "/channels/new",
        **{
            **fields,
            "kind": "sandbox",
            "name": "",
            "rate": "fast",
            "burst": "0",
            "secret_config": ACCOUNT,
        },
    )
    assert wrong.status_code == 400
    for name in ("name", "rate", "burst"):
        assert f'id="p-{name}"' in wrong.text, name
    typed = {**fields, "kind": "sandbox", "name": "Line"}
    wrong = await owner.post("/channels/new", **{**typed, "secret_config": "url: x\nfoo: 1"})
    assert "line 2, foo: is not a known field" in wrong.text.lower()
    assert "Must be one of" in wrong.text.split('id="p-channel_type"')[1].split("</div>")[0]
    wrong = await owner.post("/channels/new", **{**typed, "mon": "x", "has_hours": "on"})
    assert 'id="p-mon"' in wrong.text


async def test_what_is_changed_is_stored_and_the_rest_stays(
    owner: Browser, context: Context, workspace_id: int, path: str
) -> None:
    before = await stored(context, workspace_id, path)
    fields = fields_of(await owner.get(path))
    changed = await owner.post(
        path, **{**fields, "rate": "2.5", "daily": "1000", "has_hours": "on", "sun": ""}
    )
    assert changed.status_code == 303, changed.text
    after = await stored(context, workspace_id, path)
    assert (after.rate, after.daily_attempts) == (2.5, 1000)
    assert after.config == before.config
    assert after.window is not None
    assert after.window["mon"] == [{"from": "08:00", "to": "21:00"}]
    assert not after.window["sun"]
    fields = fields_of(await owner.get(path))
    assert (fields["daily"], fields["sun"]) == ("1000", "")
    fields.pop("has_hours")
    forgotten = await owner.post(path, **{**fields, "mon": "09:00-10:00"})
    assert "Tick this" in forgotten.text
    assert (await owner.post(path, **{**fields, "daily": ""})).status_code == 303
    after = await stored(context, workspace_id, path)
    assert (after.daily_attempts, after.window, after.rate) == (None, None, 2.5)


async def test_two_people_at_one_channel_do_not_undo_each_other(
    owner: Browser, context: Context, workspace_id: int, path: str
) -> None:
    old = fields_of(await owner.get(path))
    await owner.post(path, **{**old, "rate": "3", "burst": "2"})
    assert (await owner.post(path, **{**old, "lines": "9"})).status_code == 303
    after = await stored(context, workspace_id, path)
    assert (after.rate, after.burst, after.lines) == (3, 2, 9)
    told = await owner.post(path, **{**old, "rate": "4"})
    assert told.status_code == 412
    assert "Somebody else changed this channel" in told.text
    again = fields_of(told)
    assert (again["rate"], again["burst"]) == ("4", "2")
    assert (await owner.post(path, **again)).status_code == 303
    assert (await stored(context, workspace_id, path)).rate == 4


async def test_the_list_says_how_each_channel_is_doing(owner: Browser, scene: Scene) -> None:
    async with scene.engine.db.transaction() as tx:
        now = scene.engine.clock.now()
        await tx.execute(
            "update pacing set day = %s, day_sends = 41, down_until = %s + interval '1 minute'",
            (now.date(), now),
        )
    shown = (await owner.get("/channels")).text
    assert "Down" in shown
    assert ">41<" in shown.replace(" ", "").replace('<tdclass="num">41', ">41<")
    page = (await owner.get(f"/channels/{scene.channel.id}")).text
    assert "people of 1 running campaign" in page
    assert (await owner.get(f"/channels/{scene.channel.name}")).status_code == 404


async def test_who_may_not_build_sees_and_changes_nothing(visit: Visit, path: str) -> None:
    operator = await visit(Role.OPERATOR)
    shown = await operator.get(path)
    assert shown.status_code == 200
    assert "secret_config" not in shown.text
    assert (await operator.post(path, rate="9")).status_code == 403
    assert (await operator.get("/channels/new")).status_code == 403


async def test_the_account_is_tested_and_what_the_provider_said_is_shown(
    owner: Browser, path: str
) -> None:
    told = await owner.post(f"{path}/test", **fields_of(await owner.get(path)))
    assert told.status_code == 200
    assert "The account cannot be used as it is." in told.text
    assert "no answer" in told.text
    assert fields_of(told)["name"] == f"Line {EVIL}"
    assert SECRET not in told.text


async def test_who_changes_no_channels_tests_none(visit: Visit, path: str) -> None:
    operator = await visit(Role.OPERATOR)
    assert "Test the account" not in (await operator.get(path)).text
    assert (await operator.post(f"{path}/test")).status_code == 403


async def test_an_operator_pauses_with_a_reason_and_resumes_in_one_click(
    visit: Visit, owner: Browser, context: Context, workspace_id: int, path: str
) -> None:
    operator = await visit(Role.OPERATOR)
    assert "Pause the channel" in (await operator.get(path)).text
    paused = await operator.post(f"{path}/pause", reason=f"fraud {EVIL}")
    assert paused.status_code == 303
    shown = (await operator.get(path)).text
    assert "Paused by" in shown
    assert "fraud &lt;script&gt;" in shown
    assert "Resume " in (listed := (await operator.get("/channels")).text)
    assert EVIL not in shown + listed
    assert (await stored(context, workspace_id, path)).paused_at is not None
    back = await operator.post(f"{path}/resume", **{"from": "list"})
    assert back.headers["location"] == "/channels"
    assert (await stored(context, workspace_id, path)).paused_at is None
    audit = (await owner.get("/audit")).text
    assert "channel.pause" in audit
    assert "channel.resume" in audit
    analyst = await visit(Role.ANALYST)
    assert "Pause the channel" not in (await analyst.get(path)).text
    assert (await analyst.post(f"{path}/pause")).status_code == 403
