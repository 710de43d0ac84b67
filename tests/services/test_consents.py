"""The consent ledger: what is written stays, the latest word counts, and doubt means no."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, LiteralString

import psycopg
import pytest

from campana.domain.campaign import ChannelType
from campana.domain.errors import InvalidParameter, NotFound
from campana.services import consents
from campana.services.context import Context
from campana.store.consents import Consent
from campana.store.db import Database, Role
from tests.support.campaign import ANA, BRUNO, CARLA, Scene, launched
from tests.support.database import NOW, FixedClock

DAY = timedelta(days=1)


async def say(context: Context, workspace_id: int, **changes: Any) -> Consent:
    """Ana agrees, unless told otherwise."""
    said: dict[str, Any] = {
        "address": ANA,
        "is_granted": True,
        "source": "form",
        "wording": "You may call me.",
        **changes,
    }
    return await consents.add(context, workspace_id=workspace_id, **said)


async def fates(scene: Scene) -> dict[str, str | None]:
    """What the gate made of each person: claimed (None), or why not."""
    await scene.claim()
    rows = await scene.rows("select address, disposition, last_reason from targets")
    assert all(disposition in {None, reason} for _, disposition, reason in rows)
    return {address: disposition for address, disposition, _ in rows}


async def test_only_who_agreed_is_called_when_consent_is_required(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    await say(context, workspace_id, address="(212) 555-0101")
    await say(context, workspace_id, address=BRUNO, channel_type=ChannelType.SMS)
    scene = await launched(engine_context, context, workspace_id=workspace_id, requireConsent=True)
    assert await fates(scene) == {ANA: None, BRUNO: "no_consent", CARLA: "no_consent"}


async def test_consent_is_not_asked_for_unless_required(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    await say(context, workspace_id, is_granted=False)
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    assert await fates(scene) == {ANA: None, BRUNO: None, CARLA: None}


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        ([{}], True),
        ([{"channel_type": ChannelType.VOICE}], True),
        ([{"channel_type": ChannelType.SMS}], False),
        ([{"is_granted": False}], False),
        ([{"said_at": NOW - 3 * DAY, "expires_at": NOW + DAY}], True),
        ([{"said_at": NOW - 3 * DAY, "expires_at": NOW - DAY}], False),
        # The latest word counts, by when it was said and not by when it was written down.
        ([{"said_at": NOW - 2 * DAY}, {"said_at": NOW - DAY, "is_granted": False}], False),
        ([{"said_at": NOW - DAY, "is_granted": False}, {"said_at": NOW - 2 * DAY}], False),
        ([{"said_at": NOW - 2 * DAY, "is_granted": False}, {"said_at": NOW - DAY}], True),
        # At the same instant the refusal counts, whichever was written last.
        ([{}, {"is_granted": False}], False),
        ([{"is_granted": False}, {}], False),
        # One kind of channel, and all of them.
        ([{"said_at": NOW - DAY}, {"is_granted": False, "channel_type": ChannelType.SMS}], True),
        ([{"said_at": NOW - DAY}, {"is_granted": False, "channel_type": ChannelType.VOICE}], False),
        ([{"said_at": NOW - DAY, "channel_type": ChannelType.VOICE}, {"is_granted": False}], False),
        # A grant that expired is no fall-back to an older one.
        ([{"said_at": NOW - 9 * DAY}, {"said_at": NOW - 3 * DAY, "expires_at": NOW - DAY}], False),
    ],
)
async def test_the_latest_word_counts(
    engine_context: Context,
    context: Context,
    workspace_id: int,
    said: list[dict[str, Any]],
    holds: bool,
) -> None:
    for each in said:
        await say(context, workspace_id, **each)
    scene = await launched(engine_context, context, workspace_id=workspace_id, requireConsent=True)
    assert (await fates(scene))[ANA] == (None if holds else "no_consent")


async def test_a_consent_taken_back_counts_from_then_on(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    await say(context, workspace_id)
    scene = await launched(engine_context, context, workspace_id=workspace_id, requireConsent=True)
    clock.forward(seconds=1)
    await say(context, workspace_id, is_granted=False, wording="Do not call me again.")
    assert (await fates(scene))[ANA] == "no_consent"


async def test_nothing_written_is_ever_changed(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    made = await say(context, workspace_id)
    change, removal = "update consents set is_granted = false", "delete from consents"
    # Whoever is erased goes from here too: to delete is the engine's, and nobody else's.
    forbidden: tuple[tuple[Database, LiteralString], ...] = (
        (context.db, change),
        (context.db, removal),
        (engine_context.db, change),
    )
    for db, statement in forbidden:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with db.transaction(
                workspace_id=workspace_id if db.role is Role.WEB else None
            ) as tx:
                await tx.execute(statement)
    assert await consents.get(context, workspace_id=workspace_id, consent_id=made.id) == made


async def test_the_ledger_is_read_newest_first(
    context: Context, workspace_id: int, clock: FixedClock
) -> None:
    made: list[Consent] = []
    for address in (ANA, BRUNO, ANA):
        made.append(await say(context, workspace_id, address=address))
        clock.forward(seconds=1)
    first = await consents.page(context, workspace_id=workspace_id, limit=2)
    assert (first.consents, first.next_after) == (made[:0:-1], made[1].id)
    rest = await consents.page(context, workspace_id=workspace_id, after=made[1].id)
    assert (rest.consents, rest.next_after) == (made[:1], None)
    hers = await consents.page(context, workspace_id=workspace_id, address="(212) 555-0101")
    assert hers.consents == [made[2], made[0]]


async def test_everything_wrong_is_said_at_once(context: Context, workspace_id: int) -> None:
    with pytest.raises(InvalidParameter) as caught:
        await say(
            context,
            workspace_id,
            source=" ",
            wording="",
            is_granted=False,
            said_at=NOW + DAY,
            expires_at=NOW,
        )
    assert [problem.pointer for problem in caught.value.problems] == [
        "/source",
        "/wording",
        "/saidAt",
        "/expiresAt",
    ]
    with pytest.raises(InvalidParameter, match="saidAt"):
        await say(context, workspace_id, said_at=NOW - DAY, expires_at=NOW - DAY)
    with pytest.raises(InvalidParameter, match="address"):
        await say(context, workspace_id, address="nobody")
    with pytest.raises(InvalidParameter, match="address"):
        await consents.page(context, workspace_id=workspace_id, address="nobody")
    with pytest.raises(NotFound):
        await consents.get(context, workspace_id=workspace_id, consent_id="cons_none")
