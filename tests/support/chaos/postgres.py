"""A PostgreSQL of the bundled programs whose postmaster is a child of this process.

What `pg_ctl` does by signals is done by signals here: the bundled copy has no `pg_ctl`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from campana.store.embedded_binaries import Programs, programs
from tests.support.chaos.fleet import free_port

_PORT = 5432
_PATIENCE = 120.0
_SMALL = 1 << 30

_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    # The processes crash here, never the machine: a commit has to reach the kernel and no further.
    "fsync": "off",
    "full_page_writes": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Postgres:
    """A server in a directory of its own. `folder` must be one that everybody may pass."""

    def __init__(
        self, folder: Path, *, settings: Mapping[str, str] | None = None, peers: str | None = None
    ) -> None:
        """Not made yet.

        Args:
            folder: where it will live.
            settings: over our own.
            peers: hosts, as a network, that may come by TCP to a free port of 127.0.0.1.
        """
        self._peers = peers
        self.port = free_port() if peers else _PORT
        self._folder = folder
        self._cluster = folder / "cluster"
        self._settings = {**_SETTINGS, "port": str(self.port), **(settings or {})}
        if peers:
            self._settings["listen_addresses"] = "127.0.0.1"
        self._programs: Programs = programs(major=18, cluster=self._cluster)
        self._process: subprocess.Popen[bytes] | None = None
        self._ballast = folder / "ballast"
        # Beside the folder: a server whose disk is full still says so.
        self.log = folder.with_name(folder.name + ".log")

    @property
    def conninfo(self) -> str:
        """Of its superuser."""
        return make_conninfo(
            host=str(self._folder),
            port=self.port,
            user="campana",
            dbname="campana",
            connect_timeout=5,
        )

    @property
    def conninfo_of_peers(self) -> str:
        """The same, by TCP."""
        return make_conninfo(self.conninfo, host="127.0.0.1")

    def make(self) -> None:
        """The files of the server, and our empty database."""
        self._folder.mkdir(exist_ok=True)
        if account := self._programs.account:
            os.chown(self._folder, account.uid, account.gid)
        self._folder.chmod(0o755)
        made = self._programs.start(
            "initdb",
            *("--pgdata", str(self._cluster), "--username", "campana", "--no-sync"),
            *("--auth=trust", "--locale=C", "--encoding=UTF8", "--no-instructions"),
            output=subprocess.DEVNULL,
        )
        assert made.wait() == 0
        if self._peers:
            with (self._cluster / "pg_hba.conf").open("a") as access:
                access.write(f"host all all {self._peers} trust\n")
        self.start()
        with psycopg.connect(make_conninfo(self.conninfo, dbname="postgres"), autocommit=True) as c:
            c.execute("create database campana")

    def start(self, *, patience: float = _PATIENCE) -> None:
        """Start it where it does not run, and wait until it answers, as long as a recovery
        takes."""
        words = [
            word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")
        ]
        words += ["-c", f"unix_socket_directories={self._folder}"]
        if self._process is None or self._process.poll() is not None:
            with self.log.open("ab") as log:
                self._process = self._programs.start(
                    "postgres", "-D", str(self._cluster), *words, output=log.fileno()
                )
        deadline = time.monotonic() + patience
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(self.log.read_text()[-2000:])
            time.sleep(0.05)

    def answers(self) -> bool:
        """Can one connect now?"""
        try:
            with psycopg.connect(make_conninfo(self.conninfo, dbname="postgres")):
                return True
        except psycopg.OperationalError:
            return False

    def stop(self, *, immediate: bool = False) -> None:
        """With a checkpoint, or leaving recovery to do (`pg_ctl stop -m immediate`)."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT if immediate else signal.SIGINT)
            try:
                self._process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                raise
        self._process = None

    def fill_disk(self) -> None:
        """Leave no byte free in its file system, which had better be a small one of its own."""
        free = os.statvfs(self._folder).f_bavail * os.statvfs(self._folder).f_frsize
        if free > _SMALL:
            raise AssertionError(f"{self._folder} is no small file system: {free} bytes are free")
        with suppress(OSError), self._ballast.open("wb", buffering=0) as ballast:
            while True:
                ballast.write(bytes(1 << 16))

    def empty_disk(self) -> None:
        """Let it have its space again."""
        self._ballast.unlink(missing_ok=True)

    def cut(self, *, owners: bool) -> int:
        """Break sessions of Campana's while it lives; returns how many: those that hold a worker's
        identity, or else the others."""
        with psycopg.connect(self.conninfo, autocommit=True) as superuser:
            rows = superuser.execute(
                "select pg_terminate_backend(a.pid) from pg_stat_activity a"
                " where a.pid <> pg_backend_pid() and a.datname = 'campana'"
                " and %s = exists (select from pg_locks l where l.pid = a.pid and l.granted"
                "  and l.locktype = 'advisory' and l.objsubid = 2)",
                (owners,),
            ).fetchall()
        return len(rows)


@contextmanager
def postgres(
    folder: Path, *, settings: Mapping[str, str] | None = None, peers: str | None = None
) -> Generator[Postgres]:
    """A running server, gone at the end."""
    server = Postgres(folder, settings=settings, peers=peers)
    try:
        server.make()
        yield server
    finally:
        server.stop(immediate=True)
