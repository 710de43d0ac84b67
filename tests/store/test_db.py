"""What a transaction of each kind may do; tables play no part."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from campana.domain.errors import Unavailable
from campana.services.context import Context
from campana.store.db import Role, Tx, session_options

HOW = """
select current_setting('transaction_isolation'), current_setting('transaction_read_only'),
  current_setting('campana.workspace_id', true)
"""


async def how(tx: Tx) -> object:
    return await (await tx.execute(HOW)).fetchone()


async def test_reading_sees_one_snapshot_of_its_workspace_and_writes_nothing(
    context: Context,
) -> None:
    async with context.db.read(workspace_id=7) as tx:
        assert await how(tx) == ("repeatable read", "on", "7")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await tx.execute("create table t ()")


async def test_a_connection_that_has_read_writes_again(engine_context: Context) -> None:
    async def read_and_fail() -> None:
        async with engine_context.db.read() as tx:
            backends.append(tx.info.backend_pid)
            raise ZeroDivisionError

    backends: list[int] = []
    with pytest.raises(ZeroDivisionError):
        await read_and_fail()
    async with engine_context.db.transaction() as tx:
        assert backends == [tx.info.backend_pid]
        assert await how(tx) in {
            ("read committed", "off", None),
            # What a setting of an ended transaction leaves behind.
            ("read committed", "off", ""),
        }


async def test_reading_on_a_connection_that_breaks_says_that_the_database_does_not_answer(
    context: Context, conninfo: str
) -> None:
    async def read_on_a_broken_one() -> None:
        async with context.db.read() as tx:
            with psycopg.connect(conninfo, autocommit=True) as other:
                other.execute("select pg_terminate_backend(%s, 5000)", (tx.info.backend_pid,))
            await tx.execute("select 1")

    with pytest.raises(Unavailable):
        await read_on_a_broken_one()


async def test_a_transaction_that_sleeps_ends_and_says_that_the_database_does_not_answer(
    engine_context: Context,
) -> None:
    async def sleep_in_it() -> None:
        async with engine_context.db.transaction() as tx:
            await tx.execute("set local idle_in_transaction_session_timeout = '20ms'")
            # The server says good-bye on the wire; a stopped process would read it as late as we.
            await asyncio.to_thread(until_gone, tx.info.backend_pid, engine_context.db.conninfo)
            await tx.execute("select 1")

    with pytest.raises(Unavailable):
        await sleep_in_it()
    async with engine_context.db.transaction() as tx:
        shown = await (await tx.execute("show idle_in_transaction_session_timeout")).fetchone()
    assert shown == ("10s",)


def until_gone(backend: int, conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as other:
        while other.execute("select from pg_stat_activity where pid = %s", (backend,)).rowcount:
            pass


def test_both_ends_watch_a_connection_over_tcp(engine_context: Context) -> None:
    ours = conninfo_to_dict(engine_context.db.conninfo)
    for what, seconds in {"idle": 2, "interval": 2, "count": 3}.items():
        assert ours[f"keepalives_{what}"] == seconds or ours[f"keepalives_{what}"] == str(seconds)
        # The server's: else the locks of a host that vanished are held for hours.
        assert f"-c tcp_keepalives_{what}={seconds}" in session_options(Role.ENGINE)
