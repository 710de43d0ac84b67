"""What the benchmarks of the engine stand on: a database, a sandbox, web and work processes.

Everything is real and of its own process but the campaigns' making; all of it ends with the block.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Generator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg

sys.path.insert(0, str(Path(__file__).parents[1]))

from campana import bootstrap
from campana.domain.campaign import ChannelType
from campana.sandbox.plan import Plan
from campana.services.context import Context
from campana.settings import Settings
from campana.store import accounts, migrations, owners
from campana.store.channels import Channel
from campana.store.db import Role
from campana.store.embedded import attach, discard
from tests.support.campaign import Scene, add_channel, launched, person
from tests.support.people import reserved_numbers
from tests.support.sandbox import Sandboxed, sandbox

QUICK = {"reply": [0.0, 0.01], "ring": [0.0, 0.02], "answer": [0.0, 0.05], "talk": [0.0, 0.05]}


@dataclass(kw_only=True)
class Ground:
    """All that runs."""

    folder: Path
    conninfo: str
    engine: Context
    web: Context
    workspace_id: int
    sandboxed: Sandboxed
    url: str
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list[Any])

    async def channel(self, *, rate: float, name: str = "sandbox") -> Channel:
        """A channel on the sandbox."""
        return await add_channel(
            self.web,
            workspace_id=self.workspace_id,
            name=name,
            kind="sandbox",
            config=self.sandboxed.config(),
            rate=rate,
            burst=1,
            lines=10_000,
        )

    async def campaign(self, channel: Channel, *, people: int) -> Scene:
        """A launched campaign on it."""
        return await launched(
            self.engine,
            self.web,
            workspace_id=self.workspace_id,
            channel=channel,
            people=[person(number) for number in reserved_numbers()[:people]],
            window={"always": True},
        )

    def environment(self) -> dict[str, str]:
        """Of every process."""
        return {
            **os.environ,
            "CAMPANA_DATABASE_URL": self.conninfo,
            "CAMPANA_DATA_DIR": str(self.folder / "files"),
            "CAMPANA_PUBLIC_URL": self.url,
            "CAMPANA_PORT": self.url.rpartition(":")[2],
            "CAMPANA_DRAIN_SECONDS": "5",
        }

    def start_worker(self) -> subprocess.Popen[bytes]:
        """One more `campana work`."""
        process = self._start("work")
        self.workers.append(process)
        return process

    async def until_at_work(self, workers: int) -> None:
        """Until so many `campana work` have started: each holds a lock by which it says so."""
        async with await psycopg.AsyncConnection.connect(self.conninfo, autocommit=True) as db:
            while True:
                cursor = await db.execute(
                    "select count(*) from pg_locks where locktype = 'advisory' and granted"
                    " and classid::bigint = %s"
                    " and objid::bigint = hashtext('sandbox')::bigint & 4294967295",
                    (owners.KIND_SPACE,),
                )
                [(found,)] = await cursor.fetchall()
                if found >= workers:
                    return
                await asyncio.sleep(0.2)

    def kill_worker(self) -> None:
        """SIGKILL for the one that has run longest."""
        process = self.workers.pop(0)
        process.kill()
        process.wait()

    @contextmanager
    def web_process(self) -> Generator[None]:
        """`campana web`: callbacks come to it."""
        process = self._start("web")
        address = ("127.0.0.1", int(self.url.rpartition(":")[2]))
        try:
            while True:
                if process.poll() is not None:
                    raise SystemExit((self.folder / "web.log").read_text())
                with contextlib.suppress(OSError), socket.create_connection(address, timeout=1):
                    break
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
            process.wait(20)

    def stop_workers(self) -> None:
        """SIGTERM for all."""
        for process in self.workers:
            process.terminate()
        for process in self.workers:
            process.wait(30)
        self.workers.clear()

    def _start(self, word: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{word}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "campana", word],
                env=self.environment(),
                stdout=log,
                stderr=log,
            )


def processor_seconds(pids: Iterable[int]) -> float:
    """What these processes took so far, user and system; one that has ended counts no more."""
    spent = 0.0
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            spent += sum(psutil.Process(pid).cpu_times()[:2])
    return spent


@asynccontextmanager
async def ground() -> AsyncGenerator[Ground]:
    """Made in a temporary directory, and gone with the block."""
    async with AsyncExitStack() as stack:
        made_folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="campana-bench-"))
        os.chmod(made_folder, 0o755)  # noqa: S103 - the database runs as somebody else
        folder = Path(made_folder)
        embedded = attach(folder / "data")
        stack.callback(discard, folder / "data")
        stack.callback(embedded.close)
        migrations.migrate(embedded.conninfo)
        settings = Settings(data_dir=folder / "files", database_url=embedded.conninfo)
        settings.data_dir.mkdir()
        engine = await stack.enter_async_context(
            bootstrap.opened(settings, embedded.conninfo, role=Role.ENGINE)
        )
        web = await stack.enter_async_context(
            bootstrap.opened(settings, embedded.conninfo, role=Role.WEB)
        )
        async with engine.db.transaction() as tx:
            await accounts.create_workspace(
                tx,
                name="default",
                default_country="US",
                allowed_countries=["US"],
                now=engine.clock.now(),
            )
            found = await accounts.workspace_by_name(tx, name="default")
        if found is None:
            raise SystemExit("the workspace that was just made is gone")
        plan = Plan(mix={ChannelType.VOICE: {"completed": 1}})
        sandboxed = stack.enter_context(sandbox(folder, plan))
        with contextlib.suppress(OSError):
            # The judge's clock: it has to be awake when a send arrives, whatever else runs here.
            os.setpriority(os.PRIO_PROCESS, sandboxed.process.pid, -10)
        sandboxed.change(seconds=QUICK)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        made = Ground(
            folder=folder,
            conninfo=embedded.conninfo,
            engine=engine,
            web=web,
            workspace_id=found.workspace_id,
            sandboxed=sandboxed,
            url=f"http://127.0.0.1:{port}",
        )
        stack.enter_context(made.web_process())
        try:
            yield made
        finally:
            await asyncio.to_thread(made.stop_workers)
