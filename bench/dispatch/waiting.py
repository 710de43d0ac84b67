"""How long a claim takes: with a hundred thousand waiting, and with millions and an old snapshot.

Half of those who wait belong to campaigns that are paused. The snapshot is held open by another
session from before the first claim, as a report, a dump or a replica holds one: nothing that is
claimed can be cleared away. Claims are the product's own (`services/dispatch.ready` and `claim`),
one after another, a hundred people each, all from one group.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import median

import psycopg

from bench.dispatch import ground as grounds
from bench.dispatch.carrier import KIND
from bench.dispatch.ground import Ground
from campana import bootstrap
from campana.services import dispatch
from campana.services.intents import Send
from campana.services.marks import Marks
from campana.store.db import Role

LIMIT = 100

# A campaign that is in all like the first one, with the same people waiting; as an import of five
# million people would leave them, only sooner.
_COPY = """
insert into campaigns (id, workspace_id, name, type, channel_type, state, created_at, updated_at,
  list_id, channel_id, document, launched_at)
select %(id)s, workspace_id, %(id)s, type, channel_type, %(state)s, created_at, updated_at,
  list_id, channel_id, document, launched_at
from campaigns where id = %(first)s;
insert into open_windows (campaign_id, window_key, workspace_id, open_until)
select %(id)s, window_key, workspace_id, open_until from open_windows where campaign_id = %(first)s;
with made as (
  insert into targets (workspace_id, campaign_id, contact_id, address, state, created_at)
  select workspace_id, %(id)s, contact_id, address, 'waiting', created_at
  from targets where campaign_id = %(first)s
  returning id, workspace_id, contact_id)
insert into due (target_id, workspace_id, campaign_id, window_key, priority, due_at)
select made.id, made.workspace_id, %(id)s, d.window_key, d.priority, d.due_at
from made
join targets t on t.campaign_id = %(first)s and t.contact_id = made.contact_id
join due d on d.target_id = t.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Milliseconds of claims, and of choosing what to claim from, in the order they were made."""

    waiting: int
    claim_ms: Sequence[float]
    choose_ms: Sequence[float]

    @property
    def typical(self) -> float:
        """The median of the claims."""
        return median(self.claim_ms)


async def fill(ground: Ground, *, waiting: int) -> str:
    """Have so many wait, half of them in paused campaigns; returns the campaign to claim from."""
    [first] = await grounds.ready(ground, f"waiting {waiting}")
    await grounds.begin(ground, [first])
    with psycopg.connect(
        ground.conninfo, options="-c search_path=campana", autocommit=True
    ) as conn:
        # Keys and triggers have nothing to say to copies of rows they let pass.
        conn.execute("set session_replication_role = replica")
        [[people]] = conn.execute(
            "select count(*) from due where campaign_id = %s", (first,)
        ).fetchall()
        copies = waiting // people - 1
        with psycopg.ClientCursor(conn) as cursor:
            for number in range(copies):
                state = "paused" if number < (copies + 1) / 2 else "running"
                values = {"id": f"camp_{waiting}_{number}", "first": first, "state": state}
                cursor.execute(_COPY, values)
        conn.execute("vacuum (analyze) targets, due, campaigns")
    return first


async def measure(ground: Ground, campaign_id: str, *, claims: int, waiting: int) -> Claims:
    """Claim so often from one group of the campaign."""
    claim_ms: list[float] = []
    choose_ms: list[float] = []
    marks = Marks()
    send = Send(sender=None, is_call=False, ask_after=timedelta(minutes=1))
    async with bootstrap.opened(
        ground.settings, ground.conninfo, role=Role.ENGINE, max_connections=2
    ) as context:
        context = replace(context, carriers={**context.carriers, KIND.kind: KIND})
        for _ in range(claims):
            began = time.perf_counter()
            groups = await dispatch.ready(context, channel_ids=ground.channel_ids, marks=marks)
            chosen = time.perf_counter()
            claimed = await dispatch.claim(
                context,
                group=next(group for group in groups if group.campaign_id == campaign_id),
                channel_type="SMS",
                owner_id=1,
                limit=LIMIT,
                send=send,
                marks=marks,
            )
            if len(claimed) != LIMIT:
                raise SystemExit(f"a claim of {len(claimed)} people, not of {LIMIT}")
            choose_ms.append(1000 * (chosen - began))
            claim_ms.append(1000 * (time.perf_counter() - chosen))
    return Claims(waiting=waiting, claim_ms=claim_ms, choose_ms=choose_ms)


@contextlib.contextmanager
def old_snapshot(conninfo: str) -> Generator[None]:
    """Another session that read something once and has not ended its transaction since."""
    with psycopg.connect(conninfo, options="-c search_path=campana") as conn:
        conn.execute("set idle_in_transaction_session_timeout = 0")
        conn.commit()
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        conn.execute("select from due limit 1")
        yield
        conn.rollback()
