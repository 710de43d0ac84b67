"""Processes that are stopped, databases that go away, sessions that are cut: one campaign each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.chaos.faults import Chance, Chaos
from tests.support.chaos.network import hosts, is_allowed
from tests.support.chaos.trial import Trial, trial

SEED = 20261124

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


def nobody_twice_nobody_lost(running: Trial) -> None:
    verdict = running.verdict()
    assert verdict.problems == []
    assert verdict.unknown == 0
    assert verdict.in_flight > 0, "nothing was hit"
    assert running.broken() == {}


def test_10_stops_of_2_to_6_seconds(folder: Path) -> None:
    with trial(folder, people=400, rate=20, work=3, web=1) as running:
        chaos = Chaos(trial=running, chance=Chance(SEED))
        chaos.stops(10, seconds=(2.0, 6.0), within=18)
        chaos.run(patience=360)
        assert chaos.done == {"stops": 10}
        nobody_twice_nobody_lost(running)


def test_10_seconds_without_a_database_an_immediate_restart_and_cut_sessions(
    folder: Path,
) -> None:
    with trial(folder, people=500, rate=20, work=2, web=1) as running:
        chaos = Chaos(trial=running, chance=Chance(SEED))
        chaos.cuts(6, within=6)
        chaos.restart(at=7)
        chaos.away(10.0, at=12)
        chaos.cuts(2, within=25)
        chaos.run(patience=360)
        assert chaos.done == {"cuts": 8, "immediate restarts": 1, "times without database": 1}
        nobody_twice_nobody_lost(running)


@pytest.mark.skipif(not is_allowed(), reason="network namespaces cannot be made here")
def test_6_hosts_cut_off_for_2_to_15_seconds_and_two_killed_there(folder: Path) -> None:
    with (
        hosts(3) as apart,
        trial(folder, people=500, rate=20, work=3, web=1, hosts=apart) as running,
    ):
        chaos = Chaos(trial=running, chance=Chance(SEED))
        chaos.partitions(6, seconds=(2.0, 15.0), within=20)
        chaos.kills(2, within=20)
        chaos.run(patience=360)
        assert chaos.done == {"partitions": 6, "kills": 2}
        nobody_twice_nobody_lost(running)
