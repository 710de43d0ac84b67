"""A whole Campana in processes of its own, softphones to call, and the words of the command
line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import psutil
import yaml

from campana.demo.plan import Plan
from tests.support.logs import json_lines

PATIENCE = 180.0
"""Seconds to wait for something that must come; nothing is asserted about time with it."""

CAMPANA = (sys.executable, "-m", "campana")


def until(true: Any, *, patience: float = PATIENCE, pause: float = 0.2) -> Any:
    """What `true` returns once it is truthy.

    Raises:
        TimeoutError: it never was.
    """
    deadline = time.monotonic() + patience
    while not (found := true()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {patience:.0f} s in vain")
        time.sleep(pause)
    return found


def ended(process: subprocess.Popen[Any], *, patience: float = PATIENCE) -> int:
    """Ask a process to end, and see that it does; one that does not is killed.

    Raises:
        subprocess.TimeoutExpired: it had to be.
    """
    process.terminate()
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(PATIENCE)
        raise


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """The called parties and their log."""

    port: int
    log: Path

    def events(self) -> list[dict[str, Any]]:
        return json_lines(self.log)


@contextmanager
def exchange(folder: Path, plan: Plan) -> Generator[Exchange]:
    """Softphones that behave as planned."""
    (folder / "plan.json").write_bytes(msgspec.json.encode(plan))
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "campana.demo.exchange", "--port", "0"),
            *("--log", str(folder / "exchange.jsonl"), "--plan", str(folder / "plan.json")),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield Exchange(port=json.loads(line)["port"], log=folder / "exchange.jsonl")
    finally:
        ended(process)
        if process.stdout is not None:
            process.stdout.close()


@dataclass(frozen=True, kw_only=True)
class Served:
    """A running `campana serve` and its command line."""

    process: subprocess.Popen[str]
    environment: dict[str, str]
    folder: Path

    def run(self, *words: str, check: bool = True) -> str:
        """What a command prints."""
        done = subprocess.run(
            [*CAMPANA, *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"campana {' '.join(words)}: {done.stderr}{done.stdout}")
        return done.stdout

    def json(self, *words: str) -> Any:
        """The same, read."""
        return json.loads(self.run(*words, "--json"))

    def children(self) -> list[psutil.Process]:
        """The processes `serve` keeps, by age."""
        return sorted(psutil.Process(self.process.pid).children(), key=lambda p: p.create_time())

    def make(self, word: str, document: dict[str, Any]) -> Any:
        """`campana WORD create -f` with this document."""
        file = self.folder / f"{word}.yaml"
        file.write_text(yaml.safe_dump(document))
        return self.json(word, "create", "-f", str(file))

    def ready_to_call(self, *, port: int, people: Sequence[str], **channel: Any) -> None:
        """Countries, a channel to the exchange, and a list of people with these numbers."""
        self.run("allow-countries", "US", "--default", "US")
        self.make(
            "channel",
            {
                "name": "exchange",
                "kind": "voice_sip",
                **channel,
                "config": {
                    "trunks": [{"host": "127.0.0.1", "port": port}],
                    "callerIds": ["+12025550100"],
                    "ringSeconds": 3,
                },
            },
        )
        file = self.folder / "people.csv"
        file.write_text("name,phone\n" + "".join(f"P{n},{p}\n" for n, p in enumerate(people)))
        self.json("lists", "import", "people", str(file), "--country", "US")


@contextmanager
def served(folder: Path, **settings: object) -> Generator[Served]:
    """`campana serve` in a data directory of its own, ended by SIGTERM."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CAMPANA_")},
        "CAMPANA_DATA_DIR": str(folder / "data"),
        "CAMPANA_PORT": "0",
        "CAMPANA_DRAIN_SECONDS": "1",
        **{f"CAMPANA_{name.upper()}": str(value) for name, value in settings.items()},
    }
    with (folder / "serve.log").open("w") as log:
        process = subprocess.Popen(
            [*CAMPANA, "serve"], env=environment, stdout=log, stderr=log, text=True
        )
        try:
            running = Served(process=process, environment=environment, folder=folder)
            until(lambda: "answers at" in (folder / "serve.log").read_text())
            yield running
        finally:
            code = ended(process)
    assert code == 0, (folder / "serve.log").read_text()
