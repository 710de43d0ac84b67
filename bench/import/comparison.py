"""The three ways of a file into a database, in turn, in rounds, on one PostgreSQL.

Each ends with the people under unique indexes on external id and number. `copy` is given what the
others work for: numbers in E.164, zones, attributes as JSON, nobody twice, nobody refused. `script`
reads the file: numbers, zones, duplicates left out, refused rows into a file. `campana` does that
too, and knows types of numbers, keeps each contact's addresses apart, counts every row, keeps the
refused with a suggestion and what an undo needs, and goes on after a crash.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil
import psycopg
from people import Files, write

from campana.store import migrations
from campana.store.embedded import attach

HERE = Path(__file__).resolve().parent
MEMORY_GOAL = 400_000_000

TABLE = """
create table bench_people (
  id bigint generated always as identity primary key,
  external_id text not null unique, first_name text, last_name text,
  phone text not null unique, zones text[], attributes jsonb not null)
"""
COPY = """
copy bench_people (external_id, first_name, last_name, phone, zones, attributes)
from stdin (format csv)
"""


@dataclass(slots=True)
class Measured:
    """Seconds by side, in the order of the rounds; the most memory Campana's process held.

    `processor` is what the side and PostgreSQL's backends took of processors: neighbors hardly
    disturb it.
    """

    seconds: dict[str, list[float]] = field(default_factory=dict)
    processor: dict[str, list[float]] = field(default_factory=dict)
    most_bytes: int = 0


def main(words: Sequence[str]) -> int:
    asked = _arguments(words)
    measured = Measured()
    with tempfile.TemporaryDirectory(prefix="campana-bench-") as folder:
        root = Path(folder)
        print(f"writing a file of {asked.rows:,} people", flush=True)
        files = _written(root, asked.rows)
        server = attach(root / "postgres")
        try:
            migrations.migrate(server.conninfo)
            postmaster = _postmaster(server.conninfo)
            sides: dict[str, Callable[[], None]] = {
                "copy": lambda: _copy(server.conninfo, files),
                "campana": lambda: _campana(server.conninfo, root / "campana", files, measured),
                "script": lambda: _script(server.conninfo, files),
            }
            for name in asked.without:
                del sides[name]
            for round_number in range(1, asked.rounds + 1):
                for name, side in sides.items():
                    _clean(server.conninfo)
                    before, used = time.perf_counter(), _processor_seconds(postmaster)
                    side()
                    took = time.perf_counter() - before
                    used = _processor_seconds(postmaster) - used
                    measured.seconds.setdefault(name, []).append(took)
                    measured.processor.setdefault(name, []).append(used)
                    print(
                        f"round {round_number}: {name} {took:.1f} s, processors {used:.1f} s",
                        flush=True,
                    )
        finally:
            server.close()
    _report(files, measured)
    return 0


def _written(root: Path, rows: int) -> Files:
    """Both files, made elsewhere: the most a child has held begins with what its parent holds."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as elsewhere:
        return elsewhere.submit(write, root, count=rows).result()


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/import/run.py", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the file")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--without",
        choices=["copy", "script"],
        action="append",
        default=[],
        help="leave a side out",
    )
    return parser.parse_args(words)


def _clean(conninfo: str) -> None:
    """The same start for each: empty tables, nothing left to write out or to clear away."""
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("drop table if exists bench_people")
        conn.execute(TABLE)
        conn.execute(
            "truncate campana.contact_lists, campana.contacts, campana.contact_addresses,"
            " campana.import_errors cascade"
        )
        conn.execute("vacuum")
        conn.execute("checkpoint")


def _postmaster(conninfo: str) -> psutil.Process:
    with psycopg.connect(conninfo) as conn:
        found = psutil.Process(conn.info.backend_pid).parent()
    if found is None:
        raise SystemExit("the server has no parent process")
    return found


def _is_client(child: psutil.Process) -> bool:
    try:
        words = " ".join(child.cmdline())
    except psutil.NoSuchProcess:
        return False
    return not words or "[local]" in words


def _processor_seconds(postmaster: psutil.Process) -> float:
    """Of this process, of its children and of backends, all ended; waits for the last of these."""
    # One that has ended counts once its parent has seen it end; until then it has no command line.
    while any(_is_client(child) for child in postmaster.children()):
        time.sleep(0.05)
    times, backends = os.times(), postmaster.cpu_times()
    ours = times.user + times.system + times.children_user + times.children_system
    return ours + backends.children_user + backends.children_system


def _copy(conninfo: str, files: Files) -> None:
    """The ready rows as fast as the database takes them: what `\\copy` of psql sends."""
    with psycopg.connect(conninfo) as conn:
        with files.ready.open("rb") as file, conn.cursor().copy(COPY) as copy:
            while piece := file.read(1 << 18):
                copy.write(piece)
        [[count]] = conn.execute("select count(*) from bench_people").fetchall()
    _agree("copy", count, files.accepted)


def _script(conninfo: str, files: Files) -> None:
    said = _process("script_side.py", conninfo, str(files.csv))
    _agree("script, rejected", int(said), files.rejected)
    with psycopg.connect(conninfo) as conn:
        [[count]] = conn.execute("select count(*) from bench_people").fetchall()
    _agree("script, accepted", count, files.accepted)


def _campana(conninfo: str, data_dir: Path, files: Files, measured: Measured) -> None:
    said = json.loads(_process("campana_side.py", conninfo, str(files.csv), data_dir=str(data_dir)))
    for name in ("rows", "accepted", "duplicate", "rejected"):
        _agree(f"campana, {name}", said[name], getattr(files, name))
    measured.most_bytes = max(measured.most_bytes, said["bytes"])


def _process(program: str, *words: str, data_dir: str = "") -> str:
    done = subprocess.run(
        [sys.executable, str(HERE / program), *words],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        env={**os.environ, "CAMPANA_DATA_DIR": data_dir},
    )
    return done.stdout


def _agree(what: str, said: int, truth: int) -> None:
    if said != truth:
        raise SystemExit(f"{what}: {said:,}, and it should be {truth:,}")


def _report(files: Files, measured: Measured) -> None:
    print()
    print("| | rows/s, median (least to most) | processor microseconds a row |\n|---|---|---|")
    for name, seconds in measured.seconds.items():
        rates = sorted(files.rows / each for each in seconds)
        cost = median(measured.processor[name]) / files.rows * 1e6
        print(
            f"| {name} | {median(rates):,.0f} ({rates[0]:,.0f} to {rates[-1]:,.0f}) | {cost:.1f} |"
        )
    print()
    for by, taken in (("by the clock", measured.seconds), ("by processors", measured.processor)):
        ours = taken["campana"]
        if copies := taken.get("copy"):
            shares = [c / o for c, o in zip(copies, ours, strict=True)]
            print(_ratios(f"{by}: of copy", shares, "{:.0%}"))
        if scripts := taken.get("script"):
            times = [s / o for s, o in zip(scripts, ours, strict=True)]
            print(_ratios(f"{by}: times script", times, "{:.1f}"))
    verdict = "within" if measured.most_bytes < MEMORY_GOAL else "OVER"
    print(
        f"memory: {measured.most_bytes / 1e6:,.0f} MB at most, {verdict} {MEMORY_GOAL / 1e6:,.0f}"
    )


def _ratios(name: str, ratios: list[float], form: str) -> str:
    least, most = form.format(min(ratios)), form.format(max(ratios))
    return f"{name}: {form.format(median(ratios))} ({least} to {most})"
