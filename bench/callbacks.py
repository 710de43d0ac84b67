"""Callbacks a second, durable before they are acknowledged, beside an endpoint that stores nothing.

    python bench/callbacks.py [--seconds 3] [--rounds 5] [--connections 64]

One web process with the real application and a real, fsyncing PostgreSQL; one process of clients
that keep their connections and send the next callback when the last is answered. Three endpoints
take turns, round after round, so that a neighbour's load falls on all of them:

    nothing   reads the body and answers 204
    checked   finds the channel, checks the signature, reads the report, stores nothing
    durable   what carriers call: as before, and committed before the answer

Afterwards the rows in the inbox are counted: every acknowledged callback is there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast
from uuid import UUID

import psycopg
import uvicorn
import uvloop
from litestar.types import Receive, Scope, Send

from campana import bootstrap
from campana.carriers.sandbox import SIGNATURE
from campana.domain.ids import attempt_text
from campana.sandbox import wire
from campana.services import accounts, channels
from campana.services.context import Context
from campana.settings import Settings
from campana.store import migrations
from campana.store.db import Role
from campana.store.embedded import attach, discard
from campana.store.reports import Kept
from campana.web.app import create_app
from campana.web.callbacks import Callbacks

SECRET = "a-secret-of-the-sandbox"  # noqa: S105 - of a sandbox that does not even run
ENDPOINTS = ("nothing", "checked", "durable")


def callback(number: int) -> bytes:
    """One report, of an attempt of its own."""
    return json.dumps(
        {
            "attempt": attempt_text(UUID(int=number)),
            "id": "3",
            "status": "finished",
            "outcome": "completed",
            "at": "2026-03-10T14:59:58Z",
            "answeredAt": "2026-03-10T14:59:51Z",
        }
    ).encode()


class Client(asyncio.Protocol):
    """One connection: request, answer, request."""

    def __init__(self, requests: Sequence[bytes], until: float) -> None:
        self.requests = requests
        self.until = until
        self.sent = self.answered = 0
        self.times: list[float] = []
        self.over = asyncio.get_running_loop().create_future()
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._buffer.endswith(b"\r\n\r\n"):
            return
        if not self._buffer.startswith(b"HTTP/1.1 204"):
            raise SystemExit(self._buffer.decode(errors="replace"))
        self._buffer = b""
        self.times.append(time.perf_counter() - self._began)
        self.answered += 1
        if time.perf_counter() < self.until:
            self._next()
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.over.done():
            self.over.set_result(exc)

    def _next(self) -> None:
        self._began = time.perf_counter()
        self.transport.write(self.requests[self.sent % len(self.requests)])
        self.sent += 1


async def load(
    port: int, path: str, *, connections: int, seconds: float
) -> tuple[float, list[float]]:
    """Answers a second, and the times of all answers in seconds."""
    at = bootstrap.wall_clock()
    requests: list[bytes] = []
    for number in range(500):
        body = callback(number)
        signature = wire.sign(SECRET, body, at=at)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: application/json\r\n{SIGNATURE}: {signature}\r\n\r\n"
        )
        requests.append(head.encode() + body)
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    clients: list[Client] = []
    for _ in range(connections):
        _, client = await loop.create_connection(
            lambda: Client(requests, began + seconds), "127.0.0.1", port
        )
        clients.append(client)
    await asyncio.gather(*(client.over for client in clients))
    took = time.perf_counter() - began
    answered = sum(client.answered for client in clients)
    return answered / took, sorted(t for client in clients for t in client.times)


class Unstored(Callbacks):
    """All of it but the storing."""

    async def _store(self, kept: Sequence[Kept]) -> None:
        pass


async def serve(conninfo: str, data_dir: Path) -> None:
    """The web process; prints its port and the channel's path."""
    settings = Settings(data_dir=data_dir)
    async with bootstrap.opened(settings, conninfo, role=Role.ENGINE) as engine:
        home = await accounts.ensure_workspace(engine, "default")
    async with bootstrap.opened(settings, conninfo, role=Role.WEB) as context:
        path = await make_channel(context, home.workspace_id)
        durable = create_app(context)
        checked = Unstored(context, others=durable)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"].startswith("/callbacks"):
                await durable(scope, receive, send)
            elif scope["path"].startswith("/checked"):
                scope["path"] = scope["path"].removeprefix("/checked")
                scope["state"] = {}
                await checked(scope, receive, send)
            else:
                while (await receive()).get("more_body"):
                    pass
                await send({"type": "http.response.start", "status": 204, "headers": []})
                await send({"type": "http.response.body", "body": b""})

        config = uvicorn.Config(
            app, port=0, http="httptools", ws="none", lifespan="off", log_config=None,
            access_log=False, server_header=False,
        )  # fmt: skip
        listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        sys.stdout.write(json.dumps({"port": listener.getsockname()[1], "path": path}) + "\n")
        sys.stdout.flush()
        await uvicorn.Server(config).serve(sockets=[listener])


async def make_channel(context: Context, workspace_id: int) -> str:
    """A channel, and where its callbacks go."""
    raw = {
        "name": "bench",
        "kind": "sandbox",
        "channelType": "Voice",
        "config": {"url": "http://127.0.0.1:9", "secret": SECRET},
    }
    made = await channels.create(context, workspace_id=workspace_id, raw=raw)
    return f"/callbacks/{made.id}"


def run(conninfo: str, arguments: argparse.Namespace) -> None:
    """Start the server, take turns, say what came of it."""
    server = subprocess.Popen(
        [sys.executable, __file__, "--serve", conninfo], stdout=subprocess.PIPE, text=True
    )
    rates: dict[str, list[float]] = {name: [] for name in ENDPOINTS}
    times: dict[str, list[float]] = {name: [] for name in ENDPOINTS}
    try:
        told = json.loads(server.stdout.readline() if server.stdout else "{}")
        paths = {"nothing": "/x", "checked": f"/checked{told['path']}", "durable": told["path"]}
        stored = 0
        for turn in range(arguments.rounds + 1):
            for name in ENDPOINTS:
                seconds = arguments.seconds if turn else 0.5
                rate, took = uvloop.run(
                    load(
                        told["port"],
                        paths[name],
                        connections=arguments.connections,
                        seconds=seconds,
                    )
                )
                stored += len(took) if name == "durable" else 0
                if turn:
                    rates[name].append(rate)
                    times[name] += took
    finally:
        server.terminate()
        server.wait(20)
    with psycopg.connect(conninfo) as conn:
        row = conn.execute("select count(*) from campana.callback_inbox").fetchone()
    kept = row[0] if row else 0
    for name in ENDPOINTS:
        in_order = sorted(times[name])
        middle, late = (in_order[int(len(in_order) * share)] * 1000 for share in (0.5, 0.99))
        print(
            f"{name:8} {statistics.median(rates[name]):8,.0f} a second"
            f"   p50 {middle:.1f} ms   p99 {late:.1f} ms"
        )
    for other in ENDPOINTS[:2]:
        shares = [mine / its for mine, its in zip(rates["durable"], rates[other], strict=True)]
        spread = f"{min(shares):.0%} to {max(shares):.0%}"
        print(f"durable / {other}: {statistics.median(shares):.0%} ({spread})")
    print(f"acknowledged {stored:,}, in the inbox {kept:,}")
    if kept < stored:
        raise SystemExit("acknowledged callbacks are missing")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="campana-bench-") as folder:
        place = Path(folder)
        if arguments.serve:
            uvloop.run(serve(arguments.serve, place))
            return
        place.chmod(0o755)
        embedded = attach(place / "data")
        try:
            migrations.migrate(embedded.conninfo)
            run(embedded.conninfo, arguments)
        finally:
            embedded.close()
            discard(place / "data")


if __name__ == "__main__":
    main()
