"""The link of an e-mail: looking changes nothing, pressing ends them, and none can be made up."""

from __future__ import annotations

import httpx
import pytest

from campana.services.context import Context
from campana.services.signing import signing_key
from campana.services.unsubscribes import KEY_NAME, Unsubscribes

PRESS = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def path(context: Context, workspace_id: int) -> str:
    made = Unsubscribes(key=signing_key(context.blobs, context.entropy, name=KEY_NAME))
    url = made.link(
        "https://campana.example/", workspace_id=workspace_id, channel_id="chan_1",
        address="ana@example.com",
    )  # fmt: skip
    assert url.startswith("https://campana.example/u/")
    return url.removeprefix("https://campana.example")


async def suppressed(context: Context) -> list[tuple[str, str, str]]:
    query = "select address, scope, channel_type from suppressions"
    async with context.db.read() as tx:
        return [tuple(row) for row in await (await tx.execute(query)).fetchall()]  # pyright: ignore[reportReturnType]


async def test_looking_changes_nothing_and_pressing_ends_it_once(
    anonymous: httpx.AsyncClient, engine_context: Context, path: str
) -> None:
    page = await anonymous.get(path)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert '<form method="post">' in page.text
    assert "script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert await suppressed(engine_context) == []
    for _ in range(2):
        assert (await anonymous.post(path, data=PRESS)).status_code == 200
    assert await suppressed(engine_context) == [("ana@example.com", "channel", "Email")]


async def test_as_a_multipart_form_it_is_the_same(
    anonymous: httpx.AsyncClient, engine_context: Context, path: str
) -> None:
    answer = await anonymous.post(path, files={"List-Unsubscribe": (None, "One-Click")})
    assert answer.status_code == 200
    assert len(await suppressed(engine_context)) == 1


async def test_what_is_no_press_changes_nothing(
    anonymous: httpx.AsyncClient, engine_context: Context, path: str
) -> None:
    assert (await anonymous.post(path, content=b"")).status_code == 400
    for forged in (path[:-2] + "xx", path[:-1], "/u/abc", "/u/" + "A" * 200, "/u/é"):
        for answer in (await anonymous.get(forged), await anonymous.post(forged, data=PRESS)):
            assert answer.status_code == 404, forged
    assert await suppressed(engine_context) == []


async def test_who_presses_without_end_is_told_to_stop(
    anonymous: httpx.AsyncClient, path: str
) -> None:
    answers = [(await anonymous.post(path, data=PRESS)).status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]
