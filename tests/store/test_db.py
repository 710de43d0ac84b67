"""What a transaction of each kind may do; tables play no part."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from campana.domain.errors import Unavailable
from campana.services.context import Context
from campana.store.db import Role, Tx, once_more, session_options
from tests.support.locks import StandingStill

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


@pytest.mark.parametrize("awaits", [False, True])
async def test_a_transaction_that_stands_still_is_ended_and_done_again_once(
    awaits: bool, engine_context: Context, conninfo: str
) -> None:
    async def backend(tx: Tx) -> int:
        await tx.execute("select 1")
        return tx.info.backend_pid

    still = StandingStill(backend, conninfo=conninfo, awaits=awaits)

    @once_more
    async def act() -> int:
        async with engine_context.db.transaction() as tx:
            return await still(tx)

    assert await act() > 0
    assert still.calls == 2
    still = StandingStill(backend, conninfo=conninfo, times=2, awaits=awaits)
    with pytest.raises(Unavailable, match="stood still"):
        await act()
    # Connections that are left are as good as any.
    async with engine_context.db.transaction() as tx:
        shown = await (await tx.execute("show idle_in_transaction_session_timeout")).fetchone()
    assert shown == ("10s",)


async def test_what_the_database_did_not_answer_is_not_done_again(
    engine_context: Context, conninfo: str
) -> None:
    calls = 0

    @once_more
    async def act() -> None:
        nonlocal calls
        calls += 1
        async with engine_context.db.transaction() as tx:
            with psycopg.connect(conninfo, autocommit=True) as other:
                other.execute("select pg_terminate_backend(%s, 5000)", (tx.info.backend_pid,))
            await tx.execute("select 1")

    with pytest.raises(Unavailable):
        await act()
    assert calls == 1


def test_both_ends_watch_a_connection_over_tcp(engine_context: Context) -> None:
    ours = conninfo_to_dict(engine_context.db.conninfo)
    for what, seconds in {"idle": 2, "interval": 2, "count": 3}.items():
        assert ours[f"keepalives_{what}"] == seconds or ours[f"keepalives_{what}"] == str(seconds)
        # The server's: else the locks of a host that vanished are held for hours.
        assert f"-c tcp_keepalives_{what}={seconds}" in session_options(Role.ENGINE)
