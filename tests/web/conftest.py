"""The API on a database of its own, asked in process by clients with keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime

import httpx
import pytest
from litestar.types import ASGIApp

from campana.services.accounts import SCOPES, create_key, ensure_workspace
from campana.services.context import Context
from campana.web.app import create_app

BASE = "http://campana.test"

Knock = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
def app(context: Context) -> ASGIApp:
    return create_app(context)


@pytest.fixture
async def anonymous(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""
    async with httpx.AsyncClient(transport=_to(app), base_url=BASE) as client:
        yield client


@pytest.fixture
async def knock(app: ASGIApp, context: Context, workspace_id: int) -> AsyncIterator[Knock]:
    """Makes a client whose key has these scopes (all, unless told), of this workspace and app."""
    async with AsyncExitStack() as stack:

        async def make(
            *,
            scopes: Sequence[str] = tuple(SCOPES),
            workspace: int = workspace_id,
            at: ASGIApp = app,
            expires_at: datetime | None = None,
        ) -> httpx.AsyncClient:
            key = await create_key(
                context, workspace_id=workspace, name="test", scopes=scopes, expires_at=expires_at
            )
            client = httpx.AsyncClient(
                transport=_to(at), base_url=BASE, headers={"authorization": f"Bearer {key.text}"}
            )
            return await stack.enter_async_context(client)

        yield make


@pytest.fixture
async def api(knock: Knock) -> httpx.AsyncClient:
    """A client that may do everything in the workspace `default`."""
    return await knock()


@pytest.fixture
async def elsewhere(engine_context: Context) -> int:
    """Another workspace."""
    return (await ensure_workspace(engine_context, "elsewhere")).workspace_id


@pytest.fixture
async def stranger(knock: Knock, elsewhere: int) -> httpx.AsyncClient:
    """A client that may do everything in another workspace."""
    return await knock(workspace=elsewhere)


def _to(app: ASGIApp) -> httpx.ASGITransport:
    return httpx.ASGITransport(app=app)  # pyright: ignore[reportArgumentType]
