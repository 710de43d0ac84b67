"""The comparison: everything in one run, round after round, so that what disturbs one disturbs all.

What is claimed with it is in docs/performance.md; how to read it, in bench/README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bench import environment
from bench.api import mixes, report, rows, servers, truth
from bench.api.load import Press, Seen, Writer, measure
from bench.api.servers import PostgreSQL, Server
from campana import bootstrap
from campana.services import accounts
from campana.settings import Settings
from campana.store import migrations
from campana.store.db import Role
from campana.store.embedded import attach


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A filled database, and a key to it."""

    conninfo: str
    workspace_id: int
    key: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way of asking; `warm_requests` is how often Campana is asked before it is measured."""

    name: str
    targets: Sequence[str]
    warm_requests: int = 0
    is_unique: bool = False
    write_interval: float | None = None


def main(arguments: list[str]) -> int:
    asked = _arguments(arguments)
    began = time.monotonic()
    environment.install()
    with (
        tempfile.TemporaryDirectory(prefix="campana-bench-") as folder,
        contextlib.ExitStack() as up,
    ):
        data_dir = Path(folder) / "data"
        embedded = up.enter_context(contextlib.closing(attach(data_dir)))
        migrations.migrate(embedded.conninfo)
        ground = asyncio.run(_ground(Settings(data_dir=data_dir), embedded.conninfo))
        three = {
            "campana": up.enter_context(servers.campana(data_dir, Path(folder) / "campana.log")),
            "orm": up.enter_context(servers.orm(ground.conninfo, Path(folder) / "orm.log")),
            "floor": up.enter_context(servers.floor(Path(folder) / "floor.log")),
        }
        bench = Bench(ground, three, connections=asked.connections, seconds=asked.seconds)
        bench.check()
        print(f"answers are right; ready after {time.monotonic() - began:.0f} s", file=sys.stderr)
        bench.run(rounds=asked.rounds, until=began + asked.limit, only=asked.only)
        version = bench.database.version
    table = report.table(bench.seen, connections=asked.connections, seconds=asked.seconds)
    print(report.machine(version), table, sep="\n\n")
    if asked.json:
        asked.json.write_text(json.dumps(report.plain(bench.seen), indent=1) + "\n")
    return 0


async def _ground(settings: Settings, conninfo: str) -> Ground:
    async with bootstrap.opened(settings, conninfo, role=Role.ENGINE) as context:
        home = await accounts.ensure_workspace(context, bootstrap.DEFAULT_WORKSPACE)
        key = await accounts.create_key(
            context, workspace_id=home.workspace_id, name="bench", scopes=["campaigns:read"]
        )
        now = context.clock.now()
    rows.fill(conninfo, workspace_id=home.workspace_id, now=now)
    return Ground(conninfo=conninfo, workspace_id=home.workspace_id, key=key.text, now=now)


class Bench:
    """The servers, the ways of asking, and what has been seen so far."""

    def __init__(
        self, ground: Ground, three: dict[str, Server], *, connections: int, seconds: float
    ) -> None:
        self._ground = ground
        self._three = three
        self._connections = connections
        self._seconds = seconds
        self.database = PostgreSQL(ground.conninfo)
        self._mix = mixes.filters_and_pages(ground.now)
        self._ids = [f"camp_{n * 7_919 % 999_983:016x}" for n in range(0, rows.CAMPAIGNS, 3)]
        self._unique = 0
        self.seen: dict[tuple[str, str], list[Seen]] = {}

    def check(self) -> None:
        """The answers are right.

        Raises:
            SystemExit: one is not.
        """
        cold = [query % f"2020-01-01T00:00:0{n}Z" for n, query in enumerate(self._cold()[:9])]
        truth.check(
            self._ground.conninfo,
            campana=self._three["campana"],
            orm=self._three["orm"],
            key=self._ground.key,
            workspace_id=self._ground.workspace_id,
            queries=[*mixes.ONE_PAGE, *self._mix, *cold],
        )

    def run(self, *, rounds: int, until: float, only: str = "") -> None:
        """Measure what has `only` in its name `rounds` times, or as often as there is time for."""
        plan = [each for each in self._plan() if only in each[1].name or each[0] == "floor"]
        for number in range(rounds):
            began = time.monotonic()
            # Each round begins elsewhere: nobody always comes after the same neighbor.
            shift = number * 5 % len(plan)
            for server, variant in plan[shift:] + plan[:shift]:
                seen = self._measure(self._three[server], variant)
                self.seen.setdefault((server, variant.name), []).append(seen)
                print(
                    f"{number + 1} {server:8} {variant.name:22} {seen.rate:8.0f}/s"
                    f"  web {seen.web_us:6.0f} us  database {seen.database_us:6.0f} us",
                    file=sys.stderr,
                )
            took = time.monotonic() - began
            if number + 1 < rounds and time.monotonic() + took > until:
                print(f"no time for more than {number + 1} rounds", file=sys.stderr)
                return

    def _plan(self) -> list[tuple[str, Variant]]:
        page, mix = mixes.ONE_PAGE, self._mix
        size = self._size(page), self._size(mix)
        asked = [
            Variant(name=report.PAGE, targets=page),
            # Which process answers is chance; after ten times each has seen nearly all.
            Variant(name=report.MIX, targets=mix, warm_requests=10 * len(mix)),
            Variant(name=report.COLD, targets=self._cold(), is_unique=True),
        ]
        for interval in (0.1, 0.01):
            for name, targets in ((report.PAGE, page), (report.MIX, mix)):
                asked.append(
                    Variant(
                        name=report.while_written(name, interval),
                        targets=targets,
                        write_interval=interval,
                    )
                )
        floors = [
            Variant(name=name, targets=[f"/static/{size}"])
            for name, size in zip((report.PAGE, report.MIX), size, strict=True)
        ]
        plan = [("floor", floors[0])]
        for number, variant in enumerate(asked):
            plan += [("campana", variant), ("orm", variant)]
            if number == 3:
                plan.append(("floor", floors[1]))
        return plan

    def _measure(self, server: Server, variant: Variant) -> Seen:
        self._unique += 10**8
        writer = (
            Writer(conninfo=self._ground.conninfo, ids=self._ids, interval=variant.write_interval)
            if variant.write_interval
            else None
        )
        press = Press(
            targets=variant.targets,
            key=self._ground.key,
            connections=self._connections,
            seconds=self._seconds,
            # Only Campana remembers anything.
            warm_requests=variant.warm_requests if server.name == "campana" else 0,
            first=self._unique if variant.is_unique else 0,
            is_unique=variant.is_unique,
        )
        return measure(server, press, database=self.database, writer=writer)

    def _size(self, queries: list[str]) -> int:
        """Bytes of Campana's answers to these, on average."""
        port, key = self._three["campana"].port, self._ground.key
        sizes = [
            len(json.dumps(servers.get(port, query, key)[1], separators=(",", ":")))
            for query in queries
        ]
        return sum(sizes) // len(sizes)

    def _cold(self) -> list[str]:
        return mixes.never_asked(self._mix)


def _arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/api/run.py", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often all is measured (5)")
    parser.add_argument("--seconds", type=float, default=1.5, help="of each measurement (1.5)")
    parser.add_argument("--connections", type=int, default=32, help="open at once, even (32)")
    parser.add_argument("--limit", type=float, default=360, help="seconds of the whole run (360)")
    parser.add_argument("--only", default="", help="what has this in its name, not everything")
    parser.add_argument("--json", type=Path, help="a file for every single figure")
    return parser.parse_args(given)
