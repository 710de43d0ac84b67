"""What an attempt costs at a steady pace, with a provider that speaks HTTP and reports back.

`campana serve` as it is shipped, with one web and one work process, and `campana sandbox` beside
it: a send is a request, its life comes back in signed callbacks. The pace is the channel's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from bench.api.servers import PostgreSQL
from bench.dispatch import ground as grounds
from bench.environment import ROOT
from campana.settings import Settings
from campana.store import migrations
from campana.store.embedded import attach, discard

_SECRET = "a-secret-of-the-sandbox"  # noqa: S105 - of a sandbox that lives as long as the run
_PLAN = {"mix": {"SMS": {"delivered": 1}}}
_WARM_SECONDS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Steady:
    """Attempts that ended, the seconds that took, and processors' seconds by part."""

    attempts: int
    seconds: float
    cpu: dict[str, float]
    sandbox_cpu: float
    """Of the provider, who is no part of Campana's cost and runs on the same machine."""

    @property
    def rate(self) -> float:
        """Attempts that ended, a second."""
        return self.attempts / self.seconds

    def ms(self, part: str) -> float:
        """Milliseconds of a processor for a thousand attempts."""
        return 1e6 * self.cpu[part] / self.attempts


def measure(folder: Path, *, rate: int, seconds: float) -> Steady:
    """Run at `rate` for so long, and see what it took."""
    data_dir = folder / "steady"
    embedded = attach(data_dir)
    try:
        migrations.migrate(embedded.conninfo)
        with _sandbox(folder) as (port, sandbox):
            channel = {
                "kind": "sandbox",
                "channelType": "SMS",
                "config": {"url": f"http://127.0.0.1:{port}", "secret": _SECRET},
                "rate": rate,
                "burst": 1,
                "lines": 10_000,
            }
            people = min(grounds.NUMBERS, int(rate * (seconds + 4 * _WARM_SECONDS)))
            ground = asyncio.run(
                grounds.lay(
                    Settings(data_dir=data_dir),
                    embedded.conninfo,
                    people=people,
                    pairs=1,
                    channel=channel,
                )
            )
            campaign_ids = asyncio.run(grounds.ready(ground, "steady"))
            with _served(data_dir, folder / "serve.log") as processes:
                asyncio.run(grounds.begin(ground, campaign_ids))
                time.sleep(2 * _WARM_SECONDS)
                return _watch(embedded.conninfo, processes, sandbox, seconds=seconds)
    finally:
        embedded.close()
        discard(data_dir)


def _watch(
    conninfo: str,
    processes: dict[str, psutil.Process],
    sandbox: psutil.Process,
    *,
    seconds: float,
) -> Steady:
    database = PostgreSQL(conninfo)
    began, before = time.monotonic(), _ended(conninfo)
    cpu = {part: -_cpu(process) for part, process in processes.items()}
    cpu["postgresql"] = -database.cpu_seconds()
    sandbox_before = _cpu(sandbox)
    time.sleep(seconds)
    for part, process in processes.items():
        cpu[part] += _cpu(process)
    cpu["postgresql"] += database.cpu_seconds()
    return Steady(
        attempts=_ended(conninfo) - before,
        seconds=time.monotonic() - began,
        cpu=cpu,
        sandbox_cpu=_cpu(sandbox) - sandbox_before,
    )


def _ended(conninfo: str) -> int:
    with psycopg.connect(conninfo) as conn:
        row = conn.execute("select count(*) from campana.attempts where state = 'ended'").fetchone()
    return int(row[0]) if row else 0


def _cpu(process: psutil.Process) -> float:
    return sum(process.cpu_times()[:2])


@contextlib.contextmanager
def _sandbox(folder: Path) -> Generator[tuple[int, psutil.Process]]:
    plan = folder / "plan.json"
    plan.write_text(json.dumps(_PLAN))
    command = [
        *(sys.executable, "-m", "campana", "sandbox", "--port", "0"),
        *("--log", str(folder / "sandbox.jsonl"), "--plan", str(plan)),
    ]
    with _process(command, folder / "sandbox.log", {"CAMPANA_SANDBOX_SECRET": _SECRET}) as process:
        told = process.stdout.readline() if process.stdout else "{}"
        yield int(json.loads(told)["port"]), psutil.Process(process.pid)


@contextlib.contextmanager
def _served(data_dir: Path, log: Path) -> Generator[dict[str, psutil.Process]]:
    command = [sys.executable, "-m", "campana", "serve", "--port", "0"]
    environment = {
        "CAMPANA_DATA_DIR": str(data_dir),
        "CAMPANA_VOICE_PROCESSES": "0",
        "CAMPANA_LOG_LEVEL": "warning",
    }
    with _process(command, log, environment) as process:
        deadline = time.monotonic() + 60
        while len(found := _children(process.pid, ("web", "work"))) < 2:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"campana serve does not start:\n{log.read_text()[-2_000:]}")
            time.sleep(0.1)
        time.sleep(3)
        yield found


def _children(pid: int, words: Sequence[str]) -> dict[str, psutil.Process]:
    found: dict[str, psutil.Process] = {}
    for child in psutil.Process(pid).children():
        for word in words:
            if word in child.cmdline():
                found[word] = child
    return found


@contextlib.contextmanager
def _process(
    command: Sequence[str], log: Path, environment: dict[str, str]
) -> Generator[subprocess.Popen[str]]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CAMPANA_")}
    with log.open("w") as written:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**kept, "PYTHONPATH": str(ROOT / "src"), **environment},
            stdout=subprocess.PIPE,
            stderr=written,
            text=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
