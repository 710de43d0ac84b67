"""kill -9 of each party: nobody is left without a server, no server without users, no row lost."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
import pytest

from campana.domain.errors import SetupError
from campana.store import embedded
from campana.store.embedded_binaries import programs
from campana.store.embedded_cluster import is_ready, start_postmaster
from campana.store.embedded_layout import open_log

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

if TYPE_CHECKING:
    from tests.store.embedded.conftest import Place

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="uses Linux's prctl or /proc")


def test_killed_user_does_not_keep_the_server(place: Place) -> None:
    user = place.attached()
    supervisor, postmaster = place.look()
    user.kill()
    place.when_gone(supervisor)
    place.when_gone(postmaster)


def test_killed_user_does_not_take_the_server_from_others(place: Place) -> None:
    first, second = place.attached(), place.attached()
    before = place.look()
    first.kill()
    assert second.sql("SELECT 'still here' FROM pg_sleep(0.8)") == "still here"
    assert place.look() == before


def test_user_killed_while_attaching_leaves_nothing(place: Place) -> None:
    user = place.enter()
    place.wait_until(lambda: place.layout.supervisor_lock.exists())
    place.wait_until(lambda: place.layout.supervisor_lock.read_text() != "")
    place.seen.add(int(place.layout.supervisor_lock.read_text()))
    user.kill()
    place.wait_until(lambda: place.can_lock(place.layout.supervisor_lock, exclusive=True))


@on_linux
def test_server_ends_with_its_killed_supervisor(place: Place) -> None:
    user = place.attached()
    supervisor, postmaster = place.look()
    os.kill(user.process.pid, signal.SIGSTOP)  # So that it starts no new supervisor.
    os.kill(supervisor, signal.SIGKILL)
    place.when_gone(postmaster)
    assert not (place.layout.cluster / "postmaster.pid").exists()


def test_users_who_stay_get_a_new_supervisor_by_themselves(place: Place) -> None:
    first, second = place.attached(), place.attached()
    first.sql("CREATE TABLE visits AS SELECT 'Ana' AS visitor")
    killed, _ = place.look()
    os.kill(killed, signal.SIGKILL)
    # Only the supervisor that follows empties the file of the one that was killed.
    place.wait_until(lambda: place.layout.supervisor_lock.read_text() != f"{killed}\n")
    with closing(embedded.attach(place.data_dir)):
        place.look()
        assert second.sql("SELECT visitor FROM visits") == "Ana"
        assert first.sql("SELECT visitor FROM visits") == "Ana"


def test_supervisor_starts_a_killed_server_again(place: Place) -> None:
    user = place.attached()
    user.sql("CREATE TABLE visits AS SELECT 'Ana' AS visitor")
    for _ in range(3):
        supervisor, postmaster = place.look()
        os.kill(postmaster, signal.SIGKILL)
        place.when_gone(postmaster)
        with closing(embedded.attach(place.data_dir)):
            assert place.look()[0] == supervisor
            assert user.sql("SELECT visitor FROM visits") == "Ana"


def test_user_after_both_were_killed_finds_every_committed_row(place: Place) -> None:
    user = place.attached()
    user.sql("CREATE TABLE visits (number int PRIMARY KEY)")
    supervisor, postmaster = place.look()
    acknowledged = 0
    with contextlib.suppress(psycopg.OperationalError), closing(_connect(place)) as connection:
        for number in range(1, 1_000_000):
            connection.execute("INSERT INTO visits VALUES (%s)", [number])
            acknowledged = number
            if number == 200:
                os.kill(postmaster, signal.SIGKILL)
                os.kill(supervisor, signal.SIGKILL)
    user.kill()
    assert acknowledged >= 200
    counted = int(place.attached().sql("SELECT count(*) FROM visits"))
    assert counted in {acknowledged, acknowledged + 1}


def test_all_killed_at_once_is_like_nothing_happened(place: Place) -> None:
    users = [place.attached(), place.attached()]
    users[0].sql("CREATE TABLE visits AS SELECT 'Ana' AS visitor")
    for pid in (*(user.process.pid for user in users), *place.look()):
        os.kill(pid, signal.SIGKILL)
    assert place.attached().sql("SELECT visitor FROM visits") == "Ana"


def test_server_without_supervisor_is_replaced(place: Place) -> None:
    """What a killed supervisor leaves on macOS, where the kernel does not end the server."""
    user = place.attached()
    user.sql("CREATE TABLE visits AS SELECT 'Ana' AS visitor")
    supervisor, _ = place.look()
    user.leave()
    place.when_gone(supervisor)
    with _stray(place) as stray:
        later = place.attached()
        assert place.look()[1] != stray.pid
        assert stray.wait() == 0  # Shut down properly, not killed.
        assert later.sql("SELECT visitor FROM visits") == "Ana"


@on_linux
def test_server_that_is_a_zombie_does_not_keep_the_next_one_out(place: Place) -> None:
    """As in a container whose first process reaps nobody."""
    user = place.attached()
    user.sql("CREATE TABLE visits AS SELECT 'Ana' AS visitor")
    supervisor, _ = place.look()
    user.leave()
    place.when_gone(supervisor)
    with _stray(place) as stray:
        stray.kill()  # And not waited for.
        assert os.waitid(os.P_PID, stray.pid, os.WEXITED | os.WNOWAIT) is not None
        assert int((place.layout.cluster / "postmaster.pid").read_text().split()[0]) == stray.pid
        assert place.attached().sql("SELECT visitor FROM visits") == "Ana"


@on_linux
def test_process_that_was_given_the_servers_old_id_is_left_alone(place: Place) -> None:
    user = place.attached()
    supervisor, _ = place.look()
    user.leave()
    place.when_gone(supervisor)
    lock_file = place.layout.cluster / "postmaster.pid"
    with subprocess.Popen(["sleep", "60"]) as bystander:
        lock_file.write_text(f"{bystander.pid}\n{place.layout.cluster}\n0\n5432\n/tmp\n\n0 0\n")
        assert place.attached().sql("SELECT 'up'") == "up"
        assert bystander.poll() is None
        bystander.kill()


@on_linux
def test_long_query_of_a_killed_server_does_not_keep_the_next_one_out(place: Place) -> None:
    place.attached()
    supervisor, postmaster = place.look()
    with closing(_connect(place)) as connection:
        session = connection.info.backend_pid
        query = connection.pgconn
        query.send_query(b"SELECT count(*) FROM generate_series(1, 1000000000)")
        query.flush()
        place.wait_until(
            lambda: (
                place.ask(f"SELECT state FROM pg_stat_activity WHERE pid = {session}")  # noqa: S608
                == "active"
            )
        )
        os.kill(postmaster, signal.SIGKILL)
        os.kill(supervisor, signal.SIGKILL)
        place.when_gone(postmaster)
        assert place.attached().sql("SELECT 'up'") == "up"
        place.when_gone(session)


def test_server_that_cannot_start_is_given_up_with_its_last_words(place: Place) -> None:
    settings = place.layout.cluster / "postgresql.auto.conf"
    settings.write_text(settings.read_text() + "no_such_setting = 1\n")
    with pytest.raises(SetupError, match=r"ended 6 times in a row: .*no_such_setting") as refusal:
        embedded.attach(place.data_dir)
    assert "\n" not in str(refusal.value)
    assert place.can_lock(place.layout.supervisor_lock, exclusive=True)
    assert not place.layout.socket_dir.exists()


def _connect(place: Place) -> psycopg.Connection:
    return psycopg.connect(
        host=str(place.layout.socket_dir), user="campana", dbname="campana", autocommit=True
    )


@contextlib.contextmanager
def _stray(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    """A server started as the supervisor does, by a process that is none."""
    cluster = place.layout.cluster
    with open_log(place.layout) as log:
        stray = start_postmaster(
            place.layout, cluster, programs(major=18, cluster=cluster), log=log
        )
    try:
        place.wait_until(lambda: is_ready(cluster))
        yield stray
    finally:
        stray.kill()
        stray.wait()
