"""The embedded PostgreSQL's cluster: made once, started with our settings, freed of strays.

Its caller holds the supervisor's lock: there is never more than one at work on a cluster.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from io import FileIO
from pathlib import Path

from campana.domain.errors import SetupError
from campana.store.embedded_binaries import SHARED_STATE, Account, Programs, make_shared
from campana.store.embedded_layout import PORT, Layout, check_socket_dir

SUPERUSER = DATABASE = "campana"

FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT
"""PostgreSQL's two useful kinds of shutdown: with a checkpoint, and leaving recovery to do."""

_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "500",  # A work process holds up to 30; sixteen of them fit.
    # A million people come in a sixth faster: there is room for their indexes, no checkpoint after
    # which pages are logged whole, no new piece of the log is filled with zeros first; pages and
    # log are written out by the processes that are there for it, not by the one that stores.
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "wal_init_zero": "off",
    "wal_buffers": "16MB",
    "wal_writer_delay": "10ms",
    "bgwriter_delay": "20ms",
    "bgwriter_lru_maxpages": "1000",
    "bgwriter_lru_multiplier": "4",
    "synchronous_commit": "on",
    "wal_compression": "pglz",  # The wheel's build has no lz4: the server would refuse to start.
    "idle_in_transaction_session_timeout": "60s",  # A held snapshot slows every claim.
    "log_destination": "stderr",
    "logging_collector": "off",  # The supervisor bounds the log: the collector cannot.
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
_PR_SET_PDEATHSIG = 1

_REMOVALS, _REMOVAL_SECONDS = 40, 0.05


def place_cluster(layout: Layout, programs: Programs) -> Path:
    """The directory of the cluster, made on the first start.

    Raises:
        SetupError: it cannot be made, or holds another major version's files.
    """
    cluster = layout.cluster
    version = cluster / "PG_VERSION"
    if not version.exists():
        account = programs.account
        if account and not layout.note.exists() and not account.may_enter(layout.home):
            cluster = _elsewhere(layout, account)
        _make_cluster(cluster, programs)
    elif version.read_text().strip() != str(programs.major):
        raise SetupError(
            f"{cluster} was written by PostgreSQL {version.read_text().strip()} and cannot be read "
            f"by PostgreSQL {programs.major}: nothing was changed"
        )
    return cluster


def _elsewhere(layout: Layout, account: Account) -> Path:
    """Choose a place that `account` can enter, and leave a note of it.

    The name is new each time: after somebody removed the data directory, its rows must not come
    back with the next directory of that name.
    """
    parent = SHARED_STATE / "clusters"
    make_shared(parent)
    place = Path(tempfile.mkdtemp(prefix=f"{layout.socket_dir.name}-", dir=parent))
    place.chmod(0o711)
    (place / "data-directory.txt").write_bytes(os.fsencode(layout.data_dir) + b"\n")
    fresh = layout.note.with_suffix(".new")
    fresh.write_bytes(
        os.fsencode(place)
        + f"\n\nThe rows of this data directory live there. PostgreSQL may not run as root, and "
        f"{account.name},\nwhich it runs as, may not enter this directory.\n".encode()
    )
    fresh.rename(layout.note)
    return place / "cluster"


def _make_cluster(cluster: Path, programs: Programs) -> None:
    """initdb and our database under a passing name, then one rename: whole, or not there."""
    _remove_leftovers(cluster.parent)
    fresh = Path(tempfile.mkdtemp(prefix="initdb-", dir=cluster.parent))
    try:
        if programs.account:
            os.chown(fresh, programs.account.uid, programs.account.gid)
        # `trust` is enough: who can reach the socket is the cluster's owner or root, and both can
        # read the files anyway. TCP is refused here too, should anybody ever turn it on.
        _run(
            programs,
            cluster,
            "initdb",
            *("--pgdata", str(fresh), "--username", SUPERUSER),
            *("--auth-local=trust", "--auth-host=reject"),
            *("--locale=C", "--encoding=UTF8", "--no-instructions"),
        )
        _run(
            programs,
            cluster,
            "postgres",
            *("--single", "-D", str(fresh), "-c", "exit_on_error=on", "template1"),
            told=f"CREATE DATABASE {DATABASE}\n".encode(),
        )
        fresh.rename(cluster)
        _sync_directory(cluster.parent)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _remove_leftovers(home: Path) -> None:
    """Half-made clusters of a start that was killed.

    Its initdb may live a moment longer than the process that ran it and write behind our back, so
    what is not empty when it should be is tried again.
    """
    for _ in range(_REMOVALS):
        leftovers = list(home.glob("initdb-*"))
        if not leftovers:
            return
        for leftover in leftovers:
            shutil.rmtree(leftover, ignore_errors=True)
        time.sleep(_REMOVAL_SECONDS)


def _run(programs: Programs, where: Path, program: str, *words: str, told: bytes = b"") -> None:
    with programs.start(
        program,
        *words,
        stdin=subprocess.PIPE,
        output=subprocess.PIPE,
        in_child=die_with_parent(),
    ) as process:
        answer, _ = process.communicate(told)
    if process.returncode != 0:
        said = answer.decode("utf-8", "replace")
        grave = re.findall(r"(?:error|FATAL|PANIC): +(.*)", said)
        reason = " | ".join(grave or said.splitlines()[-3:]) or f"exit code {process.returncode}"
        raise SetupError(f"PostgreSQL could not set up its files in {where}: {reason}")


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def start_postmaster(
    layout: Layout, cluster: Path, programs: Programs, *, log: FileIO
) -> subprocess.Popen[bytes]:
    """Start the server as a child; it listens when it can be connected to."""
    account = programs.account
    owner = account.uid if account else os.geteuid()
    layout.socket_dir.mkdir(mode=0o700, exist_ok=True)
    if account and layout.socket_dir.lstat().st_uid == os.geteuid():
        os.chown(layout.socket_dir, account.uid, account.gid, follow_symlinks=False)
    check_socket_dir(layout, owner=owner)
    settings = {**_SETTINGS, "unix_socket_directories": str(layout.socket_dir)}
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return programs.start(
        "postgres", "-D", str(cluster), *words, output=log.fileno(), in_child=die_with_parent()
    )


def is_ready(cluster: Path) -> bool:
    """Whether the running server says so in its lock file; its socket is older than that line."""
    try:
        return (cluster / "postmaster.pid").read_text().splitlines()[-1].strip() == "ready"
    except (FileNotFoundError, IndexError):
        return False


def die_with_parent() -> Callable[[], None] | None:
    """What a child does to be shut down fast by the kernel when the supervisor is killed.

    None where the system has no such thing (macOS): there the next supervisor finds the stray.
    The kernel forgets the wish when the child changes its user, so it must be made after that.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    supervisor = os.getpid()

    def arm() -> None:
        prctl(_PR_SET_PDEATHSIG, FAST)
        if os.getppid() != supervisor:  # Killed before the wish was made.
            os._exit(1)

    return arm


def stop_stray(layout: Layout, cluster: Path) -> None:
    """Stop a server that a killed supervisor left, and clear what would keep a new one out.

    The process id in postmaster.pid alone proves nothing: it may be a zombie's that nobody reaps,
    or have been given to another program. Its command line, naming this cluster, does.
    """
    lock_file = cluster / "postmaster.pid"
    try:
        pid = int(lock_file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        pid = None
    if pid is not None:
        for kind, seconds in ((FAST, 20), (IMMEDIATE, 5), (signal.SIGKILL, 5)):
            if _stop(pid, cluster, kind=kind, seconds=seconds):
                break
        _kill_orphans(cluster)
        # PostgreSQL refuses to start while *any* process has that id. That an old server's own
        # children still use the shared memory it finds out by itself, without this file.
        lock_file.unlink(missing_ok=True)
    owner = cluster.stat().st_uid
    if check_socket_dir(layout, owner=owner):
        for leftover in layout.socket_dir.iterdir():
            leftover.unlink(missing_ok=True)


def _stop(pid: int, cluster: Path, *, kind: signal.Signals, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    told = False
    while _is_postmaster(pid, cluster):
        if not told:
            with contextlib.suppress(ProcessLookupError):  # It ended by itself meanwhile.
                os.kill(pid, kind)
            told = True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.02)  # Not our child: there is nothing to wait on.
    return True


def _is_postmaster(pid: int, cluster: Path) -> bool:
    if sys.platform == "linux":
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return os.fsencode(cluster) in words  # A zombie has no words.
    shown = subprocess.run(
        ["/bin/ps", "-ww", "-o", "stat=,args=", "-p", str(pid)], capture_output=True, check=False
    ).stdout
    return not shown.startswith(b"Z") and b" -D " + os.fsencode(cluster) + b" " in shown


def _kill_orphans(cluster: Path) -> None:
    """Kill the sessions of a killed server: one in a long query notices its end minutes later.

    Until they are gone PostgreSQL does not start. They are told by their title and the cluster they
    run in. Where the system does not show that (macOS), the supervisor's patience has to do.
    """
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").samefile(cluster) and (
                (process / "cmdline").read_bytes().startswith(b"postgres: ")
            ):
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:  # Gone meanwhile, or another user's.
            continue
