"""Kill -9 of any process, twenty times in a thousand contacts, judged by the sandbox's log."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from tests.support.chaos.faults import Chance, Chaos
from tests.support.chaos.trial import PLAN, trial

SEED = 20261124
# Each answer takes its time: whoever dies has sends under way.
SLOW = structs.replace(PLAN, seconds=structs.replace(PLAN.seconds, reply=(0.3, 0.9)))


@pytest.mark.long
@pytest.mark.timeout(600)
def test_20_kills_in_1000_contacts_reach_nobody_twice_and_lose_nobody(folder: Path) -> None:
    with trial(folder, people=1000, rate=50, work=2, web=1, plan=SLOW) as running:
        chaos = Chaos(trial=running, chance=Chance(SEED))
        chaos.kills(20, within=22, amid_sends=True)
        chaos.run(patience=400)
        verdict = running.verdict()
        broken = running.broken()
    assert verdict.problems == []
    assert broken == {}
    # With a carrier that can be asked nothing stays unknown, however many were in flight.
    assert verdict.unknown == 0
    # Else this proved nothing. One process sends at a time, others die beside it, and an attempt
    # may be over in the moment between the look and the kill.
    assert chaos.done == {"kills": 20}
    assert verdict.in_flight >= 5
