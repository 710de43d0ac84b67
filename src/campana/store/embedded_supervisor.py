"""The process that keeps the embedded PostgreSQL running.

Run as `python -m campana.store.embedded_supervisor DATA_DIR`. It is nobody's child (so that no user
takes it along when killed), the parent of the server (so that somebody reaps it), and holds the
supervisor's lock for as long as it lives, so that there is one. It starts the server, starts it
again when it dies, and stops it when no user is left.

It never asks whether the server answers: users find out by connecting, and the server's own exit is
all that is needed here. No psycopg, no pool, no thread.

Signals, as PostgreSQL's own: SIGTERM stops as soon as no user is left, SIGINT stops now.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from io import FileIO
from pathlib import Path

from campana.domain.errors import SetupError
from campana.store.embedded_binaries import Programs, programs
from campana.store.embedded_cluster import (
    FAST,
    IMMEDIATE,
    is_ready,
    place_cluster,
    start_postmaster,
    stop_stray,
)
from campana.store.embedded_layout import (
    Layout,
    is_still_at,
    layout_of,
    log_tail,
    make_home,
    open_log,
    try_lock,
    unusable,
)

LINGER_VARIABLE = "CAMPANA_EMBEDDED_LINGER"
LINGER_SECONDS = 5.0
"""How long the server outlives its last user; the variable overrides it, for tests."""

_TICK_SECONDS = 0.5
_STEADY_SECONDS = 10.0
"""A server that ran this long has started well: its end counts as the first failure again."""

_FIRST_PAUSE_SECONDS = 0.1
_MAX_FAILURES = 6
"""With the pause doubled each time, 3.1 s of patience, enough for a killed server's children to go:
until then PostgreSQL refuses to start over them."""

_STOP_SECONDS = 30.0
_MAX_LOG_BYTES = 8 * 1024 * 1024


class Supervisor:
    """Keeps one server up; made once, by the process's only thread."""

    def __init__(self, layout: Layout, *, major: int, lock: FileIO, linger: float) -> None:
        """Take charge of `layout`; `lock` is the supervisor's lock, held."""
        self._layout = layout
        self._major = major
        self._lock = lock
        self._linger = linger
        self._users: FileIO | None = None
        self._over = False
        self._alone_since: float | None = None
        self._signals: set[int] = set()
        self._wake = self._listen()

    def _listen(self) -> int:
        wake, wake_writer = os.pipe()
        for end in (wake, wake_writer):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, _frame: self._signals.add(number))
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        return wake

    def run(self) -> None:
        """Keep the server up until no user is left.

        Raises:
            SetupError: it cannot be set up, or does not stay up.
            OSError: the file system fails us.
        """
        layout = self._layout
        found = programs(major=self._major, cluster=layout.cluster)
        cluster = place_cluster(layout, found)
        log = open_log(layout)
        try:
            self._keep_up(cluster, found, log)
        finally:
            shutil.rmtree(layout.socket_dir, ignore_errors=True)
        self._leave()

    def _keep_up(self, cluster: Path, found: Programs, log: FileIO) -> None:
        failures = 0
        while not self._is_over():
            stop_stray(self._layout, cluster)
            began, log_size = time.monotonic(), os.fstat(log.fileno()).st_size
            server = start_postmaster(self._layout, cluster, found, log=log)
            try:
                self._watch(server, cluster, log)
            finally:
                _stop(server)
            if self._over:
                return
            ran_well = time.monotonic() - began >= _STEADY_SECONDS
            failures = 1 if ran_well else failures + 1
            if failures == _MAX_FAILURES:
                raise SetupError(
                    f"PostgreSQL ended {failures} times in a row: "
                    f"{log_tail(self._layout, since=log_size)} (its log is {self._layout.log})"
                )
            time.sleep(_FIRST_PAUSE_SECONDS * 2 ** (failures - 1))

    def _watch(self, server: subprocess.Popen[bytes], cluster: Path, log: FileIO) -> None:
        """Return when the server has ended, cannot be reached, or is not needed any more."""
        tick = max(0.02, min(_TICK_SECONDS, self._linger / 4))
        while server.poll() is None and not self._is_over():
            if not self._layout.socket.exists() and is_ready(cluster):
                return  # Something cleaned /tmp: nobody reaches it any more.
            _bound_log(self._layout, log)
            self._sleep(tick)

    def _is_over(self) -> bool:
        """Whether to stop the server and go; once true, always true."""
        self._over = (
            self._over
            or signal.SIGINT in self._signals
            # The data directory was removed, or is another one by now.
            or not is_still_at(self._layout.supervisor_lock, self._lock)
            or self._nobody_is_left()
        )
        return self._over

    def _nobody_is_left(self) -> bool:
        """Whether nobody has used the server for the linger span; if so, nobody can from here on.

        Between two looks the users' lock is let go, so that a user can come in at any time and the
        span begins anew. Once the span is over the lock is kept: whoever comes now waits for it
        until the server is stopped and the supervisor's lock is free, and then starts a supervisor
        (`_leave`). So nobody is handed a server that is being stopped.
        """
        users = try_lock(self._layout.users_lock, exclusive=True)
        if users is None:
            self._alone_since = None
            return False
        now = time.monotonic()
        if self._alone_since is None:
            self._alone_since = now
        linger = 0.0 if signal.SIGTERM in self._signals else self._linger
        if now - self._alone_since >= linger:
            self._users = users
            return True
        users.close()
        return False

    def _sleep(self, seconds: float) -> None:
        """Sleep, but not through a signal."""
        if select.select([self._wake], [], [], seconds)[0]:
            os.read(self._wake, 512)

    def _leave(self) -> None:
        """Let go of both locks, the users' last: who gets in must find the supervisor's free."""
        self._lock.close()
        if self._users is not None:
            self._users.close()


def _stop(server: subprocess.Popen[bytes]) -> None:
    for kind, seconds in ((FAST, _STOP_SECONDS), (IMMEDIATE, 5.0), (signal.SIGKILL, 5.0)):
        if server.poll() is None:
            server.send_signal(kind)
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(seconds)


def _bound_log(layout: Layout, log: FileIO) -> None:
    """Keep the log below its bound and one old log beside it; a line written meanwhile is lost."""
    if os.fstat(log.fileno()).st_size > _MAX_LOG_BYTES:
        with contextlib.suppress(OSError):  # A full disk costs the old log, never the server.
            shutil.copyfile(layout.log, layout.log.with_suffix(".log.1"))
        log.truncate(0)


def _detach() -> None:
    """Become nobody's child, out of reach of the terminal's signals."""
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")


def _linger() -> float:
    given = os.environ.get(LINGER_VARIABLE, "")
    try:
        return float(given) if given else LINGER_SECONDS
    except ValueError:
        raise SetupError(f"{LINGER_VARIABLE} is {given!r}, which is no number of seconds") from None


def _supervise(layout: Layout, *, major: int, lock: int | None) -> None:
    os.umask(0o077)
    try:
        make_home(layout)
        held = (
            try_lock(layout.supervisor_lock, exclusive=True) if lock is None else FileIO(lock, "r+")
        )
        if held is None:
            raise SetupError(f"the PostgreSQL of {layout.data_dir} has a supervisor already")
        os.set_inheritable(held.fileno(), False)
        held.truncate(0)
        held.write(b"%d\n" % os.getpid())
        Supervisor(layout, major=major, lock=held, linger=_linger()).run()
    except OSError as error:
        raise unusable(layout, error) from error


def main(words: Sequence[str]) -> int:
    """Supervise the server of one data directory; see the module.

    A user passes the supervisor's lock it has taken, so that only one process is ever started, and
    a pipe on which a failure is told in one sentence. Without a pipe (started by hand) it stays in
    the foreground.
    """
    parser = argparse.ArgumentParser(prog="campana.store.embedded_supervisor")
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--major", type=int, default=18)
    parser.add_argument("--lock-descriptor", type=int)
    parser.add_argument("--report-descriptor", type=int)
    asked = parser.parse_args(words)
    layout = layout_of(asked.data_dir)
    if asked.report_descriptor is not None:
        os.set_inheritable(asked.report_descriptor, False)
        _detach()
    try:
        _supervise(layout, major=asked.major, lock=asked.lock_descriptor)
    except SetupError as failure:
        _tell(f"{failure}\n".encode(), report=asked.report_descriptor)
        return 1
    return 0


def _tell(sentence: bytes, *, report: int | None) -> None:
    """Say it to the user who waits, if one still does, and to the log (our standard error)."""
    for place in (2, report):
        if place is not None:
            with contextlib.suppress(OSError):
                os.write(place, sentence)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
