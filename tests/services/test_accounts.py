"""Who may ask for what: workspaces, keys, and requests that come twice."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime, timedelta
from typing import LiteralString

import pytest

from campana.domain.errors import (
    Conflict,
    IdempotencyMismatch,
    InsufficientScope,
    InvalidParameter,
    NotFound,
    Unauthenticated,
)
from campana.services import accounts
from campana.services.accounts import SCOPES, Answer, NewKey
from campana.services.context import Context
from tests.support.database import NOW, FixedClock

READ = "campaigns:read"


async def key(context: Context, workspace_id: int, **changes: object) -> NewKey:
    given = {"name": "script", "scopes": [READ], **changes}
    return await accounts.create_key(context, workspace_id=workspace_id, **given)  # pyright: ignore[reportArgumentType]


async def test_a_key_speaks_for_its_workspace_with_its_scopes(
    context: Context, workspace_id: int
) -> None:
    made = await key(context, workspace_id, scopes=[READ, "lists:write"])
    who = await accounts.authenticate(context, made.text)
    assert (who.key_id, who.workspace_id) == (made.id, workspace_id)
    accounts.require(who, READ)
    with pytest.raises(InsufficientScope, match="campaigns:write"):
        accounts.require(who, "campaigns:write")


async def test_only_the_hash_of_a_key_is_stored(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    made = await key(context, workspace_id)
    assert made.text.startswith("ck_")
    assert len(made.text) == 46
    async with engine_context.db.read() as tx:
        query: LiteralString = "select k::text, k.hash from api_keys k"
        [[row, stored]] = await (await tx.execute(query)).fetchall()
    assert made.text not in row
    assert made.text.removeprefix("ck_") not in row
    assert stored == hashlib.sha256(made.text.encode()).digest()
    assert not any(made.text in repr(k) for k in await accounts.list_keys(
        context, workspace_id=workspace_id
    ))  # fmt: skip


@pytest.mark.parametrize(
    "text", [None, "", "ck_", "ck_" + "A" * 43, "x" * 201, "ck_\u00e9", "' or 1=1 --", "\0"]
)
async def test_what_is_no_key_is_nobody(text: str | None, context: Context) -> None:
    with pytest.raises(Unauthenticated):
        await accounts.authenticate(context, text)


async def test_a_key_ends_when_it_expires(
    context: Context, workspace_id: int, clock: FixedClock
) -> None:
    made = await key(context, workspace_id, expires_at=NOW + timedelta(hours=1))
    clock.forward(seconds=3599)
    await accounts.authenticate(context, made.text)
    clock.forward(seconds=1)
    with pytest.raises(Unauthenticated):
        await accounts.authenticate(context, made.text)


async def test_when_a_key_was_used_last_is_known_to_five_minutes(
    context: Context, workspace_id: int, clock: FixedClock
) -> None:
    made = await key(context, workspace_id)

    async def used_at() -> datetime | None:
        [found] = await accounts.list_keys(context, workspace_id=workspace_id)
        return found.last_used_at

    assert await used_at() is None
    for after, noted in ((0, NOW), (299, NOW), (1, NOW + timedelta(minutes=5))):
        clock.forward(seconds=after)
        await accounts.authenticate(context, made.text)
        assert await used_at() == noted


async def test_a_key_keeps_within_what_its_maker_may_do(
    context: Context, workspace_id: int
) -> None:
    await key(context, workspace_id, within={READ})
    with pytest.raises(InvalidParameter, match="lists:write is more than your role may do"):
        await key(context, workspace_id, scopes=[READ, "lists:write"], within={READ})


async def test_a_revoked_key_ends_at_once_and_keeps_its_first_end(
    context: Context, workspace_id: int, clock: FixedClock
) -> None:
    made = await key(context, workspace_id)
    for _ in range(2):
        await accounts.revoke_key(context, workspace_id=workspace_id, key_id=made.id)
        with pytest.raises(Unauthenticated):
            await accounts.authenticate(context, made.text)
        clock.forward(hours=1)
    [listed] = await accounts.list_keys(context, workspace_id=workspace_id)
    assert (listed.revoked_at, listed.name) == (NOW, "script")


async def test_another_workspaces_keys_are_out_of_reach(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    made = await key(context, workspace_id)
    other = (await accounts.ensure_workspace(engine_context, "other")).workspace_id
    assert await accounts.list_keys(context, workspace_id=other) == []
    with pytest.raises(NotFound):
        await accounts.revoke_key(context, workspace_id=other, key_id=made.id)
    await accounts.authenticate(context, made.text)


async def test_a_key_is_refused_for_everything_that_is_wrong(
    context: Context, workspace_id: int
) -> None:
    with pytest.raises(InvalidParameter) as refused:
        await key(context, workspace_id, name="", scopes=["campaigns:fly", "root"])
    assert [p.pointer for p in refused.value.problems] == ["/scopes", "/scopes", "/name"]
    assert "campaigns:read" in refused.value.problems[0].message
    with pytest.raises(InvalidParameter, match="at least one scope"):
        await key(context, workspace_id, scopes=[])
    assert await accounts.list_keys(context, workspace_id=workspace_id) == []


def test_every_scope_says_what_it_allows() -> None:
    assert all(meaning.endswith(".") for meaning in SCOPES.values())


async def test_a_workspace_is_made_once_and_may_call_nobody(engine_context: Context) -> None:
    made = await asyncio.gather(
        *(accounts.ensure_workspace(engine_context, "clinic") for _ in range(3))
    )
    assert len({workspace.workspace_id for workspace in made}) == 1
    assert made[0].allowed_countries == []
    await accounts.allow_countries(
        engine_context, workspace_id=made[0].workspace_id, countries=["US", "CA"], default="US"
    )
    found = await accounts.workspace_named(engine_context, "clinic")
    assert (found.allowed_countries, found.default_country) == (["US", "CA"], "US")
    with pytest.raises(InvalidParameter) as refused:
        await accounts.allow_countries(
            engine_context, workspace_id=made[0].workspace_id, countries=["US"], default="GB"
        )
    assert [(each.pointer, each.message) for each in refused.value.problems] == [
        ("/default", "GB is not one of the countries that may be called: US")
    ]
    with pytest.raises(NotFound, match="'nobody'"):
        await accounts.workspace_named(engine_context, "nobody")


# --- Requests that come twice --------------------------------------------------------------------

ANSWER = Answer(status=201, headers={"location": "/v1/campaigns/camp_1"}, body=b'{"id":"camp_1"}')


async def begin(context: Context, workspace_id: int, body: bytes = b"{}") -> Answer | None:
    return await accounts.begin_request(
        context, workspace_id=workspace_id, route="POST /v1/campaigns", key="k1", body=body
    )


async def end(context: Context, workspace_id: int, answer: Answer | None) -> None:
    await accounts.end_request(
        context, workspace_id=workspace_id, route="POST /v1/campaigns", key="k1", answer=answer
    )


async def test_the_second_request_gets_the_first_ones_answer(
    context: Context, workspace_id: int
) -> None:
    assert await begin(context, workspace_id) is None
    with pytest.raises(Conflict, match="in progress"):
        await begin(context, workspace_id)
    await end(context, workspace_id, ANSWER)
    assert await begin(context, workspace_id) == ANSWER
    with pytest.raises(IdempotencyMismatch):
        await begin(context, workspace_id, b'{"name":"other"}')


async def test_of_requests_at_once_one_goes_ahead(context: Context, workspace_id: int) -> None:
    told = await asyncio.gather(
        *(begin(context, workspace_id) for _ in range(5)), return_exceptions=True
    )
    assert sum(one is None for one in told) == 1
    assert sum(isinstance(one, Conflict) for one in told) == 4


async def test_a_forgotten_request_may_be_tried_again_with_any_body(
    context: Context, workspace_id: int
) -> None:
    assert await begin(context, workspace_id) is None
    await end(context, workspace_id, None)
    assert await begin(context, workspace_id, b"[]") is None


async def test_keys_of_workspaces_do_not_meet(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    other = (await accounts.ensure_workspace(engine_context, "other")).workspace_id
    assert await begin(context, workspace_id) is None
    assert await begin(context, other, b"[]") is None
    await end(context, workspace_id, ANSWER)
    with pytest.raises(Conflict):
        await begin(context, other, b"[]")
