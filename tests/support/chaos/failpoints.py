"""A Campana that kills itself (SIGKILL) at a named step, or stops itself there (SIGSTOP). Not part
of the product: it wraps it.

    CAMPANA_FAILPOINTS="services.dispatch.claim: after commit=2" \\
        python -m tests.support.chaos.failpoints work

The steps are not written into the code, they are found: each transaction of a service or a loop has
a moment before its commit and one after, and so has each statement that is its own transaction;
each request to a carrier has one before it leaves and one after its answer. What lies between two
of these leaves no trace outside the process, so there is nothing else to die between. A name is the
function that opened the transaction; `=2` waits for the second time. CAMPANA_FAILPOINTS_SIGNAL is
the name of another signal than SIGKILL. CAMPANA_FAILPOINTS_SEEN names a file that gets the name of
each step passed: from it a test knows that its list is whole.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from campana.carriers.base import Accepted, Outbound
from campana.carriers.sandbox import Sandbox
from campana.store.db import Database, Tx

POINTS = "CAMPANA_FAILPOINTS"
SIGNAL = "CAMPANA_FAILPOINTS_SIGNAL"
SEEN = "CAMPANA_FAILPOINTS_SEEN"

BEFORE, AFTER = "before commit", "after commit"
_HOMES = ("campana.services.", "campana.engine.", "campana.jobs.", "campana.web.")


class Failpoints:
    """Counts the steps and ends the process at the chosen one."""

    def __init__(
        self, wanted: str, *, seen: str | None, number: signal.Signals = signal.SIGKILL
    ) -> None:
        self._number = number
        self._left = Counter[str]()
        for each in filter(None, wanted.split(";")):
            name, _, times = each.partition("=")
            self._left[name] = int(times or 1)
        self._seen = os.open(seen, os.O_WRONLY | os.O_APPEND | os.O_CREAT) if seen else None
        self._told: set[str] = set()

    def pass_by(self, name: str) -> None:
        if self._seen is not None and name not in self._told:
            self._told.add(name)
            os.write(self._seen, name.encode() + b"\n")
        if self._left[name]:
            self._left[name] -= 1
            if not self._left[name]:
                os.kill(os.getpid(), self._number)


def install(points: Failpoints) -> None:
    """Wrap the transactions and the carrier's requests of this process."""
    for name in ("transaction", "glance"):
        setattr(Database, name, _writing(points, getattr(Database, name)))
    for name, wrap in (("send", _sending), ("lookup", _asking)):
        setattr(Sandbox, name, wrap(points, getattr(Sandbox, name)))


def _writing(points: Failpoints, original: Callable[..., Any]) -> Callable[..., Any]:
    @asynccontextmanager
    async def writing(self: Database, **values: Any) -> AsyncIterator[Tx]:
        name = _opener()
        async with original(self, **values) as tx:
            yield tx
            # Whoever writes a single statement has committed it by now; dying here is the same.
            points.pass_by(f"{name}: {BEFORE}")
        points.pass_by(f"{name}: {AFTER}")

    return writing


def _sending(
    points: Failpoints, original: Callable[[Sandbox, Outbound], Awaitable[Accepted]]
) -> Callable[[Sandbox, Outbound], Awaitable[Accepted]]:
    async def send(self: Sandbox, outbound: Outbound) -> Accepted:
        points.pass_by("send: before it leaves")
        try:
            return await original(self, outbound)
        finally:
            points.pass_by("send: after its answer")

    return send


def _asking(
    points: Failpoints, original: Callable[[Sandbox, UUID], Awaitable[Any]]
) -> Callable[[Sandbox, UUID], Awaitable[Any]]:
    async def lookup(self: Sandbox, attempt_id: UUID) -> Any:
        points.pass_by("lookup: before it leaves")
        answer = await original(self, attempt_id)
        points.pass_by("lookup: after its answer")
        return answer

    return lookup


def _opener() -> str:
    """The function of ours on whose behalf a transaction is opened."""
    frame = sys._getframe(1)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith(_HOMES):
            # A method's class says little here: its module has one.
            return f"{module.removeprefix('campana.')}.{frame.f_code.co_name}"
        frame = frame.f_back
    return "elsewhere"


if __name__ == "__main__":
    install(
        Failpoints(
            os.environ.get(POINTS, ""),
            seen=os.environ.get(SEEN),
            number=signal.Signals[os.environ.get(SIGNAL, "SIGKILL")],
        )
    )
    from campana.cli import main

    main()
