"""A web process on a real socket: bound or told why not, and drained when it is asked to go."""

from __future__ import annotations

import asyncio
import os
import signal
import socket

import httpx
import pytest

from campana.domain.errors import SetupError
from campana.services.context import Context
from campana.web import server


def test_a_port_in_use_is_told_in_a_sentence() -> None:
    with server.bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match=f"127.0.0.1 port {port}: Address already in use"):
            server.bind("127.0.0.1", port)


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(SetupError, match=r"cannot listen on 192\.0\.2\.1 port"):
        server.bind("192.0.2.1", 0)


@pytest.fixture
def listener() -> socket.socket:
    return server.bind("127.0.0.1", 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_what_has_begun_finish(
    context: Context,
    listener: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(*_: object, **__: object) -> None:
        begun.set()
        await go_on.wait()

    port = listener.getsockname()[1]
    monkeypatch.setattr("campana.web.readiness.Readiness.check", slow)
    serving = asyncio.create_task(
        server.serve(context, host="127.0.0.1", port=port, fd=listener.detach())
    )
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        request = asyncio.create_task(client.get("/readyz"))
        await begun.wait()
        os.kill(os.getpid(), number)
        while not await _refuses(port):
            pass
        assert not serving.done()
        go_on.set()
        assert (await request).json() == {"status": "ready"}
    await serving


async def test_cancelling_drains_too(context: Context, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    serving = asyncio.create_task(
        server.serve(context, host="127.0.0.1", port=port, fd=listener.detach())
    )
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        answer = await client.get("/healthz", headers={"x-request-id": "real"})
        assert (answer.status_code, answer.headers["x-request-id"]) == (200, "real")
        head = await client.head("/healthz")
        assert (head.status_code, head.content) == (200, b"")
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert await _refuses(port)


async def _refuses(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return True
    writer.close()
    await writer.wait_closed()
    return False
