"""Work and web processes of one Campana. This process is their parent and starts the dead again."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.chaos.network import Host

CAMPANA = ("-m", "campana")
FAILPOINTS = ("-m", "tests.support.chaos.failpoints")
ROOT = Path(__file__).parents[3]
PATIENCE = 120.0


_FIRST_PORT = 20_000 + os.getpid() * 997 % 10_000
_ports = itertools.cycle(range(_FIRST_PORT, _FIRST_PORT + 2_000))
"""Below those the system gives away, to whoever asks for any: one of these stays free until the
program that is told of it takes it, and once more when it is started again."""


def free_port() -> int:
    """A port nobody listens on, which this process gave away to nobody."""
    for port in _ports:
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("ports do not end")


def environment(
    conninfo: str, *, folder: Path, secret_key: str, drain_seconds: int
) -> dict[str, str]:
    """Of a process of Campana: the settings this one was given do not reach it."""
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith("CAMPANA_")},
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
        "CAMPANA_DATABASE_URL": conninfo,
        "CAMPANA_DATA_DIR": str(folder),
        "CAMPANA_SECRET_KEY": secret_key,
        "CAMPANA_DRAIN_SECONDS": str(drain_seconds),
    }


def answers(port: int) -> bool:
    """Is there a web process that says it is well?"""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).is_success
    except httpx.HTTPError:
        return False


@dataclass
class Member:
    """One process, and how it is started."""

    name: str
    words: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    program: Sequence[str] = CAMPANA
    prefix: Sequence[str] = ()
    process: subprocess.Popen[bytes] | None = None
    is_stopped: bool = False

    def start(self, *, program: Sequence[str] | None = None, **environment: str) -> None:
        """Start it, or start it again; one that still lives is killed first."""
        self.kill()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, sys.executable, *(program or self.program), *self.words],
                env={**self.environment, **environment},
                stdout=log,
                stderr=log,
                cwd=ROOT,
            )
        self.is_stopped = False

    @property
    def lives(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """Kill -9, and see it dead."""
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait(PATIENCE)

    def stop(self) -> None:
        self.signal(signal.SIGSTOP)
        self.is_stopped = True

    def go_on(self) -> None:
        self.signal(signal.SIGCONT)
        self.is_stopped = False

    def end(self) -> None:
        """Ask it to end, and see that it does."""
        self.go_on()
        self.signal(signal.SIGTERM)
        if self.process is not None:
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill()
                raise


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A process that nobody killed, and the end of its log."""

    name: str
    pid: int
    code: int
    log: str


class Fleet:
    """All of them. The web processes share the callbacks; each work process names one of them."""

    def __init__(
        self,
        conninfo: str,
        folder: Path,
        *,
        work: int,
        web: int,
        secret_key: str,
        work_conninfo: str | None = None,
        hosts: Sequence[Host] = (),
    ) -> None:
        """Not started yet.

        Args:
            conninfo: of the database.
            folder: for their logs and files.
            work: how many work processes.
            web: how many web processes.
            secret_key: of all of them.
            work_conninfo: of the database, as the work processes reach it where that differs.
            hosts: one for each work process that is not to run on this one.
        """
        self.hosts = {f"work {n + 1}": host for n, host in enumerate(hosts)}
        ports = [free_port() for _ in range(web)]
        shared = environment(
            conninfo, folder=folder / "data", secret_key=secret_key, drain_seconds=3
        )
        self.web = [
            Member(
                name=f"web {n + 1}",
                words=["web", "--port", str(port)],
                environment=shared,
                log=folder / f"web-{n + 1}.log",
            )
            for n, port in enumerate(ports)
        ]
        self.work = [
            Member(
                name=f"work {n + 1}",
                words=["work"],
                environment={
                    **shared,
                    "CAMPANA_DATABASE_URL": work_conninfo or conninfo,
                    "CAMPANA_PUBLIC_URL": f"http://127.0.0.1:{ports[n % web]}",
                    # Its sessions bear its name.
                    "PGAPPNAME": f"work {n + 1}",
                },
                log=folder / f"work-{n + 1}.log",
                prefix=hosts[n].prefix if n < len(hosts) else (),
            )
            for n in range(work)
        ]
        self._ports = ports

    @property
    def members(self) -> list[Member]:
        return [*self.web, *self.work]

    def start(self) -> None:
        for member in self.members:
            member.start()
        deadline = time.monotonic() + PATIENCE
        while not all(answers(port) for port in self._ports):
            if time.monotonic() > deadline:
                raise AssertionError(self.web[0].log.read_text()[-2000:])
            time.sleep(0.1)

    def keep(self) -> list[Ended]:
        """Start the dead again; returns those that ended by themselves."""
        ended: list[Ended] = []
        for member in self.members:
            if member.process is not None and not member.lives:
                if member.process.returncode != -signal.SIGKILL:
                    ended.append(
                        Ended(
                            name=member.name,
                            pid=member.process.pid,
                            code=member.process.returncode,
                            log=member.log.read_text()[-2000:],
                        )
                    )
                member.start()
        return ended

    def end(self) -> None:
        for member in self.members:
            member.go_on()
            member.signal(signal.SIGTERM)
        for member in self.members:
            member.end()


@contextmanager
def running(fleet: Fleet) -> Generator[Fleet]:
    """Started, and at the end all of it gone."""
    try:
        fleet.start()
        yield fleet
        fleet.end()
    finally:
        for member in fleet.members:
            member.kill()
