"""A kill -9 between every two steps of a contact's way, one after another in one campaign.

The steps are the moments around each commit and around each word to the carrier
(`tests/support/chaos/failpoints.py`). Each test ends a process at one of them, sees that it died
there, and asks the ledger whether it is true; the last lets the campaign end and asks the judge.
"""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.support.chaos.failpoints import AFTER, BEFORE, POINTS, SEEN
from tests.support.chaos.fleet import FAILPOINTS, PATIENCE, Member
from tests.support.chaos.trial import PLAN, Trial, trial

PEOPLE, RATE = 500, 6

WORK = (
    "services.granting.grant_ahead",
    "services.dispatch.claim",
    "services.sent.store_answers",
    "services.dispatch.ready",
    "engine.accounts._refresh",
    "services.outcomes.settle",
    "services.inquiries.open_doubt",
    "services.outcomes.sweep",
    "services.outcomes._sweep_one",
    "services.stale_promises.revoke",
    "services.inquiries.due",
    "services.inquiries.conclude",
    "services.reports.apply_kept",
    "services.closing.close_finished",
)
CARRIER = (
    "send: before it leaves",
    "send: after its answer",
    "lookup: before it leaves",
    "lookup: after its answer",
)
WEB = ("services.reports.keep",)

SWEEPS = ("services.outcomes.sweep", "services.outcomes._sweep_one")
ORPHAN = "services.dispatch.claim: after commit"
"""Where a death always leaves an intent nobody marked as sending: what a sweep needs to find."""

BESIDE_THE_WAY = (
    # What no contact passes: each has kills of its own where it lives.
    "services.breaking.",
    # Only sends that were too late, and grants that found too few, pass these.
    "services.unsent.put_back",
    "services.granting.give_back",
    "services.closing.close_expired",
    "services.deliveries.",
    "services.event_feed.",
    "services.imports.",
    "services.late.",
    # Its own: tests/jobs/test_lifting.py
    "services.lifting.",
    "services.targets.",
    "services.windows.",
    "services.accounts.",
    # Of messages and flows: killed in tests/chaos/test_flow_kills.py and where each lives.
    "services.conversations.",
    "services.flow_requests.",
    "services.named_reports.",
    "services.retention.",
    # One transaction that leaves nothing elsewhere: what it did not seal is sealed the next time.
    "services.auditing.",
    "engine.ownership.",
    "jobs.",
    "web.",
)


def moments(functions: tuple[str, ...]) -> list[str]:
    return [f"{name}: {moment}" for name in functions for moment in (BEFORE, AFTER)]


pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def running() -> Iterator[Trial]:
    """A slow campaign, one web process, and no work process but those the tests start."""
    folder = Path(tempfile.mkdtemp(prefix="campana-test-"))
    folder.chmod(0o755)
    # Some sends are in doubt, some are refused: all ends of a send are passed.
    plan = msgspec.structs.replace(PLAN, faults={"silent": 0.06, "lost": 0.06, "refuse": 0.06})
    try:
        with trial(folder, people=PEOPLE, rate=RATE, work=1, web=1, plan=plan, start=False) as made:
            try:
                made.fleet.web[0].start()
                yield made
            finally:
                for member in made.fleet.members:
                    member.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def dies_at(running: Trial, member: Member, name: str) -> None:
    """Start it, and see it end itself there; without this the test would prove nothing."""
    environment = {POINTS: name, SEEN: str(running.folder / "seen")}
    member.start(program=FAILPOINTS, **environment)
    since = time.monotonic()
    assert member.process is not None
    assert member.process.wait(PATIENCE) == -signal.SIGKILL
    running.note(f"died at {name}", since=since)
    assert running.broken() == {}


@pytest.mark.parametrize("name", [*moments(WORK), *CARRIER])
def test_a_work_process_dies(name: str, running: Trial) -> None:
    if name.startswith(SWEEPS):
        dies_at(running, running.fleet.work[0], ORPHAN)
    dies_at(running, running.fleet.work[0], name)


@pytest.mark.parametrize("name", moments(WEB))
def test_a_web_process_dies(name: str, running: Trial) -> None:
    [work], [web] = running.fleet.work, running.fleet.web
    work.start()
    web.kill()
    dies_at(running, web, name)
    web.start()
    work.kill()


def test_after_all_that_nobody_was_reached_twice_and_nobody_is_lost(running: Trial) -> None:
    running.rows("update channels set rate = 40, burst = 20 returning 1")
    # Each fault has the channel rest for a second or more: what is left would take minutes.
    running.sandboxed.change(faults={})
    for member in running.fleet.members:
        if not member.lives:
            member.start(program=FAILPOINTS, **{SEEN: str(running.folder / "seen")})
    running.until_over(patience=300)
    verdict = running.verdict()
    assert verdict.problems == []
    assert verdict.unknown == 0
    assert running.broken() == {}


def test_no_step_was_left_out(running: Trial) -> None:
    """A new transaction on the way has to be named above, and died at."""
    seen = set((running.folder / "seen").read_text().splitlines())
    known = {*moments(WORK), *moments(WEB), *CARRIER}
    assert {name for name in seen - known if not name.startswith(BESIDE_THE_WAY)} == set()
