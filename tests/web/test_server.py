"""A web process on a real socket: bound or told why not, and drained when it is asked to go."""

from __future__ import annotations

import asyncio
import os
import signal
import socket

import httpx
import pytest

from campana.domain.errors import SetupError
from campana.services.accounts import create_key
from campana.services.context import Context
from campana.web import server
from tests.support.campaign import ANA, add_list, person


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


async def test_head_leaves_the_connection_to_the_next_request(
    context: Context, workspace_id: int, listener: socket.socket
) -> None:
    """One answer with a length, one in pieces, one that fails: each is its head and no more."""
    key = await create_key(context, workspace_id=workspace_id, name="test", scopes=["lists:read"])
    list_id = await add_list(context, workspace_id=workspace_id, people=[person(ANA)])
    targets = ["/healthz", f"/v1/contact-lists/{list_id}/export", "/v1/contact-lists/nowhere"]
    port = listener.getsockname()[1]
    serving = asyncio.create_task(
        server.serve(context, host="127.0.0.1", port=port, fd=listener.detach())
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heads: list[bytes] = []
    for target in targets:
        asked = f"HEAD {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key.text}\r\n\r\n"
        writer.write(asked.encode())
        heads.append(await reader.readuntil(b"\r\n\r\n"))
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    last = await reader.read()
    writer.close()
    await writer.wait_closed()
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert [head.split()[1] for head in heads] == [b"200", b"200", b"404"]
    assert last.startswith(b"HTTP/1.1 200 OK\r\n")
    assert last.endswith(b'\r\n\r\n{"status":"alive"}')


async def _refuses(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return True
    writer.close()
    await writer.wait_closed()
    return False
