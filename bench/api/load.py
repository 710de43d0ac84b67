"""One measurement: clients press a server for some seconds, maybe while somebody writes."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, LiteralString, cast

import psycopg

from bench.api import client
from bench.api.servers import PostgreSQL, Server

CLIENTS = 2

_WARM_SECONDS = 0.3

_CHANGE: LiteralString = """
update campana.campaigns set description = 'Changed ' || version, version = version + 1
where id = %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """What is asked of a server, by whom and how hard."""

    targets: Sequence[str]
    key: str
    connections: int
    seconds: float
    warm_requests: int
    """How often each client asks, and for a moment at least, before it is measured."""
    first: int = 0
    """Where in the targets to begin; of unique requests, the number of the first."""
    is_unique: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came of it: answers a second, and what an answer took (milliseconds of waiting,
    microseconds of processors)."""

    rate: float
    p50_ms: float
    p99_ms: float
    web_us: float
    database_us: float
    writes: int = 0


def measure(
    server: Server, press: Press, *, database: PostgreSQL, writer: Writer | None = None
) -> Seen:
    """Press a server with several clients at once.

    Raises:
        SystemExit: a client got anything but whole answers with status 200.
    """
    with contextlib.ExitStack() as ended:
        clients = [ended.enter_context(_client(server, press, n)) for n in range(CLIENTS)]
        for each in clients:
            _line(each, "ready")
        if writer:
            ended.enter_context(writer.writing())
        web, backend = server.cpu_seconds(), database.cpu_seconds()
        for each in clients:
            _tell(each, "go")
        results: list[dict[str, Any]] = [json.loads(_line(each)) for each in clients]
        web, backend = server.cpu_seconds() - web, database.cpu_seconds() - backend
    count = sum(each["count"] for each in results)
    return Seen(
        rate=sum(each["count"] / each["seconds"] for each in results),
        p50_ms=1_000 * sum(each["p50"] for each in results) / CLIENTS,
        p99_ms=1_000 * max(each["p99"] for each in results),
        web_us=1_000_000 * web / count,
        database_us=1_000_000 * backend / count,
        writes=writer.count if writer else 0,
    )


@dataclass(slots=True, kw_only=True)
class Writer:
    """Somebody who changes one campaign after another, every `interval` seconds."""

    conninfo: str
    ids: Sequence[str]
    interval: float
    count: int = field(default=0, init=False)

    @contextlib.contextmanager
    def writing(self) -> Generator[None]:
        """Writes while the block lasts."""
        self.count = 0
        stop = threading.Event()
        thread = threading.Thread(target=self._write, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _write(self, stop: threading.Event) -> None:
        with psycopg.connect(
            self.conninfo, autocommit=True, options="-c search_path=campana"
        ) as conn:
            began = time.monotonic()
            while not stop.wait(max(0, began + self.count * self.interval - time.monotonic())):
                conn.execute(_CHANGE, (self.ids[self.count * 7 % len(self.ids)],))
                self.count += 1


@contextlib.contextmanager
def _client(server: Server, press: Press, number: int) -> Generator[subprocess.Popen[str]]:
    told = {
        "port": server.port,
        "targets": list(press.targets),
        "key": press.key,
        "connections": press.connections // CLIENTS,
        "seconds": press.seconds,
        "warmSeconds": _WARM_SECONDS,
        "warmRequests": press.warm_requests,
        # Far apart: two clients must neither walk in step nor ask the same unique thing.
        "first": press.first + number * (10**7 + len(press.targets) // 2),
        "isUnique": press.is_unique,
    }
    process = subprocess.Popen(
        [sys.executable, client.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            _tell(process, json.dumps(told))
            yield process
        finally:
            process.terminate()


def _tell(process: subprocess.Popen[str], line: str) -> None:
    told = cast("IO[str]", process.stdin)
    told.write(line + "\n")
    told.flush()


def _line(process: subprocess.Popen[str], wanted: str | None = None) -> str:
    line = cast("IO[str]", process.stdout).readline().strip()
    if not line or (wanted and line != wanted):
        raise SystemExit(f"a client ended: {line or 'its reason is above'}")
    return line
