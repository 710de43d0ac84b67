"""The endpoints of models: how a request gets to one, and how much of its answer is read.

The installation's endpoints are its operator's choice, wherever they are. How one that a workspace
names is reached is `workspace_endpoints.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import httpx

from campana.services.outbound import Refused
from campana.voice.mind import Lost, Stalled

Open = Callable[[bytes, Mapping[str, str], float], AbstractAsyncContextManager[httpx.Response]]
"""Posts a body with headers; no byte for so many seconds is an error."""

_OK = 200


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What an answer may take, in seconds and bytes.

    The first byte, and each one after it, may take `patience`, all of it `longest`.
    """

    patience: float
    longest: float
    most: int


@dataclass(frozen=True, kw_only=True)
class Received:
    """A whole answer; `kind` is its media type in small letters, without parameters."""

    kind: str
    body: bytes


def directly(url: str, key: str | None) -> Open:
    """To an endpoint that the operator chose: wherever it is, this machine too."""

    @asynccontextmanager
    async def opened(
        body: bytes, headers: Mapping[str, str], seconds: float
    ) -> AsyncGenerator[httpx.Response]:
        shown = {"authorization": f"Bearer {key}"} if key else {}
        async with (
            httpx.AsyncClient(trust_env=False, timeout=seconds) as client,
            client.stream("POST", url, content=body, headers={**headers, **shown}) as response,
        ):
            yield response

    return opened


async def received(
    opened: Open, body: bytes, headers: Mapping[str, str], *, bounds: Bounds, what: str
) -> Received:
    """The whole answer to `body`, if it is one.

    Raises:
        Stalled: it did not come in time; begins with `what`, as all of these do.
        Lost: it broke off, was refused or is too long.
    """
    loop = asyncio.get_running_loop()
    latest = loop.time() + bounds.longest
    found = bytearray()
    try:
        async with asyncio.timeout_at(min(latest, loop.time() + bounds.patience)) as limit:
            async with opened(body, headers, bounds.patience) as response:
                if response.status_code != _OK:
                    raise Lost(f"{what} answered {response.status_code}")
                async for piece in response.aiter_raw():
                    limit.reschedule(min(latest, loop.time() + bounds.patience))
                    found += piece
                    if len(found) > bounds.most:
                        raise Lost(f"{what} did not come to an end")
                kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    except (TimeoutError, httpx.TimeoutException):
        raise Stalled(f"{what} was not done in time") from None
    except Refused as refused:
        raise Lost(f"{what}: {refused}") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise Lost(f"{what} could not be asked: {type(error).__name__}") from None
    return Received(kind=kind, body=bytes(found))


def below(url: str, path: str) -> str:
    """Where an operation of an endpoint (`…/v1`) is."""
    return f"{url.rstrip('/')}/{path}"
