"""A parent that only keeps children: starts them, starts them again when they die, stops them.

It holds no state a crash could lose. A child that fails again and again is a fault no restart
mends: then the parent ends the others and says which it was.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from campana.domain.errors import SetupError
from campana.engine.runner import wait

log = logging.getLogger(__name__)

PARENT_VARIABLE = "CAMPANA_PARENT_PID"
FAILURES_ALLOWED = 5
FAILURE_SECONDS = 60.0
_BACKOFF = (0.1, 0.5, 1.0, 2.0, 5.0)
_KILL_MARGIN = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A process to keep: its name in messages and the words that start it."""

    name: str
    command: Sequence[str]
    file_descriptors: Sequence[int] = ()


async def keep(
    children: Sequence[Child],
    *,
    environment: Mapping[str, str],
    stop: asyncio.Event,
    drain_seconds: float,
) -> None:
    """Keep every child running until `stop`, then end them with SIGTERM.

    Raises:
        SetupError: one of them failed five times within a minute.
    """
    environment = {**environment, PARENT_VARIABLE: str(os.getpid())}
    kept = [
        asyncio.create_task(_keep(child, environment, stop, drain_seconds), name=child.name)
        for child in children
    ]
    failed: SetupError | None = None
    for done in asyncio.as_completed(kept):
        try:
            await done
        except SetupError as error:
            failed = failed or error
            stop.set()
    if failed is not None:
        raise failed


async def _keep(
    child: Child, environment: Mapping[str, str], stop: asyncio.Event, drain_seconds: float
) -> None:
    failures: deque[float] = deque(maxlen=FAILURES_ALLOWED)
    while not stop.is_set():
        process = await asyncio.create_subprocess_exec(
            *child.command, env=dict(environment), pass_fds=tuple(child.file_descriptors)
        )
        log.debug("%s is process %d", child.name, process.pid)
        code = await _until_exit(process, stop, drain_seconds)
        if stop.is_set():
            return
        log.warning("%s ended with %s; it is started again", child.name, code)
        if code != -signal.SIGKILL:
            failures.append(time.monotonic())
        if len(failures) == FAILURES_ALLOWED and failures[-1] - failures[0] < FAILURE_SECONDS:
            raise SetupError(f"{child.name} failed {FAILURES_ALLOWED} times within a minute")
        await wait(stop, _BACKOFF[min(len(failures), len(_BACKOFF) - 1)])


async def _until_exit(
    process: asyncio.subprocess.Process, stop: asyncio.Event, drain_seconds: float
) -> int:
    exited = asyncio.create_task(process.wait())
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({exited, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not exited.done():
        process.terminate()
        _, late = await asyncio.wait({exited}, timeout=drain_seconds + _KILL_MARGIN)
        if late:
            log.warning("process %d does not end; killing it", process.pid)
            process.kill()
    return await exited


async def until_orphaned(stop: asyncio.Event, *, environment: Mapping[str, str]) -> None:
    """Set `stop` when the parent that keeps this process is gone (a kill -9 tells nobody)."""
    parent = environment.get(PARENT_VARIABLE)
    while parent and not stop.is_set():
        if str(os.getppid()) != parent:
            log.warning("the parent process is gone; stopping")
            stop.set()
        await wait(stop, 1.0)
