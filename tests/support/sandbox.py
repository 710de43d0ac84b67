"""A sandbox in a process of its own, and a web server in this one for it to report to."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import uvicorn
from litestar.types import ASGIApp

from campana.bootstrap import wall_clock
from campana.sandbox.plan import Plan
from tests.support.logs import json_lines

SECRET = "a-secret-of-the-sandbox"
PATIENCE = 60.0


@dataclass
class WallClock:
    """The real time: what the sandbox goes by too."""

    is_steady: bool = True

    def now(self) -> datetime:
        return wall_clock()


@dataclass(kw_only=True)
class Sandboxed:
    """A running sandbox."""

    port: int
    log: Path
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def config(self, **changes: Any) -> dict[str, Any]:
        """Of a channel on it."""
        return {"url": self.url, "secret": SECRET, "senders": ["+12025550100"], **changes}

    def lines(self, event: str | None = None) -> list[dict[str, Any]]:
        """Its log: all of it, or the lines of one kind."""
        return [line for line in json_lines(self.log) if event in {None, line["event"]}]

    def accepted(self) -> list[dict[str, Any]]:
        """The sends that reached a person, as it were."""
        return [line for line in self.lines("send") if line["accepted"]]

    def change(self, **plan: Any) -> None:
        """From the next send on it behaves like this."""
        answer = httpx.patch(
            f"{self.url}/plan",
            content=msgspec.json.encode(plan),
            headers={"authorization": f"Bearer {SECRET}"},
            trust_env=False,
            timeout=PATIENCE,
        )
        answer.raise_for_status()


@contextmanager
def sandbox(
    folder: Path, plan: Plan | None = None, *, port: int = 0, secret: str | None = None
) -> Generator[Sandboxed]:
    """`campana sandbox`, ended by SIGTERM; started again in the same folder it knows its log."""
    written = folder / "plan.json"
    written.write_bytes(msgspec.json.encode(plan or Plan()))
    log = folder / "sandbox.jsonl"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "campana", "sandbox", "--port", str(port)),
            *("--log", str(log), "--plan", str(written)),
        ],
        env={**os.environ, **({"CAMPANA_SANDBOX_SECRET": secret} if secret else {})},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        yield Sandboxed(port=json.loads(line)["port"], log=log, process=process)
    finally:
        process.terminate()
        process.wait(PATIENCE)
        process.stdout.close()


class _Server(uvicorn.Server):
    def capture_signals(self) -> Any:
        return nullcontext()


@asynccontextmanager
async def answering(app: ASGIApp) -> AsyncIterator[str]:
    """The URL of an application that really listens."""
    config = uvicorn.Config(
        app,  # pyright: ignore[reportArgumentType]
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listener.close()


def outcomes(lines: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The last outcome of each person, by the sandbox's log."""
    return {line["to"]: line["happenings"][-1][2] for line in lines if line["happenings"]}
