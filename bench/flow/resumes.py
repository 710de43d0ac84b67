"""Resumes a second end to end with PostgreSQL: read the session, run the sprint, write everything.

    python bench/flow/resumes.py [--sessions 300] [--together 4] [--waiting 1000000]

Two kinds: a reply that is answered with a message (a queued row, a due row, a timer gone), and a
time that is up (a timer gone, an end, a target finished). The sessions are there before anything is
timed; each resume is the transaction of production, on one database beside one Python process.
With `--waiting` so many more wait for people who say nothing; each resume finds its own among them.
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

import psycopg

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


_WAIT = """
with one as (
  select s.*, t.wait, c.list_id from flow_sessions s
  join flow_timers t on t.session_id = s.id join contacts c on c.id = s.contact_id
  where s.status = 'waiting' order by s.id limit 1
), base as (
  select (select max(id) from contacts) as last_contact,
    (select max(id) from targets) as last_target,
    (select max(id) from flow_sessions) as last_session
), others as (
  select * from one, base, generate_series(1, %s) n
), people as (
  insert into contacts (id, workspace_id, list_id, zones, created_at, updated_at)
  overriding system value
  select last_contact + n, workspace_id, list_id, '{UTC}', created_at, created_at from others
), addresses as (
  insert into contact_addresses (contact_id, position, workspace_id, list_id, kind, value)
  select last_contact + n, 0, workspace_id, list_id, 'email', n || '@example.com' from others
), aims as (
  insert into targets (id, workspace_id, campaign_id, contact_id, address, state, created_at)
  overriding system value
  select last_target + n, workspace_id, campaign_id, last_contact + n, n || '@example.com',
    'waiting', created_at from others
), talks as (
  insert into flow_sessions (id, workspace_id, campaign_id, target_id, contact_id, flow_id,
    flow_version, status, session, channel_type, started, inputs, created_at, updated_at)
  overriding system value
  select last_session + n, workspace_id, campaign_id, last_target + n, last_contact + n, flow_id,
    flow_version, status, session, channel_type, started, inputs, created_at, updated_at from others
)
insert into flow_timers (session_id, wait, workspace_id, due_at)
select last_session + n, wait, workspace_id, created_at + interval '30 days' from others
"""


def wait_for_nobody(conninfo: str, count: int) -> None:
    """So many more sessions that wait, for a month, as the first of those that are there does."""
    with psycopg.connect(conninfo, autocommit=True, options="-c search_path=campana") as db:
        # Triggers count people and check what this statement says of itself: not for this.
        db.execute("set session_replication_role = replica")
        db.execute(_WAIT, (count,))
        db.execute("vacuum analyze")


async def main(count: int, together: int, waiting: int) -> None:
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
        wait_for_nobody(made.conninfo, waiting)
        replies = await _timed(
            [_reply(talk, number, n) for n, number in enumerate(numbers)], together=together
        )
        await _all_sent(talk, count)
        clock.forward(hours=1)
        async with engine.db.read() as tx:
            ids = [row[0] for row in await (await tx.execute(_SESSIONS)).fetchall()]
        async with engine.db.read() as tx:
            waits = dict(await (await tx.execute(_WAITS, (ids,))).fetchall())
        times = await _timed([_time(talk, each, waits[each]) for each in ids], together=together)
        print(
            json.dumps(
                {
                    "sessions": count,
                    "waiting": waiting,
                    "together": together,
                    "repliesPerSecond": round(replies),
                    "timeOutsPerSecond": round(times),
                }
            )
        )


_SESSIONS = """
select s.id from flow_sessions s join targets t on t.id = s.target_id
where s.status = 'waiting' and t.address like '+%%' order by s.id
"""
_WAITS = "select session_id, wait from flow_timers where session_id = any(%s)"


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
    parser.add_argument("--waiting", type=int, default=0)
    asked = parser.parse_args()
    asyncio.run(main(asked.sessions, asked.together, asked.waiting))
