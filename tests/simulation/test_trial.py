"""Bad days by seed: workers die between any two steps, carriers fail, answers are lost, clocks
jump; no promise is broken. A seed that ever broke one stays here by its number."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from campana.domain import gate
from campana.domain.errors import Unavailable
from campana.domain.event import EventName, NewEvent
from campana.simulation import checks, document, play, trial, virtual_time
from campana.simulation.evidence import Evidence, Limits
from campana.simulation.process import NoTroubles
from campana.simulation.trial import AGAIN
from campana.simulation.world import world
from campana.store import attempts as store_attempts
from campana.store import checks as store
from campana.store import events as store_events
from campana.store import moments
from campana.store.db import Tx
from campana.store.throwaway import throwaway
from campana.store.turns import Endless
from tests.simulation.ground import campaign, tried

SEEDS = (1, 3, 8, 11)
LONG = 200
CHUNK = 10


def check(server: str, template: str, seed: int) -> None:
    found = tried(server, template, seed=seed)
    assert not found.violations, f"{AGAIN.format(seed=seed)}\n" + "\n".join(found.violations)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", SEEDS)
def test_no_promise_is_broken_on_a_bad_day(server: str, template: str, seed: int) -> None:
    check(server, template, seed)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("first", range(1, LONG + 1, CHUNK))
def test_no_promise_is_broken_on_many_bad_days(server: str, template: str, first: int) -> None:
    for seed in range(first, min(first + CHUNK, LONG + 1)):
        if seed not in SEEDS:
            check(server, template, seed)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_trial_can_be_had_again_by_its_seed(server: str, template: str) -> None:
    one, same = (tried(server, template, seed=3) for _ in range(2))
    assert one == same
    assert one.deaths > 0
    assert one.sends > 0


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_what_strangers_write_on_the_same_server_is_no_news(server: str, template: str) -> None:
    alone = tried(server, template, seed=5)
    is_over = threading.Event()

    def write() -> None:
        with psycopg.connect(server, autocommit=True) as conn:
            while not is_over.wait(0.002):
                conn.execute("select pg_current_xact_id()")

    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write)
        try:
            assert tried(server, template, seed=5) == alone
        finally:
            is_over.set()
        writing.result()


class _LosesOneAnswer(NoTroubles):
    """The database commits, and one of its answers is never heard."""

    def __init__(self, number: int) -> None:
        self._left = number
        self.has_lost = False

    def from_database(self, *, wrote: bool) -> float:
        self._left -= wrote
        if wrote and not self._left:
            self.has_lost = True
            raise Unavailable("the database's answer is lost")
        return 0.0


@pytest.mark.timeout(180)
@pytest.mark.parametrize("number", range(4, 9))
def test_a_commit_whose_answer_is_lost_holds_nobody_up(
    server: str, template: str, number: int
) -> None:
    """Each answer of a worker that lives on, the one to its claim among them: nobody else looks
    after what it claimed as long as its identity is held."""
    troubles = _LosesOneAnswer(number)
    raw = campaign(contacts={"count": 3}, simulation={"starts": "2026-03-09T16:00:00Z"})
    scenario = document.read(raw, seed=3)

    async def work(conninfo: str, folder: str) -> list[str]:
        async with world(
            conninfo, seed=3, starts=scenario.starts, plan=scenario.plan, folder=Path(folder)
        ) as made:
            stage = await play.set_up(made, scenario)
            worker = made.begin("worker", troubles)
            await play.until_over(made, ends=scenario.ends)
            await worker.stop()
            async with made.engine.db.read() as tx:
                return checks.violations(
                    Evidence(
                        sent=made.provider.sent,
                        attempts=await store.attempts(tx),
                        targets=await store.targets(tx),
                        told=await store.events(tx),
                        documents={stage.campaign_id: scenario.campaign},
                        limits=[
                            Limits(
                                since=made.starts,
                                rate=scenario.channel.rate,
                                lines=scenario.channel.lines,
                            )
                        ],
                        is_over=await moments.is_finished(tx),
                    )
                )

    with throwaway(server, template=template) as conninfo, tempfile.TemporaryDirectory() as folder:
        assert virtual_time.run(work(conninfo, folder)) == []
    assert troubles.has_lost


@pytest.mark.timeout(180)
def test_a_bug_that_ends_a_worker_is_not_overlooked(
    server: str, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def bug(*_: object, **__: object) -> bool:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    monkeypatch.setattr("campana.engine.dispatcher.dispatch.ready", bug)
    with pytest.raises(ZeroDivisionError):
        tried(server, template, seed=1)


@pytest.mark.timeout(180)
def test_a_trial_that_does_not_end_ends_by_itself(
    server: str, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "MOST_TURNS", 200)
    with pytest.raises(Endless, match="it was not over after 200 transactions"):
        tried(server, template, seed=3)


def _without_suppressions(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = tuple(rule for rule in gate.RULES if rule.__name__ != "_not_suppressed")
    monkeypatch.setattr(gate, "RULES", rules)


def _without_history(monkeypatch: pytest.MonkeyPatch) -> None:
    async def forget(*_: object, **__: object) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(store_attempts, "add_event", forget)


def _without_telling(monkeypatch: pytest.MonkeyPatch) -> None:
    add = store_events.add

    async def some(tx: Tx, *events: NewEvent) -> None:
        await add(tx, *(each for each in events if each.type is not EventName.TARGET_FINISHED))

    monkeypatch.setattr(store_events, "add", some)


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("breaks", "word"),
    [
        (_without_suppressions, "barred: "),
        (_without_history, "ends_are_told "),
        (_without_telling, "untold: "),
    ],
)
def test_an_engine_that_breaks_a_promise_is_caught(
    server: str,
    template: str,
    monkeypatch: pytest.MonkeyPatch,
    breaks: Callable[[pytest.MonkeyPatch], None],
    word: str,
) -> None:
    """By the judge of what arrived, by the ledger's invariants, by what others were told."""
    breaks(monkeypatch)
    found = (tried(server, template, seed=seed).violations for seed in (1, 2, 3))
    assert any(each.startswith(word) for violations in found for each in violations)
