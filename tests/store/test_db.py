"""What a transaction of each kind may do; tables play no part."""

from __future__ import annotations

import psycopg
import pytest

from campana.domain.errors import Unavailable
from campana.services.context import Context
from campana.store.db import Tx

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
