"""Bad days by seed, any number of them: `bench/simulate.py --seeds 1000`.

Each seed is a small campaign in virtual time, on the engine as it is, on which workers die, the
carrier fails, the database is away and its answers are lost. The first seed that breaks a promise
ends the run with the command that has it again.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from campana.simulation import trial, virtual_time
from campana.simulation.trial import AGAIN, Trial
from campana.store.embedded import attach
from campana.store.throwaway import relax, throwaway


def main() -> int:
    """Run the seeds that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--seed", type=int, help="this one alone, with the engine's log")
    parser.add_argument("--go-on", action="store_true", help="past seeds that break a promise")
    asked = parser.parse_args()
    seeds = (
        [asked.seed] if asked.seed is not None else range(asked.first, asked.first + asked.seeds)
    )
    level = logging.INFO if asked.seed is not None else logging.CRITICAL
    logging.basicConfig(level=level, format="%(message)s")
    began = time.monotonic()
    sums: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        embedded = attach(Path(folder) / "server")
        try:
            relax(embedded.conninfo)
            for seed in seeds:
                if not _one(embedded.conninfo, seed, sums) and not asked.go_on:
                    break
        finally:
            embedded.close()
    seconds = time.monotonic() - began
    print(
        f"{sums['trials']} trials in {seconds:.0f} s, {sums['virtual'] / 3600:.0f} virtual hours: "
        f"{sums['sends']} sends, {sums['turns']} transactions, "
        f"{sums['deaths']} deaths with {sums['in flight']} attempts in flight, "
        f"{sums['unknown']} unknown, {sums['broken']} trials that broke a promise"
    )
    return 1 if sums["broken"] else 0


def _one(server: str, seed: int, sums: Counter[str]) -> bool:
    """Run a trial; False when it broke a promise, which is printed."""
    try:
        with throwaway(server) as conninfo, tempfile.TemporaryDirectory() as folder:
            found = virtual_time.run(trial.trial(conninfo, seed=seed, folder=Path(folder)))
    except Exception:
        # A bug that ended a worker: its trace follows the command.
        print(f"seed {seed} ended in a bug; again: {sys.executable} {AGAIN.format(seed=seed)}")
        raise
    _add(sums, found)
    if not found.violations:
        return True
    sums["broken"] += 1
    print(f"seed {seed} broke a promise; again: {sys.executable} {AGAIN.format(seed=seed)}")
    for violation in found.violations:
        print(f"  {violation}")
    return False


def _add(sums: Counter[str], found: Trial) -> None:
    sums["trials"] += 1
    sums["virtual"] += int(found.seconds)
    sums["sends"] += found.sends
    sums["turns"] += found.turns
    sums["deaths"] += found.deaths
    sums["in flight"] += found.in_flight
    sums["unknown"] += found.unknown


if __name__ == "__main__":
    sys.exit(main())
