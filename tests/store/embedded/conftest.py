"""A data directory for one test, its user processes, and proof that nothing is left running."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from campana.store import embedded
from campana.store.embedded_layout import Layout, layout_of, try_lock

USER_PROGRAM = Path(__file__).with_name("user_process.py")
LINGER_SECONDS = "0.3"


@dataclass(kw_only=True)
class User:
    """A process that uses the server."""

    process: subprocess.Popen[str]

    @property
    def conninfo(self) -> str:
        return self.answer().removeprefix("attached ")

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def sql(self, statement: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(f"sql {statement}\n")
        self.process.stdin.flush()
        return self.answer()

    def leave(self) -> None:
        self.process.communicate()
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@dataclass(kw_only=True)
class Place:
    """One data directory under test."""

    data_dir: Path
    users: list[User] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)

    @property
    def layout(self) -> Layout:
        return layout_of(self.data_dir)

    def enter(
        self,
        *words: str,
        python: str = sys.executable,
        program: Path = USER_PROGRAM,
        environment: dict[str, str] | None = None,
        uid: int | None = None,
    ) -> User:
        """Start a user without waiting for its attachment."""
        process = subprocess.Popen(
            [python, "-P", str(program), str(self.data_dir), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
            cwd="/",
            text=True,
        )
        self.users.append(User(process=process))
        return self.users[-1]

    def attached(self, *words: str) -> User:
        """Start a user and wait until it is attached."""
        user = self.enter(*words)
        answer = user.answer()
        assert answer.startswith("attached "), answer
        self.look()
        return user

    def look(self) -> tuple[int, int]:
        """The ids of the supervisor and the postmaster, which must both be gone at the end."""
        supervisor = int(self.layout.supervisor_lock.read_text())
        postmaster = int((self.layout.cluster / "postmaster.pid").read_text().split()[0])
        self.seen |= {supervisor, postmaster}
        return supervisor, postmaster

    def ask(self, statement: str, *, conninfo: str | None = None) -> object:
        """The first value that `statement` yields, on a connection of its own."""
        conninfo = conninfo or f"host={self.layout.socket_dir} user=campana dbname=campana"
        with psycopg.connect(conninfo, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Look until it is so; the test's own time limit ends a wait in vain."""
        while not is_so():
            select.select([], [], [], 0.01)

    def can_lock(self, path: Path, *, exclusive: bool) -> bool:
        lock = try_lock(path, exclusive=exclusive)
        if lock is not None:
            lock.close()
        return lock is not None

    def when_gone(self, pid: int) -> None:
        """Return once process `pid` has ended (it stays a zombie where nobody reaps orphans)."""
        self.wait_until(lambda: not is_alive(pid))

    def stop(self) -> None:
        """Stop the server that no user is left of, without its lingering."""
        supervisor, postmaster = self.look()
        os.kill(supervisor, signal.SIGTERM)
        self.when_gone(supervisor)
        self.when_gone(postmaster)

    def leave_nothing(self) -> None:
        """End all users and the server, remove every file, and prove it."""
        for user in self.users:
            user.kill()
        if self.layout.home.exists():
            cluster = self.layout.cluster
            embedded.discard(self.data_dir)
            assert not cluster.exists()
        for pid in self.seen:
            self.when_gone(pid)
        assert not self.layout.socket_dir.exists()
        assert processes_naming(self.layout.home) == []


def is_alive(pid: int) -> bool:
    """Whether process `pid` runs; a zombie does not (seen on Linux only)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # It may end between being found and being read: the file is gone, or cannot be read any more.
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return not Path("/proc/self").exists()


def processes_naming(path: Path) -> list[bytes]:
    """The command lines of running processes that name `path` (on Linux; elsewhere none)."""
    found: list[bytes] = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(process.read_bytes())
    return [words for words in found if os.fsencode(path) in words]


@pytest.fixture
def parent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory for data directories that any account may pass through."""
    monkeypatch.setenv("CAMPANA_EMBEDDED_LINGER", LINGER_SECONDS)
    directory = Path(tempfile.mkdtemp(prefix="embedded-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def place_at(parent: Path) -> Iterator[Callable[[str], Place]]:
    """Makes the place of a data directory not there yet, which is cleared after the test."""
    places: list[Place] = []

    def make(name: str) -> Place:
        places.append(Place(data_dir=parent / name))
        return places[-1]

    yield make
    for place in places:
        place.leave_nothing()


@pytest.fixture(scope="session")
def first_start() -> Iterator[Path]:
    """A data directory that a server was started and stopped in: saves most tests an initdb."""
    with tempfile.TemporaryDirectory(prefix="embedded-") as name:
        directory = Path(name)
        directory.chmod(0o711)
        place = Place(data_dir=directory / "campana")
        embedded.attach(place.data_dir).close()
        place.stop()
        yield place.data_dir
        place.leave_nothing()


@pytest.fixture
def place(place_at: Callable[[str], Place], first_start: Path) -> Place:
    """A data directory with a cluster and no server."""
    place = place_at("campana")
    subprocess.run(["cp", "-a", first_start, place.data_dir], check=True)  # With its owners.
    return place
