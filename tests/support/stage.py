"""A campaign on the sandbox, and the loops of a work process to run it; on the real time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from campana.domain.campaign import ChannelType
from campana.engine.accounts import Accounts
from campana.engine.applier import Applier
from campana.engine.dispatcher import Dispatcher
from campana.engine.inquirer import Inquirer
from campana.engine.listening import Listening
from campana.engine.runner import Loop, repeat
from campana.engine.sweeper import Sweeper
from campana.sandbox.plan import Plan
from campana.services.context import Context
from campana.web.app import create_app
from tests.support.campaign import Scene, add_channel, launched, person
from tests.support.ledger import broken
from tests.support.people import reserved_numbers
from tests.support.sandbox import Sandboxed, WallClock, answering, sandbox
from tests.support.waiting import eventually

QUICK = {"reply": [0.0, 0.01], "ring": [0.0, 0.02], "answer": [0.0, 0.05], "talk": [0.0, 0.05]}
"""A sandbox on which a call is over in a tenth of a second."""


@asynccontextmanager
async def working(
    engine: Context, public_url: str, *, dispatchers: int = 1
) -> AsyncIterator[Dispatcher]:
    """The loops of a work process that have to do with sending; its dispatcher, the first of so
    many."""
    stop = asyncio.Event()
    accounts = Accounts(engine)
    several = [
        Dispatcher(engine, accounts=accounts, public_url=public_url) for _ in range(dispatchers)
    ]
    loops = [
        *(Loop(name="dispatch", step=each.step, rest=0.02) for each in several),
        Loop(name="apply", step=Applier(engine).step, rest=0.02),
        Loop(name="match", step=Applier(engine).match, rest=0.02),
        Loop(name="inquire", step=Inquirer(engine, accounts=accounts).step, rest=0.1),
        *Sweeper(engine).loops(),
    ]
    beside = [asyncio.create_task(each.ownership.keep()) for each in several]
    beside.append(asyncio.create_task(Listening(engine, accounts=accounts).run()))
    running = [asyncio.create_task(repeat(loop, stop)) for loop in loops]
    try:
        yield several[0]
    finally:
        stop.set()
        await asyncio.gather(*running)
        await asyncio.gather(*(each.drain(seconds=5) for each in several))
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await accounts.aclose()


@asynccontextmanager
async def dispatching(stage: Stage) -> AsyncIterator[Dispatcher]:
    """A dispatcher that steps only when it is told to."""
    accounts = Accounts(stage.engine)
    dispatcher = Dispatcher(stage.engine, accounts=accounts, public_url=stage.url)
    keeping = asyncio.create_task(dispatcher.ownership.keep())
    await eventually(lambda: dispatcher.ownership.is_held)
    try:
        yield dispatcher
    finally:
        await dispatcher.drain(seconds=5)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await accounts.aclose()


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Everything there is, on the real time."""

    engine: Context
    web: Context
    workspace_id: int
    sandboxed: Sandboxed
    url: str

    async def campaign(
        self, *, people: int, rate: float = 60, lines: int = 10_000, **changes: Any
    ) -> Scene:
        """A launched campaign on a sandbox channel."""
        config = self.sandboxed.config(**changes.pop("config", {}))
        channel = await add_channel(
            self.web,
            workspace_id=self.workspace_id,
            kind="sandbox",
            config=config,
            rate=rate,
            burst=1,
            lines=lines,
        )
        return await launched(
            self.engine,
            self.web,
            workspace_id=self.workspace_id,
            channel=channel,
            people=[person(number) for number in reserved_numbers()[:people]],
            window={"always": True},
            cadence={
                "maxAttempts": 6,
                **{
                    outcome: {"attempts": 6, "delaySeconds": 1}
                    for outcome in ("busy", "noAnswer", "congestion", "carrierError")
                },
            },
            **changes,
        )


@pytest.fixture
async def stage(
    engine_context: Context, context: Context, workspace_id: int, tmp_path: Path
) -> AsyncIterator[Stage]:
    engine = replace(engine_context, clock=WallClock())
    web = replace(context, clock=WallClock())
    # Whoever waits for a message to arrive waits for ever where one in twenty does not.
    messages = (ChannelType.SMS, ChannelType.WHATSAPP, ChannelType.EMAIL)
    plan = Plan(
        mix={ChannelType.VOICE: {"completed": 1}, **{each: {"delivered": 1} for each in messages}}
    )
    async with AsyncExitStack() as stack:
        sandboxed = stack.enter_context(sandbox(tmp_path, plan))
        sandboxed.change(seconds=QUICK)
        url = await stack.enter_async_context(answering(create_app(web)))
        yield Stage(engine=engine, web=web, workspace_id=workspace_id, sandboxed=sandboxed, url=url)


async def over(scene: Scene) -> dict[str, int]:
    """Targets by disposition once the campaign is over."""
    await eventually(
        lambda: scene.rows(
            "select 1 from campaigns where state = 'completed' and id = %s", scene.campaign_id
        )
    )
    rows = await scene.rows("select disposition, count(*) from targets group by 1")
    assert await broken(scene.engine) == []
    return {row[0]: row[1] for row in rows}


def twice(lines: Sequence[dict[str, Any]], what: str) -> list[str]:
    """Attempts, or people, that stand in these lines more than once."""
    return [name for name, count in Counter(line[what] for line in lines).items() if count > 1]
