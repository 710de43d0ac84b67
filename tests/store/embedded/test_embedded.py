"""Users come and go in every order; the server is there for each of them, once."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from campana.domain.errors import SetupError
from campana.store import embedded

if TYPE_CHECKING:
    from tests.store.embedded.conftest import Place

# Each starts programs and servers, some of them dozens.
pytestmark = pytest.mark.timeout(120)

_LONGER_THAN_TWO_LINGERS = "SELECT 'still here' FROM pg_sleep(0.8)"


def test_first_user_gets_a_server_with_the_database_and_no_network(
    place_at: Callable[[str], Place],
) -> None:
    place = place_at("campana")
    with closing(embedded.attach(place.data_dir)) as attachment:
        place.look()
        assert place.ask("SELECT current_user", conninfo=attachment.conninfo) == "campana"
        assert place.ask("SELECT current_database()") == "campana"
        for setting, value in {
            "listen_addresses": "",
            "server_encoding": "UTF8",
            "synchronous_commit": "on",
            "fsync": "on",
            "max_connections": "500",
        }.items():
            assert place.ask(f"SHOW {setting}") == value
        assert str(place.ask("SHOW server_version")).startswith("18.")


def test_second_user_shares_the_first_ones_server(place: Place) -> None:
    first = place.attached()
    before = place.look()
    second = place.attached()
    assert place.look() == before
    first.leave()
    assert second.sql(_LONGER_THAN_TWO_LINGERS) == "still here"
    assert place.look() == before


def test_first_user_stays_when_the_second_leaves(place: Place) -> None:
    first, second = place.attached(), place.attached()
    before = place.look()
    second.leave()
    assert first.sql(_LONGER_THAN_TWO_LINGERS) == "still here"
    assert place.look() == before


def test_server_stops_by_itself_when_the_last_user_has_left(place: Place) -> None:
    first, second = place.attached(), place.attached()
    supervisor, postmaster = place.look()
    first.leave()
    second.leave()
    place.when_gone(supervisor)
    place.when_gone(postmaster)
    assert not place.layout.socket_dir.exists()
    assert not (place.layout.cluster / "postmaster.pid").exists()


def test_user_who_comes_back_soon_finds_the_same_server(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPANA_EMBEDDED_LINGER", "600")
    place.attached().leave()
    before = place.look()
    place.attached()
    assert place.look() == before


def test_rows_are_there_after_the_server_was_stopped(place: Place) -> None:
    first = place.attached()
    first.sql("CREATE TABLE visits AS SELECT 'Ana' AS visitor")
    supervisor, _ = place.look()
    first.leave()
    place.when_gone(supervisor)
    assert place.attached().sql("SELECT visitor FROM visits") == "Ana"


def test_user_who_comes_while_the_server_stops_gets_a_live_one(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPANA_EMBEDDED_LINGER", "0")

    def is_stopping() -> bool:
        return not place.can_lock(place.layout.users_lock, exclusive=False)

    for _ in range(5):
        embedded.attach(place.data_dir).close()
        place.wait_until(lambda: is_stopping() or not place.layout.socket_dir.exists())
        with closing(embedded.attach(place.data_dir)) as attachment:
            place.look()
            assert place.ask("SELECT 'alive'", conninfo=attachment.conninfo) == "alive"


def test_nobody_gets_in_between_the_decision_to_stop_and_the_end(place: Place) -> None:
    user = place.attached()
    supervisor, postmaster = place.look()
    os.kill(postmaster, signal.SIGSTOP)  # Its shutdown takes as long as the test wants.
    try:
        user.leave()
        shut_out = [False] * 20  # The supervisor's earlier looks shut users out for an instant.
        place.wait_until(
            lambda: (
                [place.can_lock(place.layout.users_lock, exclusive=False) for _ in shut_out]
                == shut_out
            )
        )
        later = place.enter()
    finally:
        os.kill(postmaster, signal.SIGCONT)
    assert later.answer().startswith("attached ")
    assert place.look()[0] != supervisor
    assert later.sql("SELECT 'alive'") == "alive"


def test_eight_users_at_once_get_one_server(place_at: Callable[[str], Place]) -> None:
    place = place_at("campana")
    users = [place.enter() for _ in range(8)]
    answers = {user.answer() for user in users}
    assert len(answers) == 1
    assert answers.pop().startswith("attached ")
    place.look()
    assert len({user.sql("SELECT pg_postmaster_start_time()") for user in users}) == 1
    assert place.layout.log.read_text().count("starting PostgreSQL") == 1


@pytest.mark.slow
def test_socket_address_fits_however_long_the_directory_is(
    place_at: Callable[[str], Place],
) -> None:
    place = place_at("far-" * 20 + "/" + "away-" * 15)
    assert len(str(place.data_dir)) > 150
    assert len(str(place.layout.socket)) <= 103
    assert place.attached().sql("SELECT 'reached'") == "reached"


def test_directory_reached_by_two_paths_has_one_server(place: Place, parent: Path) -> None:
    place.attached()
    alias = parent / "alias"
    alias.symlink_to(place.data_dir)
    before = place.look()
    with closing(embedded.attach(alias)):
        assert place.look() == before


def test_nothing_stays_open_in_the_process_that_leaves(place: Place) -> None:
    embedded.attach(place.data_dir).close()
    descriptors = sorted(os.listdir("/dev/fd"))
    threads = threading.active_count()
    for _ in range(3):
        attachment = embedded.attach(place.data_dir)
        place.look()
        attachment.close()
        attachment.close()
    assert sorted(os.listdir("/dev/fd")) == descriptors
    assert threading.active_count() == threads


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are seen in /proc only")
def test_neither_supervisor_nor_server_holds_a_users_lock(place: Place) -> None:
    place.attached()
    supervisor, postmaster = place.look()

    def holds(pid: int) -> set[str]:
        # A file may be closed between being listed and being read.
        return {os.path.realpath(link) for link in Path(f"/proc/{pid}/fd").iterdir()}

    assert str(place.layout.supervisor_lock) in holds(supervisor)
    assert str(place.layout.supervisor_lock) not in holds(postmaster)
    assert str(place.layout.users_lock) not in holds(postmaster)
    # The supervisor opens it for an instant at each look and must not have it in between.
    place.wait_until(lambda: str(place.layout.users_lock) not in holds(supervisor))


@pytest.mark.slow
def test_half_made_files_of_a_killed_first_start_are_made_anew(
    place_at: Callable[[str], Place],
) -> None:
    place = place_at("campana")
    user = place.enter()
    place.wait_until(lambda: any(place.layout.home.glob("initdb-*/PG_VERSION")))
    os.kill(int(place.layout.supervisor_lock.read_text()), 9)
    assert user.answer().startswith("attached ")
    place.look()
    assert user.sql("SELECT current_database()") == "campana"
    assert not list(place.layout.home.glob("initdb-*"))


@pytest.mark.slow
def test_version_16_runs_when_asked_and_is_never_opened_by_18(
    place_at: Callable[[str], Place],
) -> None:
    place = place_at("campana")
    user = place.attached("16")
    assert user.sql("SHOW server_version").startswith("16.")
    with pytest.raises(SetupError, match="runs version 16, and version 18 is asked"):
        embedded.attach(place.data_dir)
    supervisor, _ = place.look()
    user.leave()
    place.when_gone(supervisor)
    with pytest.raises(SetupError, match=r"written by PostgreSQL 16 .* nothing was changed"):
        embedded.attach(place.data_dir)


def test_log_does_not_grow_for_ever(place: Place) -> None:
    place.attached()
    os.truncate(place.layout.log, 9 * 1024 * 1024)
    place.wait_until(lambda: place.layout.log.stat().st_size < 1024 * 1024)
    assert place.layout.log.with_suffix(".log.1").exists()


def test_server_whose_socket_was_cleaned_away_comes_back(place: Place) -> None:
    user = place.attached()
    _, before = place.look()
    shutil.rmtree(place.layout.socket_dir)
    place.when_gone(before)
    with closing(embedded.attach(place.data_dir)):
        assert place.look()[1] != before
    assert user.sql("SELECT 'back'") == "back"


def test_server_ends_when_its_directory_is_removed(place: Place) -> None:
    user = place.attached()
    supervisor, postmaster = place.look()
    elsewhere = place.layout.cluster
    shutil.rmtree(place.data_dir, ignore_errors=True)
    place.when_gone(postmaster)
    place.when_gone(supervisor)
    assert not elsewhere.exists()
    user.leave()


def test_directory_in_use_is_not_discarded(place: Place) -> None:
    user = place.attached()
    with pytest.raises(SetupError, match="still in use"):
        embedded.discard(place.data_dir)
    assert user.sql("SELECT 'unharmed'") == "unharmed"


def test_users_in_a_hurry_always_get_a_live_server(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no lingering at all the server stops between any two users, and never before one."""
    monkeypatch.setenv("CAMPANA_EMBEDDED_LINGER", "0")
    place.attached().leave()

    def come_and_go(rounds: int) -> list[object]:
        answers: list[object] = []
        for _ in range(rounds):
            with closing(embedded.attach(place.data_dir)) as attachment:
                answers.append(place.ask("SELECT 'alive'", conninfo=attachment.conninfo))
        return answers

    with ThreadPoolExecutor(3) as pool:
        answers = [answer for answers in pool.map(come_and_go, [20] * 3) for answer in answers]
    assert answers == ["alive"] * 60
