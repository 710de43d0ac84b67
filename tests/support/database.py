"""Real PostgreSQL for tests: one migrated template, a database as it left it for each test.

The server is the embedded one in a directory of this run, unless CAMPANA_TEST_DATABASE_URL names
another (a superuser of PostgreSQL 16 or newer).
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from campana.blobs import Blobs
from campana.carriers import load_all
from campana.services.context import Context
from campana.services.outbound import Outbound
from campana.services.secrets import Secrets
from campana.store import accounts, migrations
from campana.store.db import Database, Role
from tests.support.clones import Clones
from tests.support.folders import attached, open_folder

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
"""Tuesday, 11:00 in New York, 08:00 in Los Angeles: everywhere in the contiguous US is open."""

SECRET_KEY = "dGVzdHMgc2VhbCB0aGVpciBzZWNyZXRzIHdpdGggaXQ="


async def resolve_nothing(host: str) -> Sequence[str]:
    """Names of tests: `public.example.com` has an address nobody connects to, others have none."""
    return ["93.184.216.34"] if host == "public.example.com" else []


@dataclass
class FixedClock:
    """A clock that stands where the test puts it."""

    moment: datetime = NOW
    is_steady: bool = True

    def now(self) -> datetime:
        return self.moment

    def forward(self, **span: float) -> datetime:
        self.moment += timedelta(**span)
        return self.moment


@dataclass
class SeededEntropy:
    """Different bytes each time, and for each of the ids of ten that are cut from them; the same in
    every run."""

    count: int = 0

    def __call__(self, size: int) -> bytes:
        made = b""
        while len(made) < size:
            self.count += 1
            made += self.count.to_bytes(min(10, size - len(made)), "big")
        return made


@pytest.fixture(scope="session")
def run_name() -> str:
    """What all processes of this run share and no other run does, not even one that was killed
    and left its files."""
    return f"campana-tests-{os.environ.get('PYTEST_XDIST_TESTRUNUID') or uuid.uuid4().hex}"


@pytest.fixture(scope="session")
def server(run_name: str) -> Iterator[str]:
    """Connection string of a server on which databases may be made."""
    given = os.environ.get("CAMPANA_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with open_folder(run_name) as folder, attached(folder / "server") as conninfo:
        with psycopg.connect(conninfo, autocommit=True) as conn:
            # Nothing here has to outlive the power; every test makes and drops a database.
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                conn.execute(f"alter system set {setting} = off")  # pyright: ignore[reportArgumentType, reportCallIssue]
            conn.execute("select pg_reload_conf()")
        yield conninfo


@pytest.fixture(scope="session")
def template(server: str, run_name: str) -> Iterator[str]:
    """A migrated database nobody connects to; made once for all processes of the run."""
    path = Path(tempfile.gettempdir(), run_name + ".lock")
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with psycopg.connect(server, autocommit=True) as conn:
            known = conn.execute(
                "select 1 from pg_database where datname = %s", (run_name,)
            ).fetchone()
            if not known:
                conn.execute(f'create database "{run_name}"')  # pyright: ignore[reportArgumentType, reportCallIssue]
                migrations.migrate(make_conninfo(server, dbname=run_name))
    yield run_name
    path.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def clones(server: str, template: str) -> Iterator[Clones]:
    made = Clones(server, template)
    yield made
    made.close()


@pytest.fixture
def conninfo(clones: Clones, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database as the migrations leave it for this test alone, as its superuser."""
    if request.node.get_closest_marker("new_database"):
        clones.close()
    yield clones.take()
    clones.give_back()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def engine_context(
    conninfo: str, tmp_path: Path, clock: FixedClock
) -> AsyncIterator[Context]:
    """A context whose database sees every workspace, with one workspace `default` that may call
    the US."""
    db = Database(conninfo, role=Role.ENGINE)
    await db.open()
    async with db.transaction() as tx:
        await accounts.create_workspace(
            tx, name="default", default_country="US", allowed_countries=["US"], now=clock.now()
        )
    yield Context(
        db=db,
        clock=clock,
        entropy=SeededEntropy(),
        blobs=Blobs(root=tmp_path / "blobs"),
        carriers=load_all(),
        secrets=Secrets.of([SECRET_KEY]),
        outbound=Outbound(allow_loopback=True, resolve=resolve_nothing),
    )
    await db.close()


@pytest.fixture
async def context(engine_context: Context, conninfo: str) -> AsyncIterator[Context]:
    """The same database as the web role sees it: bound to the workspace of each transaction."""
    db = Database(conninfo, role=Role.WEB)
    await db.open()
    yield replace(engine_context, db=db)
    await db.close()


@pytest.fixture
async def workspace_id(engine_context: Context) -> int:
    async with engine_context.db.read() as tx:
        found = await accounts.workspace_by_name(tx, name="default")
    assert found is not None
    return found.workspace_id
