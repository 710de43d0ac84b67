"""What `campana work` costs while it has nothing to do.

    python bench/idle.py [--workers 1 4 16] [--seconds 20]

No campaign runs. Of each number of work processes it prints the processor time that the processes
and the database took, in milliseconds a second, and how many transactions the database counted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg
from ground import Ground, ground, processor_seconds

SETTLING = 8.0
"""Seconds in which the loops of processes that have started come to rest."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """A second's, on the average of a run."""

    workers: int
    seconds: float
    worker_ms: float
    database_ms: float
    transactions: float


def backends(made: Ground) -> list[int]:
    """Sessions at the database, without the one that asks."""
    with psycopg.connect(made.conninfo) as db:
        found = db.execute(
            "select pid from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid()"
        )
        return [pid for (pid,) in found]


def transactions(made: Ground) -> int:
    """Since the database was made."""
    with psycopg.connect(made.conninfo) as db:
        found = db.execute(
            "select xact_commit + xact_rollback from pg_stat_database"
            " where datname = current_database()"
        ).fetchone()
    return int(found[0]) if found else 0


async def run(made: Ground, *, workers: int, seconds: float) -> Cost:
    """That many, for so long."""
    others = set(backends(made))
    pids = [made.start_worker().pid for _ in range(workers)]
    await made.until_at_work(workers)
    await asyncio.sleep(SETTLING)
    sessions = set(backends(made)) - others
    before = processor_seconds(pids), processor_seconds(sessions), transactions(made)
    began = time.monotonic()
    await asyncio.sleep(seconds)
    after = processor_seconds(pids), processor_seconds(sessions), transactions(made)
    took = time.monotonic() - began
    await asyncio.to_thread(made.stop_workers)
    return Cost(
        workers=workers,
        seconds=took,
        worker_ms=1000 * (after[0] - before[0]) / took,
        database_ms=1000 * (after[1] - before[1]) / took,
        transactions=(after[2] - before[2]) / took,
    )


async def everything(arguments: argparse.Namespace) -> list[Cost]:
    """All the runs, one after another."""
    costs: list[Cost] = []
    async with ground() as made:
        for workers in arguments.workers:
            cost = await run(made, workers=workers, seconds=arguments.seconds)
            print(
                f"{cost.workers:3} workers: {cost.worker_ms:.0f} ms/s in the processes,"
                f" {cost.database_ms:.0f} ms/s in their sessions,"
                f" {cost.transactions:.0f} transactions a second",
                flush=True,
            )
            costs.append(cost)
    return costs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    costs = asyncio.run(everything(arguments))
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(cost) for cost in costs], indent=1))


if __name__ == "__main__":
    main()
