"""What sending repeats all day goes by indexes, even planned while every table was empty; a claim
comes in the order it was picked in; a history goes with its attempt."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import pytest

from campana.services import dispatch
from campana.services.context import Context
from campana.services.intents import Send
from campana.store.db import Database, Role
from campana.store.due import BEGINNING
from campana.store.sql import load
from tests.support.campaign import ANA, BRUNO, CARLA, launched, person
from tests.support.database import NOW

pytestmark = pytest.mark.new_database

CLAIM = {
    "channel_id": "chan_1",
    "campaign_id": "camp_1",
    "window_key": "America/New_York",
    "priority": 1,
    "channel_type": "SMS",
    "requires_consent": False,
    "limit": 100,
    "pads": None,
    "after_due_at": BEGINNING.due_at,
    "after_target": BEGINNING.target_id,
    "now": NOW,
}
_FEW = "{" + ",".join(["00000000-0000-7000-8000-000000000001"] * 50) + "}"
FINISH = {
    "owner_id": 1,
    "ids": _FEW,
    "now": NOW,
    "attempt_event_type": "a",
    "target_event_type": "t",
    **dict.fromkeys(("keys", "ats", "details", "detail_places", "dispositions", "reasons"), "{}"),
    **dict.fromkeys(("attempt_events", "target_events"), "{}"),
    **dict.fromkeys(("pack_workspaces", "pack_campaigns", "pack_firsts", "pack_parts"), "{}"),
}
OPEN = {
    **dict.fromkeys(("workspace_id", "owner_id"), 1),
    **dict.fromkeys(("campaign_id", "channel_id", "from_number", "event_type"), "x"),
    **dict.fromkeys(("attempt_nos", "addresses", "details", "detail_places", "events"), "{}"),
    **dict.fromkeys(("now", "ask_at"), NOW),
    "ids": _FEW,
    "target_ids": "{" + ",".join(map(str, range(50))) + "}",
    "is_call": False,
    "parts": 50,
}
HOLD = {"ids": _FEW, "window_keys": "{}", "now": NOW}
LEAVE = {"owner_id": 1, "ids": _FEW, "ask_ats": "{}", "events": "{}", "event_type": "x", "now": NOW}
PUT_BACK = HOLD | {"priorities": "{}", "events": "{}", "event_type": "a", "reason": "r"}


SENDING = [
    (
        "due",
        "claim",
        CLAIM,
        {"due_in_order", "targets_pkey", "contacts_pkey", "attempts_open_address"},
    ),
    (
        "campaign_pacing",
        "untried",
        {"target_ids": "{1}", "attempt_nos": "{2}"},
        {"attempts_target_id_attempt_no_key"},
    ),
    ("sending", "open", OPEN, {"targets_pkey", "due_pkey"}),
    ("sending", "leave", LEAVE, {"attempts_pkey"}),
    ("sending", "finish", FINISH, {"attempts_pkey", "targets_pkey", "charges_pkey"}),
    ("sending", "hold_unsent", HOLD, {"attempts_pkey", "targets_pkey", "charges_pkey"}),
    ("sending", "put_back", PUT_BACK, {"attempts_pkey", "targets_pkey"}),
]


async def plan_of(db: Database, noun: str, name: str, values: dict[str, Any]) -> str:
    async with db.transaction() as tx:
        cursor = await tx.execute("explain (costs off) " + load(noun)[name], values)  # pyright: ignore[reportArgumentType, reportCallIssue]
        return "\n".join(str(row[0]) for row in await cursor.fetchall())


@pytest.fixture
async def dispatching(conninfo: str) -> AsyncGenerator[Database]:
    """The connections that sending has for itself."""
    db = Database(conninfo, role=Role.ENGINE, only_by_index=True)
    await db.open()
    yield db
    await db.close()


@pytest.mark.parametrize(
    ("noun", "name", "values", "indexes"),
    [
        *SENDING,
        ("campaigns", "past_end", {"now": NOW}, {"campaigns_ending"}),
        (
            "campaign_search",
            "transfers",
            {"workspace_id": 1, "first": _FEW[1:37], "most": 5},
            {"voice_calls_transferred"},
        ),
        ("campaign_search", "last_event", {"workspace_id": 1}, {"events_pkey"}),
    ],
)
async def test_a_plan_of_empty_tables_reads_none_of_them(
    dispatching: Database, noun: str, name: str, values: dict[str, Any], indexes: set[str]
) -> None:
    plan = await plan_of(dispatching, noun, name, values)
    assert "Seq Scan" not in plan, plan
    # Of a whole index as little as of a whole table: each scan of one has a condition.
    scans = re.findall(r"Index(?: Only)? Scan(?: Backward)? (?:using|on) (\w+).*\n\s*(.*)", plan)
    assert scans
    assert [name for name, after in scans if not after.startswith("Index Cond")] == [], plan
    assert {index for index in indexes if index not in plan} == set(), plan
    # Nor are hundreds of rows compared with as many values, each with each.
    assert noun not in {"sending", "due"} or "Join Filter" not in plan, plan


async def test_nothing_open_at_the_last_look_tempts_no_plan(
    dispatching: Database, engine_context: Context, context: Context, workspace_id: int
) -> None:
    people = [person(each) for each in (ANA, BRUNO)]
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=people)
    assert len(await scene.claim()) == 2
    async with engine_context.db.transaction() as tx:
        # A thousand that have ended, as a campaign leaves them, and the statistics of after it.
        await tx.execute("set local role campana_owner")
        await tx.execute(
            "insert into attempts (id, workspace_id, campaign_id, target_id, channel_id,"
            " attempt_no, address, state, owner_id, created_at, sending_at, ended_at, disposition,"
            " reason)"
            " select gen_random_uuid(), workspace_id, campaign_id, target_id, channel_id, n,"
            " address || n, 'ended', owner_id, created_at, created_at, created_at, 'delivered', ''"
            " from attempts cross join generate_series(10, 1000) n where address = %s",
            (ANA,),
        )
        await tx.execute(
            "update attempts set state = 'ended', disposition = 'delivered', ended_at = created_at"
            " where ended_at is null"
        )
        await tx.execute("analyze attempts")
    for noun, name, values, indexes in SENDING:
        plan = await plan_of(dispatching, noun, name, values)
        assert "Join Filter" not in plan, plan
        assert {index for index in indexes if index not in plan} == set(), plan
        used = set(re.findall(r"attempts_open_\w+", plan))
        assert used <= {"attempts_open_address"}, plan


async def test_a_claim_is_sorted_last(engine_context: Context) -> None:
    async with engine_context.db.transaction() as tx:
        cursor = await tx.execute("explain (costs off) " + load("due")["claim"], CLAIM)  # pyright: ignore[reportArgumentType, reportCallIssue]
        first, key, *_ = [str(row[0]).strip() for row in await cursor.fetchall()]
    assert (first, key.startswith("Sort Key: picked.due_at, ")) == ("Sort", True)


async def test_whoever_waited_longest_comes_first(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    people = [person(each, zones=("America/New_York",)) for each in (ANA, BRUNO, CARLA)]
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=people)
    async with engine_context.db.transaction() as tx:
        for minutes, address in ((5, ANA), (30, BRUNO), (10, CARLA)):
            await tx.execute(
                "update due set due_at = %s where target_id ="
                " (select id from targets where address = %s)",
                (engine_context.clock.now() - timedelta(minutes=minutes), address),
            )
    [group] = await dispatch.ready(engine_context, channel_ids=[scene.channel.id])
    send = Send(sender="+12025550100", is_call=False, ask_after=timedelta(minutes=1))
    found = await dispatch.claim(
        engine_context, group=group, channel_type="SMS", owner_id=1, limit=10, send=send
    )
    assert [each.address for each in found] == [BRUNO, CARLA, ANA]


async def test_a_history_goes_with_its_attempt(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    people = [person(each) for each in (ANA, BRUNO)]
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=people)
    assert len(await scene.claim()) == 2
    async with engine_context.db.transaction() as tx:
        await tx.execute("set local role campana_owner")
        await tx.execute("delete from targets where address = %s", (ANA,))
    kept = await scene.rows(
        "select a.address from attempt_events e left join attempts a on a.id = e.attempt_id"
    )
    assert kept == [(BRUNO,)]
