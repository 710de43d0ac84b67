"""Schemas are made once, whoever asks at once, and a stranger's is refused in words that help."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from campana.domain.errors import SetupError
from campana.store import migrations

STRANGE = "p@:/?#[]%+ '\"\\é&="


@pytest.fixture
def empty(server: str) -> Iterator[str]:
    """A database without a schema."""
    name = f"empty_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as conn:
        run(conn, 'create database "{}"', name)
    yield make_conninfo(server, dbname=name)
    with psycopg.connect(server, autocommit=True) as conn:
        run(conn, 'drop database "{}" with (force)', name)


def run(conn: psycopg.Connection, statement: str, name: str) -> None:
    """A statement about a database or role of that name."""
    conn.execute(statement.format(name))  # pyright: ignore[reportArgumentType, reportCallIssue]


def tables(conninfo: str) -> set[str]:
    with psycopg.connect(conninfo) as conn:
        found = conn.execute(
            "select schemaname || '.' || tablename from pg_tables"
            " where schemaname not in ('pg_catalog', 'information_schema')"
        )
        return {str(row[0]) for row in found}


@pytest.mark.timeout(180)
def test_processes_that_start_at_once_make_one_schema(empty: str, conninfo: str) -> None:
    program = "import sys; from campana.store import migrations; migrations.migrate(sys.argv[1])"
    started = [
        subprocess.Popen([sys.executable, "-c", program, empty], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ended = [process.communicate(timeout=60)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], ended
    migrations.check(empty)
    assert tables(empty) == tables(conninfo)


def test_a_current_schema_is_left_as_it_is(conninfo: str) -> None:
    migrations.check(conninfo)
    migrations.migrate(conninfo)
    migrations.check(conninfo)


def test_an_empty_database_asks_for_campana_migrate(empty: str) -> None:
    with pytest.raises(SetupError, match="run `campana migrate`"):
        migrations.check(empty)


def test_an_older_schema_is_refused_and_says_what_to_run(conninfo: str) -> None:
    with psycopg.connect(conninfo) as conn:
        newest = max(migrations.versions())
        conn.execute("delete from public.schema_migrations where version = %s", (newest,))
    with pytest.raises(SetupError, match="older schema than this program: run `campana migrate`"):
        migrations.check(conninfo)


@pytest.mark.parametrize("use", [migrations.check, migrations.migrate])
def test_a_newer_schema_is_refused_by_everybody(conninfo: str, use: object) -> None:
    with psycopg.connect(conninfo) as conn:
        conn.execute("insert into public.schema_migrations values ('9001')")
    act = migrations.check if use is migrations.check else migrations.migrate
    with pytest.raises(SetupError, match=r"newer schema than this program \(9001\)"):
        act(conninfo)


def test_a_server_that_is_not_there_is_a_sentence(tmp_path_factory: pytest.TempPathFactory) -> None:
    nowhere = make_conninfo(host=str(tmp_path_factory.mktemp("pg")), dbname="x", user="x")
    for use in (migrations.check, migrations.migrate, migrations.server_version):
        with pytest.raises(SetupError, match="PostgreSQL does not answer"):
            use(nowhere)


def test_a_role_with_a_strange_name_and_password_can_migrate(server: str) -> None:
    """As operators have them: the login owns its database, may make roles, is no superuser."""
    name = f"o'brien@{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as conn:
        run(conn, 'create role "{}" login createrole', name)
        run(conn, 'grant campana_owner, campana_web, campana_engine to "{}"', name)
        run(conn, 'create database "{0}" owner "{0}"', name)
    try:
        mine = make_conninfo(server, dbname=name, user=name, password=STRANGE)
        migrations.migrate(mine)
        migrations.check(mine)
    finally:
        with psycopg.connect(server, autocommit=True) as conn:
            run(conn, 'drop database "{}" with (force)', name)
            run(conn, 'drop role "{}"', name)


@pytest.mark.parametrize(
    ("conninfo", "place"),
    [
        ("host=db.example port=5433", "db.example:5433"),
        ("host=::1", "[::1]"),
        ("host=::1 port=5433", "[::1]:5433"),
        ("host=/tmp/sockets port=5433", ""),
        ("", ""),
    ],
)
def test_a_connection_string_becomes_a_url(conninfo: str, place: str) -> None:
    full = make_conninfo(conninfo, user="ana@x", password=STRANGE, dbname="a/b c")
    url = urlsplit(migrations.database_url(full, uses_tls=False))
    login, _, where = url.netloc.rpartition("@")
    user, _, password = login.partition(":")
    assert where == place
    assert (unquote(user), unquote(password)) == ("ana@x", STRANGE)
    assert unquote(url.path) == "/a/b c"
    query = {key: value for key, [value] in parse_qs(url.query).items()}
    socket = conninfo_to_dict(conninfo).get("host") or "/var/run/postgresql"
    expected = {"search_path": "public", "sslmode": "disable"}
    if not place:
        expected["host"] = str(socket)
        if "port" in conninfo:
            expected["port"] = "5433"
    assert query == expected


@pytest.mark.parametrize(
    ("sslmode", "uses_tls", "told"),
    [
        ("", True, "require"),
        ("", False, "disable"),
        ("sslmode=prefer", True, "require"),
        ("sslmode=allow", False, "disable"),
        ("sslmode=require", False, "require"),
        ("sslmode=verify-full sslrootcert=/etc/ca.pem", True, "verify-full"),
    ],
)
def test_dbmate_is_told_of_encryption_in_words_it_knows(
    sslmode: str, uses_tls: bool, told: str
) -> None:
    url = migrations.database_url(f"host=db.example {sslmode}", uses_tls=uses_tls)
    assert f"sslmode={told}" in url
    assert ("sslrootcert=%2Fetc%2Fca.pem" in url) is ("sslrootcert" in sslmode)


def test_what_only_libpq_knows_stays_here() -> None:
    given = (
        "host=db.example channel_binding=prefer keepalives_idle=2 connect_timeout=3"
        " target_session_attrs=any options='-c role=x' hostaddr=127.0.0.1 service=x passfile=y"
    )
    url = migrations.database_url(given, uses_tls=True)
    assert url == "postgres://@db.example/?search_path=public&sslmode=require"


def test_what_libpq_found_by_itself_is_handed_on(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = conninfo_to_dict(server)
    monkeypatch.setenv("PGUSER", str(given["user"]))
    monkeypatch.setenv("PGPASSWORD", STRANGE)
    bare = make_conninfo("", host=f"/nowhere,{given['host']}", dbname=given["dbname"])
    with psycopg.connect(bare) as conn:
        told = conninfo_to_dict(migrations.as_connected(bare, conn))
    assert (told["user"], told["host"]) == (given["user"], given["host"])
    assert told["password"] == STRANGE


def test_every_migration_says_whether_it_is_safe_before_a_deploy() -> None:
    names = [f.name for f in (resources.files("campana.store") / "migrations").iterdir()]
    assert all(
        re.fullmatch(r"\d{4}_(pre|post)_[a-z_]+\.sql", n) for n in names if n.endswith("sql")
    )
    assert migrations.versions() == sorted(set(migrations.versions()))
