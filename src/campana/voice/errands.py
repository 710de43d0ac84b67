"""Having a program asked while somebody is on the line: they hear that it takes a moment, and what
they say meanwhile is not lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from campana.domain.model_talk import Errand, Used
from campana.domain.script import Asking, ToolAnswered, Turn
from campana.domain.speaking import Call

NOBODY = (False, "there is nobody to ask")


class Programs(Protocol):
    """Whoever asks the programs of a bot, for one call."""

    async def run(self, errand: Errand) -> tuple[bool, str]:
        """Ask the program; whether it did what it was asked, and what it said."""
        ...


@dataclass(frozen=True, kw_only=True)
class Errands:
    """Asks the programs that the steps of a script name."""

    programs: Programs | None
    """Without them nothing is asked, and each step goes the way of one that failed."""
    wished: Callable[[], Coroutine[Any, Any, Turn]]
    """Waits for a wish that counts always."""
    say: Callable[[Asking], Coroutine[Any, Any, Turn | None]]
    """Says the filler; the turn that a wish leads to which was heard meanwhile."""
    used: Callable[[Used], None]
    """Told what came of it, also when it was not waited for."""

    async def run(self, asking: Asking) -> ToolAnswered | Turn:
        """What it answered; or the turn that a wish leads to, and then nobody waits for it."""
        errand = _errand(asking)
        running = asyncio.ensure_future(self._asked(errand))
        is_done, answer = False, "not waited for"
        try:
            wished = await first_of(running, self.wished(), seconds=asking.filler_seconds)
            if wished is None and not running.done():
                wished = await self.say(asking) if asking.filler.text else None
                if wished is None:
                    wished = await first_of(running, self.wished())
            if wished is not None:
                return wished
            is_done, answer = running.result()
            return ToolAnswered(is_done=is_done, answer=answer)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            self.used(
                Used(
                    name=asking.step,
                    arguments=errand.call.arguments,
                    outcome="done" if is_done else "failed",
                    answer=answer,
                )
            )

    async def _asked(self, errand: Errand) -> tuple[bool, str]:
        return NOBODY if self.programs is None else await self.programs.run(errand)


async def first_of(
    running: asyncio.Future[Any], wished: Coroutine[Any, Any, Turn], *, seconds: float | None = None
) -> Turn | None:
    """Wait for `running`, at most so long; the turn of a wish that was heard meanwhile."""
    wishing = asyncio.ensure_future(wished)
    try:
        await asyncio.wait({running, wishing}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return wishing.result() if wishing.done() else None
    finally:
        wishing.cancel()
        await asyncio.gather(wishing, return_exceptions=True)


def _errand(asking: Asking) -> Errand:
    arguments = dict(asking.arguments)
    told = msgspec.json.encode(arguments).decode()
    call = Call(id=asking.step, name=asking.step, arguments=told)
    return Errand(call=call, tool=asking.tool, arguments=arguments)
