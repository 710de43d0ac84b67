"""Alive, ready, measured: what machines ask without a key."""

from __future__ import annotations

import httpx
import psycopg
from psycopg import sql

from campana.services.context import Context
from tests.support.campaign import launched
from tests.support.database import FixedClock
from tests.web.calls import place
from tests.web.rows import codes


async def test_alive_needs_no_database(anonymous: httpx.AsyncClient, context: Context) -> None:
    await context.db.close()
    answer = await anonymous.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_ready_when_database_schema_and_clock_are(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


async def test_not_ready_without_a_database(anonymous: httpx.AsyncClient, context: Context) -> None:
    await context.db.close()
    answer = await anonymous.get("/readyz")
    assert (answer.status_code, codes(answer).keys()) == (503, {"/database"})
    assert answer.headers["retry-after"] == "1"


async def test_not_ready_while_the_clock_jumps(
    anonymous: httpx.AsyncClient, clock: FixedClock
) -> None:
    clock.is_steady = False
    answer = await anonymous.get("/readyz")
    assert (answer.status_code, codes(answer).keys()) == (503, {"/clock"})
    clock.is_steady = True
    assert (await anonymous.get("/readyz")).status_code == 200


async def test_not_ready_on_another_schema_but_not_put_out_by_a_later_one(
    anonymous: httpx.AsyncClient, conninfo: str
) -> None:
    def record(statement: str) -> None:
        with psycopg.connect(conninfo, autocommit=True) as conn:
            conn.execute(sql.SQL(statement))  # pyright: ignore[reportArgumentType]

    newer = "public.schema_migrations values ('9999')"
    record(f"insert into {newer}")
    answer = await anonymous.get("/readyz")
    assert (answer.status_code, codes(answer).keys()) == (503, {"/schema"})
    record("delete from public.schema_migrations where version = '9999'")
    assert (await anonymous.get("/readyz")).status_code == 200
    # The next release has migrated: this process goes on until it is replaced.
    record(f"insert into {newer}")
    assert (await anonymous.get("/readyz")).status_code == 200


async def test_metrics_tell_what_is_going_on_over_all_workspaces(
    anonymous: httpx.AsyncClient,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    elsewhere: int,
) -> None:
    for workspace in (workspace_id, elsewhere):
        async with engine_context.db.transaction() as tx:
            await tx.execute("update workspaces set allowed_countries = '{US}'")
        scene = await launched(engine_context, context, workspace_id=workspace)
        claimed, *_ = await scene.claim()
        await place(scene, claimed)
    answer = await anonymous.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.text.splitlines()
    assert 'campana_activity{state="running",what="campaigns"} 2.0' in lines
    assert 'campana_activity{state="intent",what="attempts"} 4.0' in lines
    assert 'campana_activity{state="sending",what="attempts"} 2.0' in lines


async def test_metrics_name_no_workspace_number_or_address(
    anonymous: httpx.AsyncClient,
    engine_context: Context,
    context: Context,
    workspace_id: int,
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    await scene.claim()
    text = (await anonymous.get("/metrics")).text
    for secret in (scene.campaign_id, "+1212", "default", "Ana"):
        assert secret not in text
