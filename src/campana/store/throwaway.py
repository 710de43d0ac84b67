"""Databases that are made, used and dropped: for rehearsals, never for anybody's data."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from campana.store import migrations
from campana.store.sql import load

_SQL = load("throwaway")

_SETTINGS = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")


def relax(conninfo: str) -> None:
    """Let a server be fast rather than safe: what is on it is thrown away (superuser)."""
    with psycopg.connect(conninfo, autocommit=True) as conn:
        for setting in _SETTINGS:
            conn.execute(sql.SQL("alter system set {} = off").format(sql.Identifier(setting)))
        conn.execute(_SQL["reload"])


@contextmanager
def throwaway(conninfo: str, *, template: str | None = None) -> Generator[str]:
    """The connection string of a migrated, empty database on that server (superuser).

    `template` is a migrated one nobody is connected to; without it, one is kept on the server for
    each schema.
    """
    template = template or _template(conninfo)
    with psycopg.connect(conninfo, autocommit=True) as conn:
        name = f"simulation_{os.getpid()}_{conn.info.backend_pid}"
        _create(conn, name, template)
    made = make_conninfo(conninfo, dbname=name)
    try:
        with psycopg.connect(made, autocommit=True) as conn:
            # Statistics that come when they please would change plans, and with them the order of
            # rows nobody asked an order of.
            conn.execute(_SQL["no_autovacuum"])
        yield made
    finally:
        with psycopg.connect(conninfo, autocommit=True) as conn:
            conn.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def template_name(versions: Sequence[str]) -> str:
    """Another one for each schema, however many migrations there are."""
    digest = hashlib.sha256(" ".join(versions).encode()).hexdigest()
    return f"simulation_template_{digest[:16]}"


def _template(conninfo: str) -> str:
    """A migrated database of that server, made when it is not there."""
    name = template_name(migrations.versions())
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute(_SQL["alone"])
        if not conn.execute(_SQL["exists"], {"name": name}).fetchone():
            unfinished = name + "_unfinished"
            conn.execute(
                sql.SQL("drop database if exists {} with (force)").format(
                    sql.Identifier(unfinished)
                )
            )
            conn.execute(sql.SQL("create database {}").format(sql.Identifier(unfinished)))
            migrations.migrate(make_conninfo(conninfo, dbname=unfinished))
            conn.execute(
                sql.SQL("alter database {} rename to {}").format(
                    sql.Identifier(unfinished), sql.Identifier(name)
                )
            )
    return name


def _create(conn: psycopg.Connection[tuple[object, ...]], name: str, template: str) -> None:
    # The files, not through the log: a third of the work.
    conn.execute(
        sql.SQL("create database {} template {} strategy file_copy").format(
            sql.Identifier(name), sql.Identifier(template)
        )
    )
