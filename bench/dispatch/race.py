"""One run of either side: everything preloaded, the workers up and idle, then the word to go.

A run lasts from the word to go until the last row is written, by the database's clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil
import psycopg
from psycopg.conninfo import make_conninfo

from bench.api.servers import PostgreSQL
from bench.dispatch import ground as grounds
from bench.dispatch.ground import Ground
from bench.environment import PYTHON, ROOT
from campana.store.owners import LOCK_SPACE

THREADS = 100
"""Contacts one Celery worker has in hand at once: more make it no faster."""

_PATIENCE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run came to. Seconds are of the clock or of processors."""

    contacts: int
    seconds: float
    workers_cpu: float
    database_cpu: float
    broker_cpu: float = 0.0

    @property
    def rate(self) -> float:
        """Contacts a second."""
        return self.contacts / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of processors for a contact, everything together."""
        return 1e6 * (self.workers_cpu + self.database_cpu + self.broker_cpu) / self.contacts


def campana(
    ground: Ground,
    campaign_ids: Sequence[str],
    *,
    workers: int,
    log: Path,
    record: Path | None = None,
) -> Ran:
    """A set of campaigns that are ready, from their resumption to the last end."""
    command = [sys.executable, "-m", "bench.dispatch.worker"]
    environment = {
        "CAMPANA_DATABASE_URL": ground.conninfo,
        "CAMPANA_DATA_DIR": str(ground.settings.data_dir),
        **({"BENCH_RECORD": str(record)} if record else {}),
    }
    database = PostgreSQL(ground.conninfo)
    with _workers([command] * workers, environment, log) as processes:
        _until(lambda: _living(ground.conninfo) >= workers, processes, log)
        time.sleep(0.5)
        before = _cpu(processes), database.cpu_seconds()
        began = asyncio.run(grounds.begin(ground, campaign_ids))
        asyncio.run(grounds.wait_over(ground.conninfo, campaign_ids, seconds=240))
        after = _cpu(processes), database.cpu_seconds()
    with psycopg.connect(ground.conninfo, options="-c search_path=campana") as conn:
        rows = conn.execute(
            "select count(*), count(distinct target_id), max(ended_at) from attempts"
            " where campaign_id = any(%s) and disposition = 'delivered'",
            (campaign_ids,),
        ).fetchall()
        [[enrolled]] = conn.execute(
            "select count(*) from targets where campaign_id = any(%s)", (campaign_ids,)
        ).fetchall()
    [[attempts, reached, ended]] = rows
    if not enrolled == attempts == reached:
        raise SystemExit(f"{enrolled} people, {attempts} attempts delivered to {reached} of them")
    return Ran(
        contacts=reached,
        seconds=(ended - began).total_seconds(),
        workers_cpu=after[0] - before[0],
        database_cpu=after[1] - before[1],
    )


def celery(conninfo: str, broker: Broker, *, workers: int, contacts: int, log: Path) -> Ran:
    """A queue of so many tasks, from the moment it is there to the last row."""
    environment = {"BENCH_REDIS": broker.url, "BENCH_DATABASE": conninfo}
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("truncate attempts")
    preload = (
        "from bench.dispatch.rival import preload; preload(((n, f'+1{n:010d}') for n in"
        f" range({contacts})), queue='preloaded')"
    )
    subprocess.run(
        [str(PYTHON), "-c", preload], cwd=ROOT, env=_environment(environment), check=True
    )
    commands = [
        [
            *(str(PYTHON), "-m", "celery", "-A", "bench.dispatch.rival", "worker"),
            *("--pool", "threads", "--concurrency", str(THREADS), "-n", f"worker{n}@bench"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "WARNING"),
        ]
        for n in range(workers)
    ]
    database = PostgreSQL(conninfo)
    with _workers(commands, environment, log) as processes:
        _until(lambda: broker.readers() >= workers, processes, log)
        time.sleep(1.0)
        before = _cpu(processes), database.cpu_seconds(), broker.cpu_seconds()
        began = _now(conninfo)
        broker.run("rename", "preloaded", "contacts")
        _until(
            lambda: _rows(conninfo) >= contacts,
            processes,
            log,
            seconds=240,
        )
        after = _cpu(processes), database.cpu_seconds(), broker.cpu_seconds()
    with psycopg.connect(conninfo) as conn:
        [[rows, people, ended]] = conn.execute(
            "select count(*), count(distinct contact_id), max(at) from attempts"
        ).fetchall()
    if not rows == people == contacts:
        raise SystemExit(f"Celery wrote {rows} rows of {people} people, not of {contacts}")
    return Ran(
        contacts=contacts,
        seconds=(ended - began).total_seconds(),
        workers_cpu=after[0] - before[0],
        database_cpu=after[1] - before[1],
        broker_cpu=after[2] - before[2],
    )


def rival_database(conninfo: str) -> str:
    """A database of its own on the same server for the other side; returns where it is."""
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("create database rival")
    own = make_conninfo(conninfo, dbname="rival")
    with psycopg.connect(own, autocommit=True) as conn:
        conn.execute(
            "create table attempts (id bigint generated always as identity primary key,"
            " contact_id bigint not null, address text not null, outcome text not null,"
            " at timestamptz not null default clock_timestamp())"
        )
    return own


class Broker:
    """A Redis of our own on a socket, that keeps nothing on disk."""

    def __init__(self, process: subprocess.Popen[bytes], socket: Path) -> None:
        self._process = psutil.Process(process.pid)
        self._socket = socket
        self.url = f"redis+socket://{socket}"

    def run(self, *command: str) -> str:
        """One command, as `redis-cli` takes it."""
        done = subprocess.run(
            ["redis-cli", "-s", str(self._socket), *command],
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def readers(self) -> int:
        """How many wait for something to come into a queue."""
        clients = self.run("client", "list")
        return sum("cmd=brpop" in line for line in clients.splitlines())

    def cpu_seconds(self) -> float:
        """What it has used."""
        return sum(self._process.cpu_times()[:2])


@contextlib.contextmanager
def redis(folder: Path) -> Generator[Broker]:
    """Debian's redis-server, as long as the block lasts."""
    socket = folder / "redis.sock"
    process = subprocess.Popen(
        [
            *("redis-server", "--port", "0", "--unixsocket", str(socket)),
            *("--save", "", "--appendonly", "no", "--dir", str(folder), "--loglevel", "warning"),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        broker = Broker(process, socket)
        deadline = time.monotonic() + _PATIENCE
        while not socket.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("redis-server does not start")
            time.sleep(0.05)
        yield broker
    finally:
        process.terminate()
        process.wait(_PATIENCE)


@contextlib.contextmanager
def _workers(
    commands: Sequence[Sequence[str]], environment: Mapping[str, str], log: Path
) -> Generator[list[subprocess.Popen[bytes]]]:
    processes: list[subprocess.Popen[bytes]] = []
    with log.open("wb") as written:
        try:
            processes.extend(
                subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env=_environment(environment),
                    stdout=written,
                    stderr=written,
                )
                for command in commands
            )
            yield processes
        finally:
            for process in processes:
                process.send_signal(signal.SIGTERM)
            for process in processes:
                try:
                    process.wait(_PATIENCE)
                except subprocess.TimeoutExpired:
                    process.kill()


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CAMPANA_", "BENCH_"))}
    return {**kept, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", "C_FORCE_ROOT": "1", **own}


def _until(
    is_so: Callable[[], bool],
    processes: Sequence[subprocess.Popen[bytes]],
    log: Path,
    *,
    seconds: float = _PATIENCE,
) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        if any(process.poll() is not None for process in processes):
            raise SystemExit(f"a worker ended:\n{log.read_text()[-3_000:]}")
        if time.monotonic() > deadline:
            raise SystemExit(f"too late:\n{log.read_text()[-3_000:]}")
        time.sleep(0.05)


def _cpu(processes: Sequence[subprocess.Popen[bytes]]) -> float:
    return sum(sum(psutil.Process(each.pid).cpu_times()[:2]) for each in processes)


def _rows(conninfo: str) -> int:
    with psycopg.connect(conninfo) as conn:
        [[count]] = conn.execute("select count(*) from attempts").fetchall()
    return count


def _living(conninfo: str) -> int:
    """Workers that hold their identity: each says so by an advisory lock (`store/owners.py`)."""
    query = "select count(*) from pg_locks where locktype = 'advisory' and classid = %s"
    with psycopg.connect(conninfo) as conn:
        [[count]] = conn.execute(query, (LOCK_SPACE,)).fetchall()
    return count


def _now(conninfo: str) -> datetime:
    with psycopg.connect(conninfo) as conn:
        [[now]] = conn.execute("select clock_timestamp()").fetchall()
    return now
