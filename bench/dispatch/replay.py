"""What PostgreSQL can do with the same statements when nobody stands in its way.

A worker is recorded while it dispatches a set of campaigns; then the database as it was before is
put back, and pgbench sends the very same statements with the very same values, one after another
over one connection. It reads no answers, makes no decisions and renders no text.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bench.dispatch import ground as grounds
from bench.dispatch import race
from bench.dispatch.ground import Ground
from campana.store.db import Role, session_options

_WORDS = re.compile(r"latency average = ([0-9.]+) ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """Contacts a second: of a worker, and of pgbench with what that worker sent."""

    campana: float
    pgbench: float

    @property
    def share(self) -> float:
        """What the worker reaches of it."""
        return self.campana / self.pgbench


def measure(ground: Ground, pgbench: Path, folder: Path, *, name: str) -> Replayed:
    """Record, put back, repeat; then measure a worker that is not recorded on the same people."""
    campaign_ids = asyncio.run(grounds.ready(ground, name))
    before = _copy(ground.conninfo, "before")
    script, log = folder / "recorded.sql", folder / "recorded.log"
    recorded = race.campana(ground, campaign_ids, workers=1, log=log, record=script)
    seconds = _repeat(pgbench, _copy(before, "repeated"), script)
    again = replace(ground, conninfo=_copy(before, "again"))
    plain = race.campana(again, campaign_ids, workers=1, log=folder / "plain.log")
    for each in ("before", "repeated", "again"):
        _drop(ground.conninfo, each)
    return Replayed(campana=plain.rate, pgbench=recorded.contacts / seconds)


def _repeat(pgbench: Path, conninfo: str, script: Path) -> float:
    """Seconds that pgbench takes for all of a recording."""
    given = conninfo_to_dict(conninfo)
    done = subprocess.run(
        [
            *(str(pgbench), "-n", "-c", "1", "-t", "1", "-M", "simple", "-f", str(script)),
            *("-h", str(given["host"]), "-p", str(given["port"]), "-U", str(given["user"])),
            str(given["dbname"]),
        ],
        env={"PGOPTIONS": session_options(Role.ENGINE)},
        capture_output=True,
        text=True,
        check=False,
    )
    found = _WORDS.search(done.stdout)
    if done.returncode or found is None:
        raise SystemExit(f"pgbench: {done.stderr[-2_000:]}")
    return float(found[1]) / 1000


def _copy(conninfo: str, name: str) -> str:
    """A copy of a database on its server; nobody may be connected to it meanwhile."""
    source = conninfo_to_dict(conninfo)["dbname"]
    with psycopg.connect(make_conninfo(conninfo, dbname="postgres"), autocommit=True) as conn:
        conn.execute(f'create database "{name}" template "{source}"')  # pyright: ignore[reportArgumentType, reportCallIssue]
    return make_conninfo(conninfo, dbname=name)


def _drop(conninfo: str, name: str) -> None:
    with psycopg.connect(make_conninfo(conninfo, dbname="postgres"), autocommit=True) as conn:
        conn.execute(f'drop database "{name}"')  # pyright: ignore[reportArgumentType, reportCallIssue]
