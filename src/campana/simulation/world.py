"""Everything there is in a simulation: one database, one carrier, one clock, and processes."""

from __future__ import annotations

import asyncio
import base64
import contextvars
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from campana.blobs import Blobs
from campana.domain.errors import Unavailable
from campana.sandbox.plan import Plan
from campana.services.context import Context
from campana.services.outbound import Outbound
from campana.services.secrets import Secrets
from campana.simulation.account import Wire, kind
from campana.simulation.agenda import Agenda, News
from campana.simulation.carrier import SimulatedProvider
from campana.simulation.chance import Chance
from campana.simulation.inbox import Inbox
from campana.simulation.process import CURRENT, NoTroubles, Process, Troubles
from campana.simulation.programs import Programs
from campana.simulation.virtual_time import START, VirtualTimeLoop
from campana.store.db import DatabaseClock, Role, Tx
from campana.store.turns import Line, Turn, TurnedDatabase, Watch, line, until_gone

_KEY = base64.urlsafe_b64encode(b"campana in a simulation, no more").decode()
"""Seals what a simulated workspace keeps; whatever that is, it opens nothing."""


class _Bystander:
    """Whoever is no process: its writes are news, and now and then it gets no answer."""

    def __init__(self, world: World, troubles: Troubles, *, is_carrier: bool = False) -> None:
        self._world = world
        self._is_carrier = is_carrier
        self._troubles = troubles
        self._wrote = False

    async def ask(self) -> None:
        await asyncio.sleep(self._troubles.to_database())

    def begin(self) -> None:
        pass

    def end(self, *, wrote: bool) -> None:
        self._wrote = wrote
        if wrote:
            self._world.agenda.tell(News.REPORT if self._is_carrier else News.CHANGE)

    async def hear(self) -> None:
        await asyncio.sleep(self._troubles.from_database(wrote=self._wrote))

    def opened(self, session: Tx) -> None:
        del session


@dataclass
class _WorldClock:
    """The time as it is."""

    world: World
    is_steady: bool = True

    def now(self) -> datetime:
        return self.world.now()


class World:
    """Made by `world`."""

    def __init__(
        self,
        conninfo: str,
        *,
        seed: int,
        starts: datetime,
        plan: Plan,
        lines: Mapping[Role, Line],
        folder: Path,
        programs: Outbound,
    ) -> None:
        """`programs` is what flows ask."""
        self.seed = seed
        self.starts = starts
        self.shift = timedelta(0)
        """What the database's clock has been put forward by."""
        self.glitch = timedelta(0)
        """How far off its answer is to the question what time it is, while nothing else is."""
        self.processes: list[Process] = []
        self._conninfo = conninfo
        self._lines = lines
        self._folder = folder
        self._programs = programs
        self._secrets = Secrets.of([_KEY])
        self._loop = asyncio.get_running_loop()
        self._outside = contextvars.copy_context()
        self._errands: set[asyncio.Task[Any]] = set()
        self._entropy = Chance(seed, "entropy")
        self.provider = SimulatedProvider(plan, now=self.real_now, shown=self.now, spawn=self.spawn)
        silent = _Bystander(self, NoTroubles())
        self.agenda = Agenda(
            self._database(Role.ENGINE, silent),
            now=self.now,
            living=self._living,
            spawn=self.spawn,
        )
        self.inbox = Inbox(tell=partial(self.agenda.tell, News.WORDS))
        self.engine = self.context(Role.ENGINE, watch=silent, wire=_Nowhere())
        self.web = self.context(Role.WEB, watch=silent, wire=_Nowhere())
        self.inbox.context = self._teller(NoTroubles())

    @property
    def turn(self) -> Turn:
        """Whose turn it is in the database."""
        return self._lines[Role.ENGINE].turn

    def real_now(self) -> datetime:
        """What a clock shows that nobody ever touches."""
        return self.starts + timedelta(seconds=self._loop.time() - START)

    def now(self) -> datetime:
        """What the database's clock shows."""
        return self.real_now() + self.shift

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start something that belongs to no process."""
        task = self._loop.create_task(work, context=self._outside.copy())
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
        return task

    def context(self, role: Role, *, watch: Watch, wire: Wire) -> Context:
        """What a use case is given."""
        carrier = kind(self.provider, wire, self.inbox.of)
        return Context(
            db=self._database(role, watch),
            clock=_WorldClock(self),
            entropy=self._entropy.bytes,
            blobs=Blobs(root=self._folder),
            carriers={carrier.kind: carrier},
            secrets=self._secrets,
            outbound=self._programs,
            monotonic=self._loop.time,
            is_rehearsal=True,
        )

    def trouble_callbacks(self, troubles: Troubles) -> None:
        """From now on this happens to those who store what the carrier tells."""
        self.inbox.context = self._teller(troubles)

    def begin(
        self, name: str, troubles: Troubles | None = None, *, restless: Chance | None = None
    ) -> Process:
        """A new work process."""
        process = Process(
            name=name,
            agenda=self.agenda,
            turn=self.turn,
            troubles=troubles or NoTroubles(),
            server_time=lambda: self.now() + self.glitch,
            restless=restless,
        )
        clock = DatabaseClock(monotonic=self._loop.time)
        clock.follow(self.now(), at=self._loop.time())
        self.processes.append(process)
        process.start(self.context(Role.ENGINE, watch=process, wire=process), clock)
        return process

    async def step_clock(self, by: timedelta) -> None:
        """Put the database's clock forward, or back."""
        self.shift += by
        for process in self.processes:
            process.clock_jumped.set()
        self.agenda.tell()

    async def mislead(self, by: timedelta, *, seconds: float) -> None:
        """Let whoever asks for the time in the next seconds be told another."""
        self.glitch = by
        for process in self.processes:
            process.clock_jumped.set()
        await asyncio.sleep(seconds)
        self.glitch = timedelta(0)

    async def cut(self, process: Process) -> None:
        """Take a living process its session, as a broken connection does."""
        async with self.turn:
            for session in process.sessions:
                await session.close()
        await until_gone(self._lines[Role.ENGINE], process.backends)
        self._ask_who_is_on_duty()
        self.agenda.tell()

    async def kill(self, process: Process) -> None:
        """End a process as kill -9 does, and wait until its server has noticed."""
        async with self.turn:
            process.die()
        await self.bury(process)

    async def bury(self, process: Process) -> None:
        """Wait until nothing of a dead process is left, its lock neither."""
        await process.buried()
        for session in process.sessions:
            await session.close()
        # A closed connection frees its lock a moment later: how much later is no matter of chance.
        await until_gone(self._lines[Role.ENGINE], process.backends)
        self._ask_who_is_on_duty()
        self.agenda.tell()

    async def end(self) -> None:
        """Nothing goes on any more."""
        for process in self.processes:
            if not process.is_dead:
                await self.kill(process)
        for task in list(self._errands):
            task.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)

    def _ask_who_is_on_duty(self) -> None:
        """A lock is free: all find out with the next question they ask their session."""
        for process in self.processes:
            if not process.is_dead:
                process.disturbed.set()

    def _teller(self, troubles: Troubles) -> Context:
        watch = _Bystander(self, troubles, is_carrier=True)
        return self.context(Role.WEB, watch=watch, wire=_Nowhere())

    def _living(self) -> set[int]:
        return {p.owner_id for p in self.processes if p.owner_id is not None}

    def _database(self, role: Role, watch: Watch) -> TurnedDatabase:
        return TurnedDatabase(self._conninfo, role=role, line=self._lines[role], watch=watch)


class _Nowhere:
    """The wire of those who send nothing."""

    name = "nobody"

    async def depart(self) -> float:
        """Nothing leaves.

        Raises:
            Unavailable
        """
        raise Unavailable("only a work process sends")

    async def arrive(self) -> None:
        """Nothing comes."""


@asynccontextmanager
async def world(
    conninfo: str,
    *,
    seed: int,
    starts: datetime,
    plan: Plan,
    folder: Path,
    programs: Outbound | None = None,
    most_turns: int | None = None,
) -> AsyncGenerator[World]:
    """A world on a database of its own, which must be migrated and hold nothing; on a
    VirtualTimeLoop. After `most_turns` in the database it ends with `turns.Endless`."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualTimeLoop):
        raise TypeError("a world needs a VirtualTimeLoop")
    loop.set_task_factory(_task)  # pyright: ignore[reportArgumentType] - typeshed's is generic
    turn = Turn(most=most_turns)
    async with AsyncExitStack() as stack:
        lines = {
            role: await stack.enter_async_context(
                line(conninfo, role=role, turn=turn, answers=loop)
            )
            for role in (Role.ENGINE, Role.WEB)
        }
        made = World(
            conninfo,
            seed=seed,
            starts=starts,
            plan=plan,
            lines=lines,
            folder=folder,
            programs=programs or Programs(),
        )
        try:
            yield made
        finally:
            await made.end()


def _task(
    loop: asyncio.AbstractEventLoop,
    work: Coroutine[Any, Any, Any],
    context: contextvars.Context | None = None,
    **options: Any,  # noqa: ANN401 - whatever asyncio has come to pass on
) -> asyncio.Task[Any]:
    """Every task belongs to the process of whoever started it."""
    task = asyncio.Task(work, loop=loop, context=context, **options)
    process = CURRENT.get() if context is None else context.get(CURRENT)
    if process is not None:
        process.adopt(task)
    return task
