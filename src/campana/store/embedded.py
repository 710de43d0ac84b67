"""Attach to the embedded PostgreSQL of a data directory, starting it where it does not run.

This is the users' side: any process, any number of them, in any order. The server runs under a
supervisor of its own (`embedded_supervisor`), which the first user starts and none owns. A user
holds a shared lock; the server stops when no such lock has been held for five seconds. The kernel
drops the lock of a killed user, so there is nothing to clean up and no count to go wrong.

Who gets the supervisor's lock has proof that no supervisor lives, and hands it, locked, to the
process it starts: of any number of users arriving at once exactly one starts exactly one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from campana.domain.errors import SetupError
from campana.store.embedded_cluster import DATABASE, SUPERUSER, stop_stray
from campana.store.embedded_layout import (
    PORT,
    Layout,
    check_socket_dir,
    layout_of,
    log_tail,
    make_home,
    open_log,
    try_lock,
    unusable,
)

_POLL_SECONDS = 0.02
_STARTS = 3
"""How often a user starts a supervisor that ends without a word (killed) before it gives up."""

_CERTAIN = 3
"""How many looks prove that the server is in use."""

_WATCH_SECONDS = 1.0
_MAX_WATCH_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """An attachment: the server lives until `close` or the end of the process, at least.

    `conninfo` is libpq's keyword string, of the superuser. While attached, a thread looks once a
    second whether the server still has a supervisor, and starts one if it was killed: connections
    break then, and new ones succeed within about two seconds.
    """

    conninfo: str
    _users: contextlib.ExitStack = field(repr=False)

    def close(self) -> None:
        """Leave; the server stays for the others, or stops after the linger span. Idempotent."""
        self._users.close()


def attach(data_dir: Path, *, major: int = 18, timeout_seconds: float = 60) -> Embedded:
    """Attach to the PostgreSQL of `data_dir`, ready to be connected to.

    Made, started or recovered as needed, which may take the time of a crash recovery. `major`
    is the version to run, 18 or 16; an existing directory has one already.

    Raises:
        SetupError: in one sentence what an operator must mend (permission, space, programs that are
            not there, the server's own last words).
    """
    deadline = time.monotonic() + timeout_seconds
    layout = layout_of(data_dir)
    make_home(layout)
    with contextlib.ExitStack() as attachment:
        try:
            # First the users' lock: from here on the server is not stopped under our feet.
            users = attachment.enter_context(_join(layout, deadline))
            _await_server(layout, major, deadline)
        except OSError as error:
            raise unusable(layout, error) from error
        stop = threading.Event()
        watch = threading.Thread(
            target=_watch, args=(layout, major, users, stop), name="campana-embedded", daemon=True
        )
        watch.start()
        # Left in reverse: the watch ends before the lock is let go, so it revives nothing later.
        attachment.callback(watch.join)
        attachment.callback(stop.set)
        return Embedded(conninfo=_conninfo(layout), _users=attachment.pop_all())


def discard(data_dir: Path, *, timeout_seconds: float = 10) -> None:
    """Stop the server of `data_dir` and remove its files, wherever they lie; no way back.

    Raises:
        SetupError: somebody still uses it, or the files cannot be removed.
    """
    deadline = time.monotonic() + timeout_seconds
    layout = layout_of(data_dir)
    if not layout.home.exists():
        return
    try:
        with _shut_out_users(layout, deadline), _shut_out_supervisors(layout, deadline):
            cluster = layout.cluster
            if cluster.exists():
                stop_stray(layout, cluster)
            if layout.note.exists():
                shutil.rmtree(cluster.parent)
            shutil.rmtree(layout.home)
            shutil.rmtree(layout.socket_dir, ignore_errors=True)
    except OSError as error:
        raise unusable(layout, error) from error


def _shut_out_users(layout: Layout, deadline: float) -> FileIO:
    users_seen = 0
    while (users := try_lock(layout.users_lock, exclusive=True)) is None:
        # A supervisor may have it: for an instant, or until it has stopped the server. If others
        # can share it, users do; looked at more than once, for the instant may be between.
        if (shared := try_lock(layout.users_lock, exclusive=False)) is not None:
            shared.close()
            users_seen += 1
        if users_seen == _CERTAIN or time.monotonic() >= deadline:
            raise SetupError(f"the PostgreSQL of {layout.data_dir} is still in use")
        time.sleep(_POLL_SECONDS)
    return users


def _shut_out_supervisors(layout: Layout, deadline: float) -> FileIO:
    while (supervision := try_lock(layout.supervisor_lock, exclusive=True)) is None:
        # The number is no stale one: who wrote it holds the lock.
        with contextlib.suppress(FileNotFoundError, ValueError, ProcessLookupError):
            os.kill(int(layout.supervisor_lock.read_text()), signal.SIGINT)
        if time.monotonic() >= deadline:
            raise SetupError(f"the PostgreSQL of {layout.data_dir} does not stop")
        time.sleep(_POLL_SECONDS)
    return supervision


def _join(layout: Layout, deadline: float) -> FileIO:
    """The users' lock, shared. Held exclusively only for an instant, or while a server stops."""
    while (users := try_lock(layout.users_lock, exclusive=False)) is None:
        if time.monotonic() >= deadline:
            raise SetupError(
                f"the PostgreSQL of {layout.data_dir} has been stopping for too long: "
                f"{log_tail(layout)} (its log is {layout.log})"
            )
        time.sleep(_POLL_SECONDS)
    return users


def _await_server(layout: Layout, major: int, deadline: float) -> None:
    with contextlib.ExitStack() as started:
        report: FileIO | None = None
        starts = 0
        while True:
            # The lock is asked for before the server is tried: one that answers without a
            # supervisor is about to be stopped by the next supervisor.
            supervision = try_lock(layout.supervisor_lock, exclusive=True)
            if supervision is not None:
                with supervision:
                    _raise_what_it_said(layout, report, starts)
                    report = started.enter_context(_start_supervisor(layout, major, supervision))
                starts += 1
            refusal = _refusal(layout, major)
            if refusal is None:
                return
            if time.monotonic() >= deadline:
                raise SetupError(
                    f"the PostgreSQL of {layout.data_dir} does not answer in time: {refusal} "
                    f"(its log is {layout.log})"
                )
            time.sleep(_POLL_SECONDS)


def _raise_what_it_said(layout: Layout, report: FileIO | None, starts: int) -> None:
    """Wait for the end of the supervisor that is ending, and pass on its last sentence."""
    if report and (sentence := report.readall().decode("utf-8", "replace").strip()):
        raise SetupError(sentence)
    if starts == _STARTS:
        raise SetupError(
            f"the supervisor of PostgreSQL ended {starts} times without a word: "
            f"{log_tail(layout)} (the log is {layout.log})"
        )


def _start_supervisor(layout: Layout, major: int, supervision: FileIO) -> FileIO:
    """Start a supervisor that owns the lock `supervision`; the pipe on which it may fail.

    Returns when it has detached itself. It inherits the lock and the pipe and nothing else. The
    caller closes its own copy of the lock, so that the lock is free when the supervisor ends.
    """
    _forget_socket(layout)
    reader, writer = os.pipe()
    report = FileIO(reader, "r")
    with FileIO(writer, "w"), open_log(layout) as log:
        done = subprocess.run(
            [
                *(sys.executable, "-P", "-m", "campana.store.embedded_supervisor"),
                *("--major", str(major), "--lock-descriptor", str(supervision.fileno())),
                *("--report-descriptor", str(writer), str(layout.data_dir)),
            ],
            pass_fds=(supervision.fileno(), writer),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            check=False,
        )
    if done.returncode != 0:
        report.close()
        raise SetupError(
            f"{sys.executable} cannot run the supervisor of PostgreSQL: {log_tail(layout)} "
            f"(the log is {layout.log})"
        )
    return report


def _forget_socket(layout: Layout) -> None:
    """Take away the socket of a server without a supervisor, so that nobody is handed it."""
    with contextlib.suppress(FileNotFoundError):
        if check_socket_dir(layout, owner=layout.cluster.stat().st_uid):
            layout.socket.unlink()


def _refusal(layout: Layout, major: int) -> str | None:
    """Why the server cannot be used yet; None when it can. Found out by connecting."""
    try:
        owner = layout.cluster.stat().st_uid
        if not check_socket_dir(layout, owner=owner):
            return "it has no socket yet"
        with psycopg.connect(_conninfo(layout), connect_timeout=5) as connection:
            runs = connection.info.server_version // 10_000
    except FileNotFoundError:
        return "its files are not made yet"
    except psycopg.OperationalError as error:
        return " ".join(str(error).split())
    if runs != major:
        raise SetupError(
            f"the PostgreSQL of {layout.data_dir} runs version {runs}, and version {major} is asked"
        )
    return None


def _conninfo(layout: Layout) -> str:
    return make_conninfo(host=str(layout.socket_dir), port=PORT, user=SUPERUSER, dbname=DATABASE)


def _watch(layout: Layout, major: int, users: FileIO, stop: threading.Event) -> None:
    """Start a supervisor whenever there is none, until told to stop.

    One that was killed is replaced at the next look, one that gave up after ever longer pauses.
    Holding `users`, the lock that makes us one, keeps it even if the attachment is forgotten.
    """
    report: FileIO | None = None
    pause = _WATCH_SECONDS
    times_given_up = 0
    while not stop.wait(pause) and not users.closed:
        pause = _WATCH_SECONDS
        try:
            supervision = try_lock(layout.supervisor_lock, exclusive=True)
            if supervision is None:
                continue
            with supervision:
                has_given_up = report is not None and report.readall() != b""
                if report is not None:
                    report.close()
                    report = None
                    times_given_up = times_given_up + 1 if has_given_up else 0
                if has_given_up:
                    pause = min(_WATCH_SECONDS * 2**times_given_up, _MAX_WATCH_SECONDS)
                else:
                    report = _start_supervisor(layout, major, supervision)
        except FileNotFoundError:
            break  # The data directory was removed: nothing is left to keep alive.
        except (OSError, SetupError):
            pause = _MAX_WATCH_SECONDS  # A full disk or process table may pass.
    if report is not None:
        report.close()
