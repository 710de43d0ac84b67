"""Erased people are known again by a keyed hash: at the gate, in a preflight, when asked."""

from __future__ import annotations

import base64
import hmac
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet

from campana.services import (
    consents,
    erasure_keys,
    outlook,
    suppressions,
)
from campana.services.context import Context
from campana.services.secrets import Secrets
from tests.support.campaign import ANA, BRUNO, CARLA, Scene, add_list, launched, person
from tests.support.database import NOW, SECRET_KEY, FixedClock
from tests.support.erasing import (
    PERSON,
    contact_of,
    erase,
    relaunched,
)


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    """A campaign of Zephyrine (whose number is Ana's) and Bruno."""
    return await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[PERSON, person(BRUNO)],
        cadence={"maxAttempts": 3, "busy": {"attempts": 3, "delaySeconds": 900}},
    )


async def test_whoever_comes_back_in_a_file_stays_suppressed(
    scene: Scene, engine_context: Context, context: Context
) -> None:
    await erase(context, engine_context, scene, await contact_of(scene))
    list_id = await add_list(
        context, workspace_id=scene.workspace_id, people=[PERSON], name="imported again"
    )
    scene_again = await relaunched(scene, engine_context, context, list_id)
    assert ANA not in [each.address for each in await scene_again.claim()]
    assert await scene_again.rows(
        "select disposition, last_reason from targets where campaign_id = %s",
        scene_again.campaign_id,
    ) == [("suppressed", "suppressed_workspace")]
    [checked] = await suppressions.check(context, workspace_id=scene.workspace_id, addresses=[ANA])
    assert [each.source for each in checked.suppressions] == ["erasure"]


async def test_an_agreement_from_after_the_erasure_lifts_it_for_as_long_as_it_holds(
    scene: Scene, engine_context: Context, context: Context, clock: FixedClock
) -> None:
    await erase(context, engine_context, scene, await contact_of(scene))
    said = {"address": ANA, "source": "form", "wording": "Call me again."}
    clock.forward(minutes=10)

    async def is_suppressed() -> bool:
        [checked] = await suppressions.check(
            context, workspace_id=scene.workspace_id, addresses=[ANA]
        )
        return bool(checked.suppressions)

    async def agree(**changes: Any) -> None:
        await consents.add(context, workspace_id=scene.workspace_id, **{**said, **changes})

    await agree(is_granted=True, said_at=NOW - timedelta(days=1))
    assert await is_suppressed(), "what was said before the erasure counts no more"
    await agree(is_granted=True, expires_at=clock.now() + timedelta(days=30))
    assert not await is_suppressed()
    list_id = await add_list(
        context, workspace_id=scene.workspace_id, people=[PERSON], name="imported again"
    )
    again = await relaunched(scene, engine_context, context, list_id)
    assert ANA in [each.address for each in await again.claim()]
    clock.forward(days=31)
    assert await is_suppressed()
    await agree(is_granted=True)
    clock.forward(minutes=1)
    await agree(is_granted=False)
    assert await is_suppressed()


async def test_preflight_counts_whoever_came_back_as_suppressed(
    scene: Scene, engine_context: Context, context: Context
) -> None:
    await erase(context, engine_context, scene, await contact_of(scene))
    list_id = await add_list(
        context, workspace_id=scene.workspace_id, people=[PERSON, person(CARLA)], name="again"
    )
    again = await relaunched(scene, engine_context, context, list_id, is_launched=False)
    found = await outlook.look_ahead(
        context, workspace_id=scene.workspace_id, campaign_id=again.campaign_id
    )
    assert (found.eligible, found.skipped) == (1, {"suppressed_workspace": 1})


async def test_without_its_key_nobody_is_contacted(
    scene: Scene, engine_context: Context, context: Context
) -> None:
    await erase(context, engine_context, scene, await contact_of(scene))
    other = replace(engine_context, secrets=Secrets.of([Fernet.generate_key().decode()]))
    assert await replace(scene, engine=other).claim() == []
    assert [each.address for each in await scene.claim()] == [BRUNO]


async def test_a_new_secret_key_seals_the_hash_key_anew(
    scene: Scene, engine_context: Context, context: Context
) -> None:
    await erase(context, engine_context, scene, await contact_of(scene))
    new = Fernet.generate_key().decode()
    both = replace(engine_context, secrets=Secrets.of([new, SECRET_KEY]))
    assert await erasure_keys.seal_anew(both) == 1
    assert await erasure_keys.seal_anew(both) == 0
    only_new = replace(context, secrets=Secrets.of([new]))
    [checked] = await suppressions.check(only_new, workspace_id=scene.workspace_id, addresses=[ANA])
    assert checked.suppressions
    assert await erasure_keys.seal_anew(engine_context) == 0, "told, and left alone"


async def test_the_database_hashes_as_the_program_does(engine_context: Context) -> None:
    sealed = engine_context.secrets.seal(base64.b64encode(bytes(range(32))).decode())
    pads = erasure_keys.pads_of(engine_context.secrets, sealed)
    assert pads is not None
    async with engine_context.db.read() as tx:
        cursor = await tx.execute("select keyed_hash(%s, %s)", (ANA, pads))
        assert await cursor.fetchone() == (erasure_keys.hash_of(ANA, pads=pads),)
    assert erasure_keys.hash_of(ANA, pads=pads) == hmac.digest(
        bytes(range(32)), ANA.encode(), "sha256"
    )
