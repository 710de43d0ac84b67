"""Whether the answers are right, before anybody is timed; speed of wrong answers is worth nothing.

Three that know nothing of each other must agree: Campana, the ORM, and SQL written here. Of Campana
a change must also be seen at once, in every process.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, LiteralString
from urllib.parse import parse_qsl, urlsplit

import psycopg

from bench.api.servers import Server, get

_NINE_KEYS = [
    "id", "name", "description", "type", "status", "channelType", "startDate", "endDate",
    "createdAt",
]  # fmt: skip

_COUNT: LiteralString = """
select count(*) from (
  select channel_type, start_date, case
    when state in ('completed', 'cancelled', 'expired') then 'Completed'
    when end_date < clock_timestamp() and state <> 'draft' then 'Completed'
    when state = 'running' then 'Running'
    else 'Paused' end as status
  from campana.campaigns where workspace_id = %(workspace_id)s) c
where coalesce(status = %(status)s, true) and coalesce(channel_type = %(channelType)s, true)
  and (%(dateFrom)s::timestamptz is null or start_date >= %(dateFrom)s)
  and (%(dateTo)s::timestamptz is null or start_date <= %(dateTo)s)
"""
_MOVE: LiteralString = "update campana.campaigns set channel_type = %s where id = %s"


def check(
    conninfo: str, *, campana: Server, orm: Server, key: str, workspace_id: int, queries: list[str]
) -> None:
    """Returns when every answer is right.

    Raises:
        SystemExit: naming the first that is not.
    """
    with psycopg.connect(conninfo, autocommit=True) as conn:
        for query in queries:
            ours = _page(campana, query, key)
            theirs = _page(orm, query, key)
            _same(query, ours["totalCount"], _truth(conn, query, workspace_id))
            _same(query, ours, theirs)
            for campaign in ours["data"]:
                _same(query, list(campaign), _NINE_KEYS)
        _check_changes(conn, campana=campana, key=key)


def _check_changes(conn: psycopg.Connection, *, campana: Server, key: str) -> None:
    """A campaign that leaves for another channel type is missed by every process at once."""
    query = "/v1/campaigns?channelType=SMS&pageSize=1"
    before = [_page(campana, query, key) for _ in range(16)]
    [moved] = before[0]["data"]
    for channel_type, gone in (("Email", 1), ("SMS", 0)) * 3:
        conn.execute(_MOVE, (channel_type, moved["id"]))
        # Each request is a connection of its own: sixteen of them do not all meet one process.
        for _ in range(16):
            after = _page(campana, query, key)
            _same(query, after["totalCount"], before[0]["totalCount"] - gone)


def _page(server: Server, query: str, key: str) -> dict[str, Any]:
    status, page = get(server.port, query, key)
    if status != 200:
        raise SystemExit(f"{server.name} answers {query} with {status}: {page}")
    return page


def _truth(conn: psycopg.Connection, query: str, workspace_id: int) -> int:
    asked = dict(parse_qsl(urlsplit(query).query))
    values = {
        "workspace_id": workspace_id,
        "status": asked.get("status"),
        "channelType": asked.get("channelType"),
        "dateFrom": _moment(asked.get("dateFrom"), "T00:00:00Z"),
        "dateTo": _moment(asked.get("dateTo"), "T23:59:59.999999Z"),
    }
    row = conn.execute(_COUNT, values).fetchone()
    return int(row[0]) if row else -1


def _moment(text: str | None, of_a_date: str) -> datetime | None:
    if text is None:
        return None
    return datetime.fromisoformat(text if "T" in text else text + of_a_date).astimezone(UTC)


def _same(query: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise SystemExit(f"{query}: {found!r} is not {wanted!r}")
