"""Resumes a second end to end with PostgreSQL: read the session, run the sprint, write everything.

    python bench/flow/resumes.py [--sessions 300] [--together 4]

Two kinds: a reply that is answered with a message (a queued row, a due row, a timer gone), and a
time that is up (a timer gone, an end, a target finished). The sessions are there before anything is
timed; each resume is the transaction of production, on one database beside one Python process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.ground import ground
from campana.services import sessions
from tests.support.campaign import person
from tests.support.database import FixedClock
from tests.support.people import reserved_numbers
from tests.support.talking import Talk, flow, talking

NODES = {
    "a": {"type": "send_message", "text": "Can you come, {{ contact.first_name }}?", "next": "w"},
    "w": {"type": "wait_for_response", "timeoutSeconds": 3600, "next": "b", "onTimeout": "gone"},
    "b": {"type": "send_message", "text": "You said {{ reply }}.", "next": "v"},
    "v": {"type": "wait_for_response", "timeoutSeconds": 3600, "next": "end", "onTimeout": "gone"},
    "end": {"type": "end", "status": "answered"},
    "gone": {"type": "end", "status": "no_answer"},
}


async def main(count: int, together: int) -> None:
    async with ground() as made:
        clock = FixedClock(moment=made.engine.clock.now())
        engine = replace(made.engine, clock=clock)
        web = replace(made.web, clock=clock)
        numbers = reserved_numbers()[:count]
        talk = await talking(
            engine,
            web,
            clock=clock,
            workspace_id=made.workspace_id,
            definition=flow(NODES),
            people=[person(number) for number in numbers],
        )
        await _all_sent(talk, count)
        replies = await _timed(
            [_reply(talk, number, n) for n, number in enumerate(numbers)], together=together
        )
        await _all_sent(talk, count)
        clock.forward(hours=1)
        async with engine.db.read() as tx:
            ids = [row[0] for row in await (await tx.execute(_SESSIONS)).fetchall()]
        async with engine.db.read() as tx:
            waits = dict(await (await tx.execute(_WAITS)).fetchall())
        times = await _timed([_time(talk, each, waits[each]) for each in ids], together=together)
        print(
            json.dumps(
                {
                    "sessions": count,
                    "together": together,
                    "repliesPerSecond": round(replies),
                    "timeOutsPerSecond": round(times),
                }
            )
        )


_SESSIONS = "select id from flow_sessions where status = 'waiting' order by id"
_WAITS = "select session_id, wait from flow_timers"


async def _all_sent(talk: Talk, count: int) -> None:
    """Every session's next message is with its carrier."""
    sent = 0
    while sent < count:
        some = len(await talk.send())
        if not some:
            raise SystemExit(f"only {sent} of {count} were sent")
        sent += some


def _reply(talk: Talk, number: str, n: int) -> Callable[[], Awaitable[object]]:
    return lambda: talk.reply("yes", address=number, key=f"m{n}")


def _time(talk: Talk, session_id: int, wait: int) -> Callable[[], Awaitable[object]]:
    return lambda: sessions.time_out(talk.scene.engine, session_id=session_id, wait=wait)


async def _timed(work: Sequence[Callable[[], Awaitable[object]]], *, together: int) -> float:
    """How many a second, so many at once."""
    left = list(reversed(work))

    async def one() -> None:
        while left:
            await left.pop()()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(together)))
    return len(work) / (time.perf_counter() - began)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=300)
    parser.add_argument("--together", type=int, default=4)
    asked = parser.parse_args()
    asyncio.run(main(asked.sessions, asked.together))
