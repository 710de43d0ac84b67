"""Messages, flow sessions and the rows of imports go with their age; what others count on stays."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest

from campana.domain.errors import InvalidTransition
from campana.services import lists, retention, suppression_imports, undoing
from campana.services.context import Context
from campana.store.imports import Duplicates
from tests.support.campaign import ANA, Scene, launched
from tests.support.database import FixedClock
from tests.support.locks import onlooking
from tests.support.people import BRUNO, csv_of, imported

FOREVER = {
    "recordingDays": None,
    "transcriptDays": None,
    "attemptDays": None,
    "messageDays": None,
    "sessionDays": None,
    "importRowDays": None,
}


async def keep(context: Context, workspace_id: int, **changes: Any) -> None:
    await retention.replace(context, workspace_id=workspace_id, raw={**FOREVER, **changes})


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    return await launched(engine_context, context, workspace_id=workspace_id)


async def run(context: Context, *statements: str, **values: Any) -> None:
    async with context.db.transaction() as tx:
        for statement in statements:
            await tx.execute(statement.encode(), values)


CONVERSATION = """
insert into conversations (id, workspace_id, channel_id, address, status,
  last_message_at, created_at)
select %(id)s, %(workspace)s, id, %(address)s, 'open', %(at)s, %(at)s from channels limit 1
"""
MESSAGE = """
insert into messages (workspace_id, conversation_id, direction, origin, kind, text,
  provider_key, at)
values (%(workspace)s, %(id)s, 'inbound', 'contact', 'text', 'Here I am', %(key)s, %(at)s)
"""
QUEUED = """
insert into messages (workspace_id, conversation_id, direction, origin, kind, text,
  state, due_at, at)
values (%(workspace)s, %(id)s, 'outbound', 'person', 'text', 'Hello', 'queued', %(at)s, %(at)s)
"""


async def test_messages_go_and_a_conversation_with_its_last(
    scene: Scene, engine_context: Context, context: Context, clock: FixedClock
) -> None:
    """One has fallen silent, one goes on, one has something left to send."""
    workspace_id = scene.workspace_id
    await keep(context, workspace_id, messageDays=20)
    for name, address in (("old", ANA), ("live", BRUNO), ("owed", "+12015550155")):
        given = {"id": name, "workspace": workspace_id, "address": address, "at": clock.now()}
        await run(engine_context, CONVERSATION, MESSAGE, **given, key="first")
        if name == "owed":
            await run(engine_context, QUEUED, **given)
    clock.forward(days=15)
    await run(
        engine_context, MESSAGE, id="live", workspace=workspace_id, key="second", at=clock.now()
    )
    await run(
        engine_context,
        "update conversations set last_message_at = %(at)s where id = 'live'",
        at=clock.now(),
    )
    await retention.keep_to(engine_context)
    assert await scene.rows("select count(*) from messages") == [(5,)]
    clock.forward(days=6)
    await retention.keep_to(engine_context)
    left = "select conversation_id, coalesce(provider_key, state) from messages order by 1"
    assert await scene.rows(left) == [("live", "second"), ("owed", "queued")]
    assert await scene.rows("select id from conversations order by id") == [("live",), ("owed",)]


async def test_a_conversation_in_which_somebody_speaks_meanwhile_stays(
    scene: Scene, engine_context: Context, context: Context, clock: FixedClock, conninfo: str
) -> None:
    """The message commits while its conversation is about to be forgotten."""
    await keep(context, scene.workspace_id, messageDays=20)
    given = {"id": "old", "workspace": scene.workspace_id, "address": ANA, "at": clock.now()}
    await run(engine_context, CONVERSATION, **given)
    clock.forward(days=21)
    later = {**given, "at": clock.now(), "key": "second"}
    async with onlooking(conninfo) as until_one_waits, engine_context.db.transaction() as tx:
        await tx.execute("update conversations set last_message_at = %(at)s", later)
        await tx.execute(MESSAGE.encode(), later)
        forgetting = asyncio.create_task(retention.keep_to(engine_context))
        await until_one_waits()
    await forgetting
    assert await scene.rows("select provider_key from messages") == [("second",)]
    assert await scene.rows("select id from conversations") == [("old",)]


FLOW = (
    """
insert into flows (id, workspace_id, name, draft, created_at, updated_at)
values ('flow_1', %(workspace)s, 'Talk', '{}', %(at)s, %(at)s)
""",
    """
insert into flow_versions (flow_id, number, workspace_id, hash, definition, created_at)
values ('flow_1', 1, %(workspace)s, 'sha256:1', '{}', %(at)s)
""",
)
SESSION = """
insert into flow_sessions (workspace_id, campaign_id, target_id, contact_id, flow_id, flow_version,
  status, is_current, session, channel_type, started, created_at, updated_at, ended_at)
select t.workspace_id, t.campaign_id, t.id, t.contact_id, 'flow_1', 1,
  case when %(is_over)s then 'ended' else 'waiting' end, not %(is_over)s,
  '{}', 'SMS', '{}', %(at)s, %(at)s,
  case when %(is_over)s then %(at)s::timestamptz end
from targets t order by t.id limit 1
"""


async def test_sessions_go_when_they_are_over_and_old(
    scene: Scene, engine_context: Context, context: Context, clock: FixedClock
) -> None:
    workspace_id = scene.workspace_id
    await keep(context, workspace_id, sessionDays=10)
    await run(engine_context, *FLOW, workspace=workspace_id, at=clock.now())
    await run(engine_context, SESSION, is_over=True, at=clock.now())
    await run(engine_context, SESSION, is_over=False, at=clock.now())
    clock.forward(days=9)
    await run(engine_context, SESSION, is_over=True, at=clock.now())
    await retention.keep_to(engine_context)
    assert await scene.rows("select count(*) from flow_sessions") == [(3,)]
    clock.forward(days=2)
    await retention.keep_to(engine_context)
    left = await scene.rows("select status, ended_at from flow_sessions order by id")
    assert [status for status, _ in left] == ["waiting", "ended"]


async def test_rows_of_imports_go_and_then_it_is_too_late_to_undo(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    await keep(context, workspace_id, importRowDays=90)
    made = await lists.create(engine_context, workspace_id=workspace_id, name="People")
    place = {"workspace_id": workspace_id, "list_id": made.id}
    await imported(engine_context, **place, content=csv_of(["phone", "city"], [[ANA, "Faro"]]))
    rows = [[ANA, "Porto"], ["nobody", "Braga"]]
    done = await imported(
        engine_context,
        **place,
        content=csv_of(["phone", "city"], rows),
        duplicates=Duplicates.UPDATE,
    )
    file = await suppression_imports.start(
        engine_context,
        workspace_id=workspace_id,
        file_name="never.csv",
        content=io.BytesIO(b"phone\nnobody\n"),
        reason="registry",
    )
    await suppression_imports.run(engine_context, import_id=file.id)

    async def kept() -> tuple[int, int]:
        rejected = await lists.rejected_rows(
            engine_context, workspace_id=workspace_id, import_id=done.id
        )
        refused = await suppression_imports.rejected_rows(
            engine_context, workspace_id=workspace_id, import_id=file.id
        )
        return len(rejected), len(refused)

    clock.forward(days=89)
    await retention.keep_to(engine_context)
    assert await kept() == (1, 1)
    clock.forward(days=2)
    await retention.keep_to(engine_context)
    assert await kept() == (0, 0)
    after = await lists.get_import(context, workspace_id=workspace_id, import_id=done.id)
    assert (after.rows_done, after.rows_rejected, after.rows_removed_at) == (2, 1, clock.now())
    async with engine_context.db.read() as tx:
        row = await (await tx.execute("select count(*) from import_changes")).fetchone()
    assert row == (0,), "whom an undo would have put back"
    with pytest.raises(InvalidTransition, match="no longer kept"):
        await undoing.request(context, workspace_id=workspace_id, import_id=done.id)
