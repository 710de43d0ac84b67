"""What the console shows of calls that come in: who is waited for, who called, what was refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from campana.domain.campaign import ChannelType
from campana.domain.registration import Registration, RegistrationState
from campana.services import receiving
from campana.services.context import Context
from campana.services.receiving import Refusal, Taken
from campana.store import registrations
from tests.services.test_receiving import WAITS, ringing
from tests.support.campaign import ANA, BRUNO, add_channel, person
from tests.support.database import FixedClock
from tests.support.talking import OWNER, flow, talking
from tests.web.console.conftest import Browser


async def test_a_person_is_waited_for_and_then_has_called(
    owner: Browser, engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    talk = await talking(
        engine_context,
        context,
        clock=clock,
        workspace_id=workspace_id,
        definition=flow(WAITS),
        people=[person(ANA)],
        channel_types=(ChannelType.VOICE,),
    )
    await talk.claim(ChannelType.VOICE)
    [[target_id]] = await talk.scene.rows("select id from targets")
    path = f"/campaigns/{talk.scene.campaign_id}/people/tgt_{target_id}"
    shown = (await owner.get(path)).text
    assert "The flow waits for the contact to call until " in shown
    assert "they called" not in shown
    taken = await receiving.take(engine_context, ringing(talk), owner_id=OWNER)
    assert isinstance(taken, Taken)
    assert "Attempt 1: they called" in (await owner.get(path)).text


async def test_a_channel_says_which_trunk_takes_calls_and_how_many_were_not_taken(
    owner: Browser, engine_context: Context, context: Context, workspace_id: int
) -> None:
    trunks = [{"host": "127.0.0.1", "inbound": {}}, {"host": "127.0.0.2"}]
    config = {"trunks": trunks, "callerIds": ["+12025550100"]}
    channel = await add_channel(context, workspace_id=workspace_id, config=config)
    unknown = receiving.Ringing(
        workspace_id=workspace_id,
        channels={channel.id: None},
        numbers=(BRUNO,),
        called="+12025550100",
    )
    taken = await receiving.take(engine_context, unknown, owner_id=OWNER)
    assert taken is Refusal.NOBODY_WAITS
    shown = (await owner.get(f"/channels/{channel.id}")).text
    assert "1 call in not taken" in shown
    assert shown.count("takes calls") == 1


@pytest.mark.parametrize(
    ("state", "status", "said"),
    [
        ("registered", None, "registered until 12:05:00 UTC"),
        ("refused", 403, "The registration is refused (403 Forbidden): mend the username"),
        ("failed", None, "The registration fails (no answer); it is tried again."),
        (None, None, "not registered: a voice worker has to run"),
    ],
)
async def test_a_channel_says_how_a_trunk_takes_our_registration(
    owner: Browser,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    state: str | None,
    status: int | None,
    said: str,
) -> None:
    trunks = [{"host": "127.0.0.1", "username": "agent", "password": "secret", "register": {}}]
    config = {"trunks": trunks, "callerIds": ["+12025550100"]}
    channel = await add_channel(context, workspace_id=workspace_id, config=config)
    name, now = "sip:agent@127.0.0.1:5060;transport=udp", context.clock.now()
    until = now.replace(hour=12, minute=5, second=0, microsecond=0)
    until += timedelta(days=until <= now)
    if state is not None:
        told = Registration(
            trunk=name,
            state=RegistrationState(state),
            told_at=now,
            status=status,
            reason="Forbidden" if status else None,
            registered_until=until if state == "registered" else None,
        )
        where: dict[str, Any] = {"workspace_id": workspace_id, "owner_id": OWNER, "now": now}
        async with engine_context.db.transaction() as tx:
            await registrations.hold(tx, trunk=name, token="token", until=until, **where)
            await registrations.tell(tx, told=told, **where)
    assert said in (await owner.get(f"/channels/{channel.id}")).text
