"""The three servers, each with two processes on a port of its own, and what they cost.

They all run for the whole comparison: one that is not asked anything waits. What Campana keeps
besides its web processes (sweeping, background jobs) runs beside all of them.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg.conninfo import conninfo_to_dict

from bench.environment import PYTHON, ROOT

WEB_PROCESSES = 2
_PATIENCE = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that answers on `port`."""

    name: str
    port: int
    process: subprocess.Popen[bytes]

    def web(self) -> list[psutil.Process]:
        """The processes that answer requests."""
        children = psutil.Process(self.process.pid).children()
        if self.name == "campana":
            return [each for each in children if "web" in each.cmdline()]
        return [each for each in children if "resource_tracker" not in " ".join(each.cmdline())]

    def cpu_seconds(self) -> float:
        """What they have used of processors since they were started."""
        return sum(sum(each.cpu_times()[:2]) for each in self.web())


class PostgreSQL:
    """What the database that all of them ask costs."""

    def __init__(self, conninfo: str) -> None:
        with psycopg.connect(conninfo) as conn:
            self.version = str(conn.info.parameter_status("server_version"))
            postmaster = psutil.Process(conn.info.backend_pid).parent()
        if postmaster is None:
            raise SystemExit("a server process of PostgreSQL without a parent")
        self._postmaster = postmaster

    def cpu_seconds(self) -> float:
        """What its processes have used; of those that have ended too."""
        # User and system time, its own, then that of children it has buried.
        total = sum(self._postmaster.cpu_times()[:4])
        for each in self._postmaster.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                total += sum(each.cpu_times()[:2])
        return total


@contextlib.contextmanager
def campana(data_dir: Path, log: Path) -> Generator[Server]:
    """`campana serve` as it is shipped, with two web processes and no voice worker."""
    port = _free_port()
    with _started(
        "campana",
        [sys.executable, "-m", "campana", "serve", "--port", str(port)],
        port,
        log,
        CAMPANA_DATA_DIR=str(data_dir),
        CAMPANA_WEB_PROCESSES=str(WEB_PROCESSES),
        CAMPANA_VOICE_PROCESSES="0",
    ) as server:
        yield server


@contextlib.contextmanager
def floor(log: Path) -> Generator[Server]:
    """Bodies made beforehand."""
    port = _free_port()
    with _started("floor", _uvicorn(Path(sys.executable), "floor", port), port, log) as server:
        yield server


@contextlib.contextmanager
def orm(conninfo: str, log: Path) -> Generator[Server]:
    """FastAPI and SQLAlchemy on the same database."""
    port = _free_port()
    given = conninfo_to_dict(conninfo)
    database = {
        "host": given["host"],
        "port": int(given["port"] or 5432),
        "user": given["user"],
        "database": given["dbname"],
    }
    command = _uvicorn(PYTHON, "orm", port)
    with _started("orm", command, port, log, BENCH_DATABASE=json.dumps(database)) as server:
        yield server


def get(port: int, target: str, key: str) -> tuple[int, Any]:
    """One request on a connection of its own: status and JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", target, headers={"Authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        body = answer.read()
    return answer.status, json.loads(body) if body else None


def _uvicorn(python: Path, module: str, port: int) -> list[str]:
    return [
        *(str(python), "-m", "uvicorn", f"bench.api.{module}:app", "--port", str(port)),
        *("--workers", str(WEB_PROCESSES), "--loop", "uvloop", "--http", "httptools"),
        *("--ws", "none", "--lifespan", "off", "--log-level", "warning"),
        *("--no-access-log", "--no-server-header"),
    ]


@contextlib.contextmanager
def _started(
    name: str, command: Sequence[str], port: int, log: Path, **settings: str
) -> Generator[Server]:
    environment: Mapping[str, str] = {
        **{key: text for key, text in os.environ.items() if not key.startswith("CAMPANA_")},
        **settings,
    }
    with log.open("wb") as written:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=written, stderr=written
        )
    try:
        server = Server(name=name, port=port, process=process)
        _await(server, log)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()


def _await(server: Server, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        with contextlib.suppress(OSError, psutil.NoSuchProcess):
            get(server.port, "/", "")
            if len(server.web()) == WEB_PROCESSES:
                return
        if server.process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"{server.name} does not answer:\n{log.read_text()[-2_000:]}")
        time.sleep(0.1)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
