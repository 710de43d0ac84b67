"""Bring a database to this program's schema, and say when it is at another.

Campana's own tables are plain SQL run by dbmate, which holds an advisory lock meanwhile so that any
number of processes may start at once; Procrastinate's tables come from that library, in a schema of
their own. A released file is never edited.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from importlib import metadata, resources
from pathlib import Path
from typing import LiteralString, cast
from urllib.parse import quote, urlencode

import psycopg
from procrastinate.schema import SchemaManager
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from campana.domain.errors import SetupError

_LOCK = 0x63616D70  # "camp"


def versions() -> list[str]:
    """The migrations this program carries, oldest first (`0001`, `0002`, …)."""
    folder = resources.files("campana.store") / "migrations"
    return sorted(f.name.partition("_")[0] for f in folder.iterdir() if f.name.endswith(".sql"))


def migrate(conninfo: str) -> None:
    """Create or upgrade the schema; does nothing to one that is current.

    Raises:
        SetupError: the database refuses, is too old, or has a newer schema than this program.
    """
    with _connected(conninfo) as conn:
        if conn.info.server_version < 160000:
            found = conn.info.server_version // 10000
            raise SetupError(f"PostgreSQL {found} is too old: Campana needs 16 or newer")
        # Two processes may start at once; the second waits here and finds nothing left to do.
        conn.execute("select pg_advisory_lock(%s)", (_LOCK,))
        behind = _check_not_newer(conn)
        if behind:
            _dbmate(as_connected(conninfo, conn), uses_tls=conn.pgconn.ssl_in_use)
        _jobs_schema(conn)


def check(conninfo: str) -> None:
    """Refuse to work on a schema that is not this program's.

    Raises:
        SetupError: older (run `campana migrate`) or newer (upgrade the program).
    """
    with _connected(conninfo) as conn:
        if _check_not_newer(conn):
            raise SetupError(
                "the database has an older schema than this program: run `campana migrate`"
            )


def server_version(conninfo: str) -> int:
    """The major version of the server.

    Raises:
        SetupError: it does not answer.
    """
    with _connected(conninfo) as conn:
        return conn.info.server_version // 10000


def what_is_off(conninfo: str) -> list[str]:
    """Of the settings without which the server may lose what it has committed, those that are off.

    Raises:
        SetupError: it does not answer.
    """
    with _connected(conninfo) as conn:
        found = conn.execute(
            "select name from pg_settings where setting = 'off'"
            " and name in ('fsync', 'full_page_writes', 'synchronous_commit') order by name"
        )
        return [str(name) for (name,) in found]


def _connected(conninfo: str) -> psycopg.Connection[tuple[object, ...]]:
    try:
        return psycopg.connect(conninfo, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise SetupError(f"PostgreSQL does not answer: {str(error).strip()}") from error


def _check_not_newer(conn: psycopg.Connection[tuple[object, ...]]) -> bool:
    """True when migrations are missing; raises when there are some this program does not know."""
    found = conn.execute("select to_regclass('public.schema_migrations') is not null").fetchone()
    if found is None or not found[0]:
        return True
    applied = {str(row[0]) for row in conn.execute("select version from public.schema_migrations")}
    unknown = applied - set(versions())
    if unknown:
        raise SetupError(
            f"the database has a newer schema than this program ({max(unknown)}): upgrade Campana"
        )
    return applied != set(versions())


def _dbmate(conninfo: str, *, uses_tls: bool) -> None:
    with resources.as_file(resources.files("campana.store") / "migrations") as folder:
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("dbmate")),
                "--migrations-dir",
                str(folder),
                "--no-dump-schema",
                "migrate",
            ],
            env={
                "DATABASE_URL": database_url(conninfo, uses_tls=uses_tls),
                "PATH": "/usr/bin:/bin",
            },
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SetupError(f"migrating the database failed: {done.stderr.strip()}")


def as_connected(conninfo: str, conn: psycopg.Connection[tuple[object, ...]]) -> str:
    """The connection string with what libpq found elsewhere: in the environment, a password file,
    or by trying several hosts."""
    found = conn.info
    return make_conninfo(
        conninfo,
        host=found.host,
        port=found.port,
        user=found.user,
        dbname=found.dbname,
        password=found.password or None,
    )


def database_url(conninfo: str, *, uses_tls: bool) -> str:
    """The URL form of a libpq connection string, as dbmate reads it."""
    given: Mapping[str, object] = conninfo_to_dict(conninfo)
    parts = {key: str(value) for key, value in given.items() if value is not None}
    user = quote(parts.get("user", ""), safe="")
    password = parts.get("password")
    name = quote(parts.get("dbname", user), safe="")
    host, port = parts.get("host", ""), parts.get("port", "")
    # Of libpq's many parameters its driver knows few, and takes a stranger for a server setting.
    query = {key: parts[key] for key in _TLS_FILES if key in parts}
    # A schema named like the user would else become the place of dbmate's own table half-way.
    query["search_path"] = "public"
    # It has no "prefer": it is told what our own connection found.
    is_vague = parts.get("sslmode", "prefer") in {"allow", "prefer"}
    query["sslmode"] = ("require" if uses_tls else "disable") if is_vague else parts["sslmode"]
    login = user + (":" + quote(password, safe="") if password else "")
    if host.startswith("/") or not host:
        query |= {"host": host or "/var/run/postgresql"} | ({"port": port} if port else {})
        return f"postgres://{login}@/{name}?{urlencode(query)}"
    place = f"[{host}]" if ":" in host else host
    return f"postgres://{login}@{place}{':' + port if port else ''}/{name}?{urlencode(query)}"


_TLS_FILES = ("sslcert", "sslkey", "sslrootcert")


def _jobs_schema(conn: psycopg.Connection[tuple[object, ...]]) -> None:
    """Procrastinate's tables at the version of the library that is installed."""
    wanted = metadata.version("procrastinate")
    with conn.transaction():
        conn.execute("create schema if not exists jobs")
        conn.execute("set local search_path = jobs")
        conn.execute("create table if not exists schema_version (version text not null)")
        row = conn.execute("select version from schema_version").fetchone()
        if row is None:
            conn.execute(SchemaManager.get_schema())
            conn.execute("insert into schema_version values (%s)", (wanted,))
        elif row[0] != wanted:
            for statements in _steps(str(row[0]), wanted):
                conn.execute(statements)
            conn.execute("update schema_version set version = %s", (wanted,))
        for grant in _JOB_GRANTS:
            conn.execute(grant)


_JOB_GRANTS: tuple[LiteralString, ...] = (
    "grant usage on schema jobs to campana_web, campana_engine",
    "grant all on all tables in schema jobs to campana_engine",
    "grant usage on all sequences in schema jobs to campana_web, campana_engine",
    # A request may defer work and learn its number; what others deferred it cannot read.
    "grant insert, select (id) on procrastinate_jobs to campana_web",
    "grant insert on procrastinate_events to campana_web",
)


def _steps(old: str, new: str) -> list[LiteralString]:
    """The library's own migration files after `old` up to `new`, in order."""

    def numbers(text: str) -> tuple[int, ...]:
        return tuple(int(part) for part in text.split(".")[:3])

    folder = Path(SchemaManager.get_migrations_path())
    return [
        cast("LiteralString", path.read_text("utf-8"))
        for path in sorted(folder.glob("*.sql"))
        if numbers(old) < numbers(path.name.partition("_")[0]) <= numbers(new)
    ]
