"""Where the embedded PostgreSQL keeps its files, and how its two locks are taken.

    DATA_DIR/postgresql/          owned by whoever runs Campana
        users.lock                shared by every user; exclusive means that nobody is left
        supervisor.lock           held by the one supervisor; holds its process id, for people
        server.log, server.log.1  what PostgreSQL and the supervisor had to say
        cluster/                  PostgreSQL's own directory (PGDATA)
        cluster-is-elsewhere.txt  instead of it, when root's server may not enter DATA_DIR
    /tmp/campana-HASH/            the socket, in a directory nobody else can enter

Nothing here starts, stops or judges a process.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import stat
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from campana.domain.errors import SetupError

PORT = 5432
"""Names the socket only: the server never listens on TCP."""

_SOCKET_ROOT = "/tmp"  # noqa: S108 - verified before every use, see `check_socket_dir`.
"""Fixed, because two processes of one user must find the same socket whatever their environment.

XDG_RUNTIME_DIR differs between a login and a cron entry and is emptied at logout, TMPDIR differs
too, and the data directory's own path may be longer than a socket's address (107 bytes on Linux,
103 on macOS) can hold. This gives 43 bytes, always.
"""

_STAMP = re.compile(r"^[-0-9]+ [:.0-9]+ UTC \[[0-9]+\] ")
"""Time and process id, as `log_line_prefix` has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The paths that belong to one data directory; see the module's picture."""

    data_dir: Path
    socket_dir: Path

    @property
    def home(self) -> Path:
        return self.data_dir / "postgresql"

    @property
    def users_lock(self) -> Path:
        return self.home / "users.lock"

    @property
    def supervisor_lock(self) -> Path:
        return self.home / "supervisor.lock"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def note(self) -> Path:
        return self.home / "cluster-is-elsewhere.txt"

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own directory, followed through the note where there is one."""
        try:
            elsewhere = self.note.read_text(encoding="utf-8", errors="surrogateescape")
        except FileNotFoundError:
            return self.home / "cluster"
        return Path(elsewhere.splitlines()[0]) / "cluster"

    @property
    def socket(self) -> Path:
        return self.socket_dir / f".s.PGSQL.{PORT}"


def layout_of(data_dir: Path) -> Layout:
    """The layout of `data_dir`, by whatever path it is reached; touches nothing."""
    resolved = data_dir.expanduser().resolve()
    owner = str(os.geteuid()).encode()
    digest = hashlib.sha256(owner + b":" + os.fsencode(resolved)).hexdigest()[:16]
    return Layout(data_dir=resolved, socket_dir=Path(_SOCKET_ROOT, f"campana-{digest}"))


def make_home(layout: Layout) -> None:
    """Create the directories that hold the locks.

    Raises:
        SetupError: they cannot be made, or belong to another user.
    """
    # Root's server runs as an unprivileged account, which passes through these two to its cluster.
    # Only directories made here get a mode; one that was there before is never changed.
    mode = 0o711 if os.geteuid() == 0 else 0o700
    try:
        layout.data_dir.mkdir(mode=mode, parents=True, exist_ok=True)
        layout.home.mkdir(mode=mode, exist_ok=True)
        owner = layout.home.stat().st_uid
    except OSError as error:
        raise unusable(layout, error) from error
    if owner != os.geteuid():
        raise SetupError(
            f"the data directory {layout.data_dir} was set up by user id {owner} and this is "
            f"user id {os.geteuid()}: run Campana as that user, or name another directory"
        )


def unusable(layout: Layout, error: OSError) -> SetupError:
    """The sentence for an `error` of the file system under the data directory."""
    place = f" ({error.filename})" if error.filename else ""
    return SetupError(
        f"the data directory {layout.data_dir} cannot be used: {error.strerror or error}{place}"
    )


def try_lock(path: Path, *, exclusive: bool) -> FileIO | None:
    """Take the lock file `path` without waiting; None if it is taken. Closing it lets go.

    It is close-on-exec (PEP 446): a child process holds the lock only if it was handed the
    descriptor. A fork without exec does hold it: such a child is a user as well.

    Raises:
        OSError: the file cannot be opened, for one because the data directory was removed.
    """
    kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    lock = FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+")
    with contextlib.ExitStack() as unless_taken:
        unless_taken.enter_context(lock)
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        # Between open and flock the directory may have been removed and made anew: a lock on a
        # file that no longer has this name excludes nobody.
        if not is_still_at(path, lock):
            return None
        unless_taken.pop_all()
    return lock


def is_still_at(path: Path, lock: FileIO) -> bool:
    """Whether `path` still names the open file `lock`."""
    try:
        named = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(named, os.fstat(lock.fileno()))


def check_socket_dir(layout: Layout, *, owner: int) -> bool:
    """Whether the socket directory is there, after proving that user id `owner` alone can enter it.

    /tmp is open to everybody: without this proof another user could put a directory, or a link to
    one, where we look, and answer in PostgreSQL's place.

    Raises:
        SetupError: something is there that is not such a directory.
    """
    try:
        found = layout.socket_dir.lstat()
    except FileNotFoundError:
        return False
    # Root makes it as its own, and then gives it to the account its server runs as.
    is_safe = found.st_uid in {owner, os.geteuid()} and not found.st_mode & 0o077
    if not stat.S_ISDIR(found.st_mode) or not is_safe:
        raise SetupError(
            f"{layout.socket_dir} should be a directory that only user id {owner} can enter, and "
            f"is not: remove it and start again"
        )
    return True


def open_log(layout: Layout) -> FileIO:
    """The server's log, for appending: cutting it short then needs no word to its writers."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
    return FileIO(os.open(layout.log, flags, 0o600), "a")


def log_tail(layout: Layout, *, since: int = 0) -> str:
    """The last lines of the server's log after byte `since`, on one line."""
    try:
        with layout.log.open("rb") as log:
            log.seek(max(since, log.seek(0, os.SEEK_END) - 8192))
            lines = log.read().decode("utf-8", "replace").split("\n")
    except OSError:
        return "its log cannot be read"
    # A client that came too early is told so with a FATAL, which explains nothing.
    said = [_STAMP.sub("", line).strip() for line in lines if "database system is" not in line]
    return " | ".join([line for line in said if line][-3:]) or "it left no word in its log"
