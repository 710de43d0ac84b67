"""Waits that are due are found by time alone, however many wait."""

from __future__ import annotations

import json

import pytest

from campana.services.context import Context
from campana.store.sql import load
from tests.support.database import NOW

_SQL = load("flow_timers")

FILL = """
with flow as (
  insert into flows (id, workspace_id, name, draft, created_at, updated_at)
  values ('flow_1', 1, 'Talk', '{}', %(now)s, %(now)s) returning id),
version as (
  insert into flow_versions (flow_id, number, workspace_id, hash, definition, created_at)
  select id, 1, 1, 'sha256:1', '{}', %(now)s from flow),
list as (
  insert into contact_lists (id, workspace_id, name, created_at)
  values ('list_1', 1, 'people', %(now)s) returning id),
campaign as (
  insert into campaigns (id, workspace_id, name, type, channel_type, state, created_at, updated_at,
    launched_at)
  values ('camp_1', 1, 'Talk', 'Flow', 'SMS', 'running', %(now)s, %(now)s, %(now)s) returning id)
select 1
"""
MORE = (
    """
insert into contacts (workspace_id, list_id, zones, created_at, updated_at)
  values (1, 'list_1', array['America/New_York'], %(now)s, %(now)s)
""",
    """
insert into targets (workspace_id, campaign_id, contact_id, address, state, created_at)
  select 1, 'camp_1', id, '+12125550101', 'talking', %(now)s from contacts
""",
    """
insert into flow_sessions (workspace_id, campaign_id, target_id, contact_id, flow_id, flow_version,
    status, session, channel_type, started, created_at, updated_at)
  select 1, 'camp_1', id, contact_id, 'flow_1', 1, 'waiting', '{}', 'SMS', '{}', %(now)s, %(now)s
  from targets
""",
    """
insert into flow_timers (session_id, wait, workspace_id, due_at)
  select s.id, n, 1, %(now)s::timestamptz + make_interval(secs => n)
  from flow_sessions s, generate_series(1, 100000) n
""",
)


@pytest.mark.new_database
async def test_a_hundred_thousand_that_wait_are_not_read(
    engine_context: Context, workspace_id: int
) -> None:
    assert workspace_id == 1
    values = {"now": NOW}
    async with engine_context.db.transaction() as tx:
        for statement in (FILL, *MORE):
            await tx.execute(statement, values)
    async with engine_context.db.transaction() as tx:
        await tx.execute("set local role none")
        await tx.execute("analyze campana.flow_timers")
    async with engine_context.db.read() as tx:
        query = "explain (format json, analyze, buffers) " + _SQL["due"]
        row = await (await tx.execute(query, {**values, "limit": 50})).fetchone()
    assert row is not None
    plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
    text = json.dumps(plan)
    assert "flow_timers_in_order" in text
    assert "Seq Scan" not in text
    assert plan[0]["Plan"]["Actual Rows"] == 0
    assert plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"] <= 10
