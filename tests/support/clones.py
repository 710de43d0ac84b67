"""Databases cloned from the migrated template, used again by the next test where that is safe.

Cloning and dropping costs more than most tests do. What a test leaves is usually rows: those are
deleted and the sequences set back, for a tenth of it. Where it left anything else (a session, a
changed schema, a file grown large), its database is dropped and the next test gets a new clone.
"""

from __future__ import annotations

import itertools
import os
import time
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

GROWTH = 4_000_000
"""Bytes that the dead rows of earlier tests may take before a new clone is cheaper."""

PATIENCE = 0.5
"""Seconds in which a session that was closed is seen to be gone."""

_SESSIONS = """
select count(*) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""

_STATE = """
select
  (select sum(xmin::text::bigint) + count(*) from pg_class),
  (select sum(xmin::text::bigint) + count(*) from pg_attribute),
  (select sum(xmin::text::bigint) + count(*) from pg_proc),
  (select sum(xmin::text::bigint) + count(*) from pg_trigger),
  (select sum(xmin::text::bigint) + count(*) from pg_policy),
  (select sum(xmin::text::bigint) + count(*) from pg_constraint),
  (select sum(xmin::text::bigint) + count(*) from pg_namespace),
  (select count(*) from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase
   where d.datname = current_database())
"""
"""Any change of what is not rows changes it; of catalogs `vacuum` and `analyze` write in place."""

_TABLES = """
select schemaname || '.' || tablename from pg_tables
where schemaname not in ('pg_catalog', 'information_schema') order by 1
"""

_EMPTY = """
do $$
declare
  each text;
  is_used boolean;
begin
  set local session_replication_role = replica;
  foreach each in array array[{tables}] loop
    execute format('select exists (select from %s)', each) into is_used;
    if is_used then
      execute format('delete from %s', each);
    end if;
  end loop;
  perform setval(seqrelid, seqstart, false) from pg_sequence
  where pg_sequence_last_value(seqrelid) is not null;
end
$$
"""


@dataclass(frozen=True, kw_only=True)
class Fresh:
    """What a clone is like before anybody used it."""

    state: tuple[object, ...]
    rows: dict[str, int]
    size: int
    empty: str
    """The statement that empties it again, of what the template has no rows of."""

    @classmethod
    def of(cls, conn: psycopg.Connection) -> Fresh:
        rows = _rows(conn, [name for (name,) in conn.execute(_TABLES)])
        names = ", ".join(f"'{name}'" for name, count in rows.items() if not count)
        return cls(
            state=_state(conn),
            rows={name: count for name, count in rows.items() if count},
            size=_size(conn),
            empty=_EMPTY.format(tables=names),
        )


class Clones:
    """The databases of this process, one at a time."""

    def __init__(self, server: str, template: str) -> None:
        self._server, self._template = server, template
        self._numbers = itertools.count()
        self._clone: Clone | None = None

    def take(self) -> str:
        """A database as the template is; its connection string."""
        if self._clone is None:
            name = f"test_{os.getpid()}_{next(self._numbers)}"
            # A third of the work of copying through the log, which nobody will ever replay.
            self._run(
                sql.SQL("create database {} template {} strategy file_copy").format(
                    sql.Identifier(name), sql.Identifier(self._template)
                )
            )
            self._clone = Clone(name, make_conninfo(self._server, dbname=name))
        return self._clone.conninfo

    def give_back(self) -> None:
        """Empty what was taken for the next, or drop it."""
        if self._clone is not None and not self._clone.becomes_clean():
            self.close()

    def close(self) -> None:
        """Drop the one that is left."""
        clone, self._clone = self._clone, None
        if clone is not None:
            clone.conn.close()
            self._run(sql.SQL("drop database {} with (force)").format(sql.Identifier(clone.name)))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self._server, autocommit=True) as conn:
            conn.execute(statement)


class Clone:
    """One of them, and the session that looks after it: what it has read once it knows."""

    def __init__(self, name: str, conninfo: str) -> None:
        self.name, self.conninfo = name, conninfo
        self.conn = psycopg.connect(conninfo, autocommit=True)
        self._fresh = Fresh.of(self.conn)

    def becomes_clean(self) -> bool:
        """Whether it is now as it was when it was made."""
        fresh = self._fresh
        try:
            if not _is_alone(self.conn) or _state(self.conn) != fresh.state:
                return False
            if _size(self.conn) > fresh.size + GROWTH:
                return False
            if _rows(self.conn, fresh.rows) != fresh.rows:
                return False
            self.conn.execute(fresh.empty)  # pyright: ignore[reportArgumentType, reportCallIssue]
        except psycopg.Error:
            return False
        return True


def _is_alone(conn: psycopg.Connection) -> bool:
    until = time.monotonic() + PATIENCE
    while (row := conn.execute(_SESSIONS).fetchone()) and row[0]:
        if time.monotonic() > until:
            return False
        time.sleep(0.002)
    return True


def _state(conn: psycopg.Connection) -> tuple[object, ...]:
    row = conn.execute(_STATE).fetchone()
    assert row is not None
    return tuple(row)


def _size(conn: psycopg.Connection) -> int:
    row = conn.execute("select pg_database_size(current_database())").fetchone()
    assert row is not None
    return int(row[0])


def _rows(conn: psycopg.Connection, tables: dict[str, int] | list[str]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for name in tables:
        table = sql.Identifier(*name.split("."))
        row = conn.execute(sql.SQL("select count(*) from {}").format(table)).fetchone()
        assert row is not None
        counted[name] = int(row[0])
    return counted
