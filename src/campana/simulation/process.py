"""One work process of a simulation: the engine's own loops, in tasks that can die together.

Everything it does to the world passes here: turns of the database, sends to the carrier. `Troubles`
say what goes wrong on the way. Once dead it does nothing more, whatever its tasks have in mind.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from campana.domain.errors import Unavailable
from campana.engine.accounts import Accounts
from campana.engine.dispatcher import Dispatcher
from campana.engine.loops import work_loops
from campana.engine.runner import Loop, repeat
from campana.services.context import Context
from campana.simulation.agenda import Agenda
from campana.simulation.chance import Chance
from campana.store.db import DatabaseClock, Tx
from campana.store.turns import Turn

CURRENT: contextvars.ContextVar[Process | None] = contextvars.ContextVar("process", default=None)
"""The process a task belongs to."""

PUBLIC_URL = "http://127.0.0.1:8080"
_DRAIN_SECONDS = 20.0
_CLOCK_SECONDS = 1.0
_LOOK_AT_LEAST = timedelta(hours=12)
_RESTLESS = ("dispatch", "sweep")
_RESTLESS_LOOKS = 40
_RESTLESS_SECONDS = 10.0
_LONGEST_PAUSE = 2.0
"""The longest a loop waits between two looks when there seems to be something and is not."""


class Troubles(Protocol):
    """What goes wrong between a process and the rest of the world."""

    def to_database(self) -> float:
        """Seconds on the way to it.

        Raises:
            Unavailable
        """
        ...

    def from_database(self, *, wrote: bool) -> float:
        """Seconds on the way back.

        Raises:
            Unavailable: what was asked is done, and nobody is told.
        """
        ...

    def to_carrier(self) -> float:
        """Seconds on the way to it."""
        ...

    def dies(self, where: str) -> bool:
        """Does the process end here? Asked before and after everything the world can see."""
        ...


class NoTroubles:
    """A good day: answers come at once."""

    def to_database(self) -> float:
        """At once."""
        return 0.0

    def from_database(self, *, wrote: bool) -> float:
        """At once."""
        del wrote
        return 0.0

    def to_carrier(self) -> float:
        """At once."""
        return 0.0

    def dies(self, where: str) -> bool:
        """Never."""
        del where
        return False


class Process:
    """Starts with `start`; ends with `stop`, which drains, or `die`, which does not."""

    def __init__(
        self,
        *,
        name: str,
        agenda: Agenda,
        turn: Turn,
        troubles: Troubles,
        server_time: Callable[[], datetime],
        restless: Chance | None = None,
    ) -> None:
        """`restless` has it look for people to contact, and for dead workers, also where there seem
        to be none."""
        self.name = name
        self.is_dead = False
        self.failure: BaseException | None = None
        """The bug that ended it."""
        self.sessions: list[Tx] = []
        """Every one it has had, and below their backends."""
        self.backends: list[int] = []
        self.died = asyncio.Event()
        self.disturbed = asyncio.Event()
        """Something is the matter with its session: ask now."""
        self.clock_jumped = asyncio.Event()
        self._agenda = agenda
        self._turn = turn
        self._troubles = troubles
        self._server_time = server_time
        self._restless = restless
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self._stop = asyncio.Event()
        self._wrote = False
        self._dispatcher: Dispatcher | None = None
        self._main: asyncio.Task[None] | None = None

    @property
    def owner_id(self) -> int | None:
        """The number it holds; None when it holds none."""
        if self.is_dead or self._dispatcher is None or not self._dispatcher.ownership.is_held:
            return None
        return self._dispatcher.ownership.owner_id

    # ------------------------------------------------------------ its life

    def start(self, context: Context, clock: DatabaseClock) -> None:
        """Begin to work; `context` has this process as its database's watch and carriers' wire."""
        context = replace(context, clock=clock, doze=self._doze)
        inside = contextvars.copy_context()
        inside.run(CURRENT.set, self)
        self._main = asyncio.get_running_loop().create_task(
            self._work(context, clock), context=inside
        )

    async def stop(self) -> None:
        """Begin nothing more, finish what is in hand, end."""
        self._stop.set()
        self.disturbed.set()
        self._agenda.tell()
        if self._main is not None:
            await asyncio.wait([self._main])
        self.is_dead = True

    def die(self) -> None:
        """End here and now, as kill -9 does."""
        if not self.is_dead:
            self.is_dead = True
            self.died.set()
            for task in list(self._tasks):
                task.cancel()

    async def buried(self) -> None:
        """Return once none of its tasks is left."""
        while self._tasks:
            await asyncio.wait(list(self._tasks))

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """A task was started by one of this process."""
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    async def _work(self, context: Context, clock: DatabaseClock) -> None:
        accounts = Accounts(context)
        dispatcher = Dispatcher(context, accounts=accounts, public_url=PUBLIC_URL)
        self._dispatcher = dispatcher
        keeping = [
            asyncio.create_task(self._guard(dispatcher.ownership.keep)),
            asyncio.create_task(self._guard(partial(self._keep_clock, clock))),
        ]
        loops = work_loops(context, accounts=accounts, dispatcher=dispatcher)
        running = [asyncio.create_task(self._guard(partial(self._repeat, loop))) for loop in loops]
        await self._stop.wait()
        await asyncio.wait(running)
        await dispatcher.drain(seconds=_DRAIN_SECONDS)
        for task in keeping:
            task.cancel()
        await asyncio.gather(*keeping, return_exceptions=True)
        await accounts.aclose()

    async def _repeat(self, loop: Loop) -> None:
        rest = Rest(self._agenda, loop, restless=self._restless)
        await repeat(Loop(name=loop.name, step=rest.step, rest=loop.rest), self._stop, wait=rest)

    async def _guard(self, work: Callable[[], Awaitable[None]]) -> None:
        """A bug ends the process, and is kept."""
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - whoever runs the simulation raises it
            self.failure = error
            await self._end()

    async def _keep_clock(self, clock: DatabaseClock) -> None:
        """As bootstrap does each second, when there is a reason to look."""
        while True:
            await self.clock_jumped.wait()
            await asyncio.sleep(_CLOCK_SECONDS)
            if clock.is_due:
                clock.follow(self._server_time(), at=asyncio.get_running_loop().time())
                if clock.is_steady:
                    self.clock_jumped.clear()
                    self._agenda.tell()

    async def _doze(self, seconds: float) -> None:
        """Nobody asks after a session that nothing has happened to."""
        await asyncio.sleep(seconds)
        await self.disturbed.wait()
        self.disturbed.clear()

    # ------------------------------------------------------------ the database's watch

    async def ask(self) -> None:
        """On the way to the database."""
        await self._maybe_die("before a transaction")
        await _travel(self._troubles.to_database())

    def begin(self) -> None:
        """A turn has come; not for the dead."""
        if self.is_dead:
            raise asyncio.CancelledError

    def end(self, *, wrote: bool) -> None:
        """What was done is committed."""
        self._wrote = wrote
        if wrote:
            self._agenda.tell()

    async def hear(self) -> None:
        """On the way back."""
        wrote = self._wrote
        if wrote:
            await self._maybe_die("after a commit")
        await _travel(self._troubles.from_database(wrote=wrote))

    def opened(self, session: Tx) -> None:
        """A session of its own: with it goes its number."""
        self.sessions.append(session)
        self.backends.append(session.info.backend_pid)

    # ------------------------------------------------------------ the carrier's wire

    async def depart(self) -> float:
        """Something is about to leave for the carrier."""
        await self._maybe_die("before the carrier")
        return self._troubles.to_carrier()

    async def arrive(self) -> None:
        """The carrier's answer is here."""
        await self._maybe_die("after the carrier")

    async def _maybe_die(self, where: str) -> None:
        if self.is_dead:
            raise asyncio.CancelledError
        if self._troubles.dies(where):
            await self._end()
            raise asyncio.CancelledError

    async def _end(self) -> None:
        # In a turn of its own: nothing of this process is under way in the database then.
        async with self._turn:
            self.die()


async def _travel(seconds: float) -> None:
    if seconds:
        await asyncio.sleep(seconds)


class Rest:
    """How a loop of a process rests: as long as it always does, and then until there is something
    to do."""

    def __init__(self, agenda: Agenda, loop: Loop, *, restless: Chance | None = None) -> None:
        self._agenda = agenda
        self._loop = loop
        self._restless = restless if loop.name in _RESTLESS else None
        self._looks = _RESTLESS_LOOKS
        self._reports = self._words = -1
        self._ended_at: datetime | None = None
        self._has_failed = False
        self._pause = 0.0

    async def step(self) -> bool:
        """The loop's own step."""
        try:
            found = await self._loop.step()
        except Unavailable:
            self._has_failed = True
            self._agenda.tell()
            raise
        self._has_failed = False
        if found:
            self._pause = 0.0
        return found

    async def __call__(self, stop: asyncio.Event, seconds: float) -> None:
        """Rest after a look that found nothing."""
        agenda = self._agenda
        await asyncio.sleep(max(seconds, self._pause))
        if not await agenda.rest(
            self._loop.name,
            latest=agenda.now() + self._longest(),
            is_called=lambda: stop.is_set() or self._is_called(),
        ):
            # Should nothing be found there, the next look is later than this one.
            self._pause = min(_LONGEST_PAUSE, 2 * max(self._pause, seconds))
        self._reports, self._words = agenda.reports, agenda.words

    def _longest(self) -> timedelta:
        """The agenda knows every limit that holds people back, and who is dead. A worker that looks
        only when there is something to find would pass for one that can tell."""
        if self._restless is None or not self._looks:
            return _LOOK_AT_LEAST
        if not self._agenda.has_something[self._loop.name]:
            return _LOOK_AT_LEAST
        self._looks -= 1
        return timedelta(seconds=self._restless.between(0.0, _RESTLESS_SECONDS))

    def _is_called(self) -> bool:
        """Whether there is something to look at that has no moment of its own."""
        if self._has_failed:
            return True
        match self._loop.name:
            case "apply":
                return self._reports != self._agenda.reports
            case "hear":
                return self._words != self._agenda.words
            case "breakers":
                before, self._ended_at = self._ended_at, self._agenda.ended_at
                return self._ended_at != before
            case _:
                return False
