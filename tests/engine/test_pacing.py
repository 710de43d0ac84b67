"""A channel's pace as its carrier saw it: several workers, some of them killed on the way.

The grants behind it are proven on a clock of their own (`services/test_granting.py`,
`services/test_limits.py`); `bench/pacing.py` measures longer, with sixteen processes.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from tests.engine.test_dispatcher_kills import worker
from tests.support.stage import Stage, twice
from tests.support.waiting import eventually

DISPATCHING = Path(__file__).parent / "dispatch_process.py"
WINDOW, SETTLING = 1.05, 3.0


def most_within_window(times: Sequence[float]) -> int:
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= WINDOW:
            first += 1
        most = max(most, last - first + 1)
    return most


def longest_silence(times: Sequence[float]) -> float:
    return max((after - before for before, after in pairwise(times)), default=0.0)


def mean_rate(times: Sequence[float], *, rate: float) -> float:
    """From the most punctual of the first second to that of the last: sends may be late, by the
    network and by the judge, and never early."""

    def lag(number: int) -> float:
        return times[number] - number / rate

    second = math.ceil(rate)
    first = min(range(second), key=lag)
    last = min(range(len(times) - second, len(times)), key=lag)
    return (last - first) / (times[last] - times[first])


@pytest.mark.timeout(400)
@pytest.mark.slow
@pytest.mark.parametrize(
    ("processes", "workers", "seconds"),
    [
        (2, 1, 6),
        pytest.param(1, 1, 30, marks=pytest.mark.long),
        pytest.param(4, 1, 30, marks=pytest.mark.long),
        pytest.param(4, 4, 30, marks=pytest.mark.long),
    ],
)
async def test_the_carrier_sees_the_rate_and_no_more_even_when_a_process_is_killed(
    processes: int, workers: int, seconds: int, stage: Stage, conninfo: str, tmp_path: Path
) -> None:
    rate = 20.0
    words = ("-m", "campana", "work") if workers == 1 else (str(DISPATCHING), str(workers))
    await stage.campaign(people=math.ceil(rate * (seconds + 20)), rate=rate)
    with ExitStack() as stack:
        started = [
            stack.enter_context(worker(conninfo, stage.url, tmp_path, words=words))
            for _ in range(processes)
        ]

        def sent() -> int:
            return len(stage.sandboxed.lines("send"))

        await eventually(lambda: sent() > rate * (SETTLING + seconds / 2))
        if processes > 1:
            # Whatever it had been granted is lost, and no more than that.
            started[0].kill()
            await asyncio.to_thread(started[0].wait)
        await eventually(lambda: sent() > rate * (SETTLING + seconds))
    times = sorted(line["at"] for line in stage.sandboxed.lines("send"))
    seen = [at for at in times if at >= times[0] + SETTLING]
    # The judge stands still too on a machine that is busy: its whole log is silent then, and what
    # came meanwhile is written down at once.
    silence = longest_silence([line["at"] for line in stage.sandboxed.lines()])
    unjudged = math.floor(rate * max(0.0, silence - 2 / rate))
    assert most_within_window(seen) <= math.ceil(WINDOW * rate) + 1 + unjudged
    # A send that misses its moment is not made up for: a busy machine stays below the rate, and
    # bench/pacing.py says by how much.
    assert mean_rate(seen, rate=rate) <= 1.01 * rate
    assert twice(stage.sandboxed.accepted(), "to") == []
