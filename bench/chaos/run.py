"""Everything that can be done to a running campaign, for as long as one likes.

    .venv/bin/python bench/chaos/run.py                        every scene, at its full size
    .venv/bin/python bench/chaos/run.py kills --contacts 10000 --kills 200
    .venv/bin/python bench/chaos/run.py stops --stops 60 --longest 120 --seed 7

Each scene is a campaign of its own on the sandbox, with two web and some work processes. When it
is over a judge reads the sandbox's log and the file of people (`tests/support/chaos/checker.py`),
and the ledger's invariants are asked. The seed is printed first: with it the same faults come again
in the same order, at about the same moments. Exit code 1 when anybody was reached twice or lost.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support.chaos.faults import Chance, Chaos
from tests.support.chaos.network import hosts, is_allowed
from tests.support.chaos.trial import trial

_DISK = "300m"


def kills(chaos: Chaos, asked: argparse.Namespace, length: float) -> None:
    """Kill -9 of any process at any moment."""
    chaos.kills(asked.kills, within=length)


def stops(chaos: Chaos, asked: argparse.Namespace, length: float) -> None:
    """SIGSTOP of any process, SIGCONT seconds or minutes later."""
    chaos.stops(asked.stops, seconds=(2.0, asked.longest), within=length)


def database(chaos: Chaos, asked: argparse.Namespace, length: float) -> None:
    """No database, immediate restarts, and sessions that are cut while everybody lives."""
    chaos.cuts(asked.cuts, within=length)
    for n in range(asked.restarts):
        chaos.restart(at=length * (n + 0.5) / asked.restarts)
    chaos.away(asked.away, at=length * 0.4)


def network(chaos: Chaos, asked: argparse.Namespace, length: float) -> None:
    """Hosts of work processes that are cut off and come back; some of them are killed there."""
    chaos.partitions(asked.partitions, seconds=(1.0, asked.island), within=length)
    chaos.kills(asked.partitions // 5, within=length)


def disk(chaos: Chaos, asked: argparse.Namespace, length: float) -> None:
    """The database's disk is full for a while."""
    chaos.disk_full(asked.full, at=length * 0.3)


SCENES: dict[str, Callable[[Chaos, argparse.Namespace, float], None]] = {
    "kills": kills,
    "stops": stops,
    "database": database,
    "disk": disk,
    "network": network,
}


@contextmanager
def place(*, is_small: bool) -> Generator[Path]:
    """A directory everybody may pass; with a small file system for the database in it."""
    folder = Path(tempfile.mkdtemp(prefix="campana-chaos-"))
    folder.chmod(0o755)
    server = folder / "server"
    if is_small:
        server.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "tmpfs", server], check=True)
    try:
        yield folder
    finally:
        if is_small:
            subprocess.run(["umount", server], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def play(name: str, asked: argparse.Namespace) -> bool:
    """One scene; True when nothing was found."""
    if name == "disk" and os.geteuid() != 0:
        print(f"{name:9} left out: a small file system can be mounted by root alone")
        return True
    if name == "network" and not is_allowed():
        print(f"{name:9} left out: network namespaces cannot be made here")
        return True
    since = time.monotonic()
    with (
        place(is_small=name == "disk") as folder,
        hosts(asked.work if name == "network" else 0) as apart,
        trial(
            folder,
            people=asked.contacts,
            rate=asked.rate,
            work=asked.work,
            web=2,
            hosts=apart,
        ) as running,
    ):
        chaos = Chaos(trial=running, chance=Chance(asked.seed))
        # While most of the people are still to be contacted.
        SCENES[name](chaos, asked, asked.contacts / asked.rate * 0.8)
        try:
            chaos.run(patience=asked.limit)
            problems = running.verdict().problems
        except AssertionError as error:
            problems = [str(error)]
        verdict, broken = running.verdict(), running.broken()
        if (problems or broken) and asked.keep:
            shutil.copytree(folder, asked.keep / name, ignore=shutil.ignore_patterns("server*"))
        # Before the end: that everybody ends when asked is judged too.
        done = ", ".join(f"{count} {what}" for what, count in sorted(chaos.done.items()))
        print(f"{name:9} {done}, in {time.monotonic() - since:.0f} s")
        print(f"{'':9} {verdict}")
        print(f"{'':9} invariants: {broken or 'all hold'}", flush=True)
        for problem in problems:
            print(f"{'':9} {problem}", flush=True)
    return not problems and not broken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("scene", nargs="*", choices=[*SCENES, []], help="all of them without")
    parser.add_argument("--contacts", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=25.0, help="attempts a second")
    parser.add_argument("--work", type=int, default=3, help="work processes")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--stops", type=int, default=60)
    parser.add_argument("--longest", type=float, default=120.0, help="seconds of one stop")
    parser.add_argument("--cuts", type=int, default=40)
    parser.add_argument("--restarts", type=int, default=3)
    parser.add_argument("--away", type=float, default=60.0, help="seconds without a database")
    parser.add_argument("--partitions", type=int, default=60)
    parser.add_argument("--island", type=float, default=40.0, help="longest seconds of one")
    parser.add_argument("--full", type=float, default=30.0, help="seconds with a full disk")
    parser.add_argument("--seed", type=int, default=int(time.time()))  # noqa: TID251 - one that is new
    parser.add_argument("--limit", type=float, default=3600.0, help="seconds for one scene")
    parser.add_argument("--keep", type=Path, help="where the logs of a failure are copied")
    asked = parser.parse_args()
    print(
        f"seed {asked.seed}, {asked.contacts} contacts at {asked.rate:g}/s, {asked.work} work and"
        f" 2 web processes, {os.cpu_count()} cores, Python {platform.python_version()}",
        flush=True,
    )
    # Each is played, whatever became of those before.
    clean = [play(name, asked) for name in asked.scene or SCENES]
    return 0 if all(clean) else 1


if __name__ == "__main__":
    sys.exit(main())
