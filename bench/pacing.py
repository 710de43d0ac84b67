"""A channel's pace as its carrier sees it: by the sandbox's own log, nothing of Campana's.

    python bench/pacing.py [--workers 1 4 16] [--rate 20] [--seconds 60] [--kills 1]

One campaign on one channel, sent by that many `campana work` processes; for each number of them a
run, and one more in which workers are killed with SIGKILL on the way and others take their place.
Of each run it prints the most sends in any stretch of 1.05 s, beside what is allowed, and the mean
of the whole as a share of the rate. Every process has started before; the first seconds are left
out, in which the sandbox, whose clock is the judge, answers for the first time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ground import Ground, ground

WINDOW = 1.05
SETTLING = 3.0
"""Seconds at the start of a run that are not looked at."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What the log of one run says."""

    workers: int
    kills: int
    rate: float
    seconds: float
    sends: int
    mean_share: float
    most: int
    allowed: int
    twice: int


def measured(times: Sequence[float], *, rate: float, seconds: float) -> tuple[int, float, int]:
    """Sends, mean as a share of the rate, and the most in any window."""
    start = times[0] + SETTLING
    seen = [at for at in times if start <= at < start + seconds]
    most = first = 0
    for last, at in enumerate(seen):
        while at - seen[first] >= WINDOW:
            first += 1
        most = max(most, last - first + 1)
    return len(seen), len(seen) / (rate * seconds), most


async def run(made: Ground, *, workers: int, kills: int, rate: float, seconds: float) -> Pace:
    """One run on a channel of its own."""
    name = f"{workers} workers, {kills} kills"
    channel = await made.channel(rate=rate, name=name)
    people = math.ceil(rate * (seconds + SETTLING + 5))
    seen = len(made.sandboxed.lines("send"))
    for _ in range(workers):
        made.start_worker()
    await made.until_at_work(workers)
    scene = await made.campaign(channel, people=people)
    while len(made.sandboxed.lines("send")) == seen:  # noqa: ASYNC110 - another process writes it
        await asyncio.sleep(0.2)
    began = time.monotonic()
    for kill in range(kills):
        await asyncio.sleep(seconds / (kills + 1) + (SETTLING if not kill else 0))
        made.kill_worker()
        made.start_worker()
    await asyncio.sleep(max(0.0, began + SETTLING + seconds + 0.5 - time.monotonic()))
    await asyncio.to_thread(made.stop_workers)
    async with made.engine.db.transaction() as tx:
        await tx.execute(
            "update campaigns set state = 'paused' where id = %s", (scene.campaign_id,)
        )
    lines = made.sandboxed.lines("send")[seen:]
    times = sorted(line["at"] for line in lines)
    sends, share, most = measured(times, rate=rate, seconds=seconds)
    return Pace(
        workers=workers,
        kills=kills,
        rate=rate,
        seconds=seconds,
        sends=sends,
        mean_share=share,
        most=most,
        allowed=math.ceil(WINDOW * rate) + 1,
        twice=len(lines) - len({line["to"] for line in lines}),
    )


async def everything(arguments: argparse.Namespace) -> list[Pace]:
    """All the runs, one after another."""
    paces: list[Pace] = []
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}", flush=True)
    async with ground() as made:
        for workers in arguments.workers:
            for kills in sorted({0, arguments.kills}):
                pace = await run(
                    made,
                    workers=workers,
                    kills=kills,
                    rate=arguments.rate,
                    seconds=arguments.seconds,
                )
                print(
                    f"{pace.workers:3} workers, {pace.kills} killed: {pace.sends:6} sends,"
                    f" mean {pace.mean_share:.1%} of {pace.rate:g}/s; most in {WINDOW} s"
                    f" {pace.most} of {pace.allowed} allowed; twice {pace.twice};"
                    f" load {os.getloadavg()[0]:.1f}",
                    flush=True,
                )
                paces.append(pace)
        if arguments.keep:
            arguments.keep.write_text(made.sandboxed.log.read_text())
    return paces


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--kills", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--keep", type=Path, help="copy the sandbox's log there")
    arguments = parser.parse_args()
    paces = asyncio.run(everything(arguments))
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(pace) for pace in paces], indent=1))


if __name__ == "__main__":
    main()
