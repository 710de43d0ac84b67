"""The promise "never lost" as one question to the database."""

from __future__ import annotations

from typing import Any, LiteralString

from campana.services.context import Context

BROKEN: LiteralString = """
select t.id, t.state, t.disposition, d.due_at, o.open_attempts, t.attempt_count, o.made
from targets t
left join due d on d.target_id = t.id
cross join lateral (
  select count(*) filter (
      where a.state not in ('ended', 'unknown') and a.let_go_at is null) as open_attempts,
    coalesce(max(a.attempt_no), 0) as made
  from attempts a where a.target_id = t.id) o
where (t.state = 'waiting') is distinct from (d.target_id is not null)
  or (case t.state when 'attempting' then 1 else 0 end) is distinct from o.open_attempts
  or (t.state = 'finished') is distinct from (t.disposition is not null)
  or t.attempt_count is distinct from o.made
  or t.state = 'talking' and not exists (
    select from flow_sessions s where s.target_id = t.id and s.status = 'waiting')
"""


async def broken(context: Context) -> list[Any]:
    """Targets that are not exactly one of waiting (a due row), attempting (one open attempt) and
    finished (a disposition), or that count other attempts than they have (engine role)."""
    async with context.db.read() as tx:
        return await (await tx.execute(BROKEN)).fetchall()
