"""Trunks that want us to register: one worker does, on a registrar that checks the password."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campana.domain.campaign import ChannelType
from campana.domain.registration import Registration, RegistrationState
from campana.domain.waiting import Cause
from campana.engine.registering import LEASE
from campana.services import channel_checks, channels, granting
from campana.services.context import Context
from campana.services.why import why
from campana.store import owners, registrations
from campana.store.channels import Channel
from tests.services.test_receiving import WAITS
from tests.support.caller import Caller
from tests.support.campaign import ANA, launched, person
from tests.support.chaos.fleet import environment
from tests.support.database import SECRET_KEY, FixedClock
from tests.support.registrar import Registrar, registrar
from tests.support.talking import Talk, flow, published
from tests.support.waiting import eventually
from tests.voice.peers import free_port

pytestmark = [pytest.mark.voice, pytest.mark.timeout(120)]

USERS = {"agent": "right"}
OURS = "+12025550100"
_PROGRAM = str(Path(__file__).with_name("register_process.py"))


def trunk(peer: Registrar, password: str = "right", **more: Any) -> dict[str, Any]:
    return {
        "host": "127.0.0.1",
        "port": peer.port,
        "username": "agent",
        "password": password,
        "register": {"seconds": 60},
        **more,
    }


async def channel_on(context: Context, workspace_id: int, *trunks: Any) -> Channel:
    config = {"trunks": list(trunks), "callerIds": [OURS]}
    raw = {"name": "exchange", "kind": "voice_sip", "config": config}
    return await channels.create(context, workspace_id=workspace_id, raw=raw)


@asynccontextmanager
async def worker(conninfo: str, folder: Path, *, port: int = 0) -> AsyncIterator[Process]:
    settings = environment(conninfo, folder=folder / "data", secret_key=SECRET_KEY, drain_seconds=5)
    with (folder / "voice.log").open("a") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, _PROGRAM, str(port), env=settings, stdout=log, stderr=log
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def standing(context: Context, workspace_id: int) -> Registration | None:
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await registrations.standing(tx, workspace_id=workspace_id)
    return next(iter(found.values()), None)


async def test_one_of_two_workers_registers_and_the_other_when_it_is_killed(
    context: Context, workspace_id: int, conninfo: str, tmp_path: Path
) -> None:
    gate = ("127.0.0.1", free_port())
    async with registrar(users=USERS, least_seconds=90) as peer:
        made = await channel_on(context, workspace_id, trunk(peer, inbound={"country": "US"}))

        def is_bound() -> bool:
            return len(peer.contacts("agent")) == 1

        async with worker(conninfo, tmp_path, port=gate[1]) as first:
            await eventually(is_bound)
            [contact] = peer.contacts("agent")
            assert contact.endswith(f"@127.0.0.1:{gate[1]}")
            assert peer.statuses == [401, 423, 200]
            async with worker(conninfo, tmp_path, port=gate[1]) as second:
                # The call goes to the account, whose name in the trunk is none of our numbers.
                account = contact.partition(":")[2].partition("@")[0]
                with Caller(gate, called=account, number=ANA) as ana:
                    assert await asyncio.to_thread(ana.rings) == 603
                with Caller(gate, called="nobody", number=ANA) as ana:
                    assert await asyncio.to_thread(ana.rings) == 404
                before = len(peer.statuses)
                first.kill()
                await first.wait()
                await eventually(lambda: len(peer.statuses) > before + 1)
                assert peer.contacts("agent").keys() == {contact}
                found = await eventually(lambda: well(context, made))
                assert "registered until" in found.detail
                second.terminate()
                await eventually(lambda: not peer.contacts("agent"))
                await second.wait()
        assert peer.most_bindings == 1
        told = await standing(context, workspace_id)
        assert told is not None
        assert told.state is RegistrationState.ENDED


async def well(context: Context, channel: Channel) -> channel_checks.Checked | None:
    found = await channel_checks.check(context, channel)
    return found if found.is_well else None


async def test_a_wrong_password_is_told_and_holds_calls_until_it_is_mended(
    context: Context, engine_context: Context, workspace_id: int, conninfo: str, tmp_path: Path
) -> None:
    async with registrar(users=USERS) as peer:
        made = await channel_on(context, workspace_id, trunk(peer, "wrong"))
        scene = await launched(
            engine_context, context, workspace_id=workspace_id, people=[person(ANA)], channel=made
        )

        async def granted() -> int:
            allowed = await granting.grant_ahead(
                engine_context,
                channel_id=made.id,
                owner_id=1,
                wanted=1,
                ahead=timedelta(milliseconds=200),
            )
            return allowed.sends

        async def is_(state: RegistrationState) -> bool:
            told = await standing(context, workspace_id)
            return told is not None and told.state is state

        async with worker(conninfo, tmp_path):
            await eventually(lambda: is_(RegistrationState.REFUSED))
            assert await granted() == 0
            [found] = await channel_checks.check_all(engine_context)
            assert not found.is_well
            assert "403 Forbidden" in found.detail
            assert "mend the username and password" in found.detail
            told = await why(context, workspace_id=workspace_id, campaign_id=scene.campaign_id)
            assert told.cause is Cause.CARRIER_DOWN
            assert "the registration is refused (403 Forbidden)" in told.sentence
            mended = {"config": {"trunks": [trunk(peer)], "callerIds": [OURS]}}
            await channels.change(context, workspace_id=workspace_id, wanted=made.id, patch=mended)
            await eventually(lambda: is_(RegistrationState.REGISTERED))
            assert await granted() == 1
            assert len(peer.contacts("agent")) == 1
        assert not peer.contacts("agent")


async def test_the_lease_of_a_worker_that_stands_still_lapses(
    engine_context: Context, workspace_id: int
) -> None:
    now = engine_context.clock.now()

    async def hold(owner_id: int, *, at: datetime) -> str | None:
        async with engine_context.db.transaction() as tx:
            return await registrations.hold(
                tx,
                workspace_id=workspace_id,
                trunk="sip:agent@sip.example.net:5060;transport=udp",
                token=f"of-{owner_id}",
                owner_id=owner_id,
                until=at + LEASE,
                now=at,
            )

    async with engine_context.db.session() as one, engine_context.db.session() as other:
        first, second = await owners.take_identity(one), await owners.take_identity(other)
        token = await hold(first, at=now)
        assert token == f"of-{first}"
        assert await hold(second, at=now + LEASE) is None
        assert await hold(first, at=now + LEASE) == token
        # Whoever has it next is called by the same name: the trunk has one address of us.
        assert await hold(second, at=now + 2.1 * LEASE) == token
        assert await hold(first, at=now + 2.1 * LEASE) is None


async def test_a_call_to_the_registered_account_reaches_the_flow_that_waits_for_it(
    context: Context,
    engine_context: Context,
    workspace_id: int,
    clock: FixedClock,
    conninfo: str,
    tmp_path: Path,
) -> None:
    gate = ("127.0.0.1", free_port())
    async with registrar(users=USERS) as peer:
        made = await channel_on(context, workspace_id, trunk(peer, inbound={"country": "US"}))
        flow_id = await published(context, workspace_id=workspace_id, definition=flow(WAITS))
        scene = await launched(
            engine_context,
            context,
            workspace_id=workspace_id,
            people=[person(ANA)],
            channel=made,
            type="Flow",
            voiceBot=None,
            flow={"id": flow_id},
            window={"always": True},
        )
        talk = Talk(scene=scene, channels={ChannelType.VOICE: made}, clock=clock, flow_id=flow_id)
        assert await talk.claim(ChannelType.VOICE) == []
        async with worker(conninfo, tmp_path, port=gate[1]):
            [contact] = await eventually(lambda: peer.contacts("agent"))
            account = contact.partition(":")[2].partition("@")[0]
            with Caller(gate, called=account, number=ANA) as ana:
                assert await asyncio.to_thread(ana.rings) == 200
                assert await asyncio.to_thread(ana.heard)
                ana.hang_up()
        [[direction, by]] = await scene.rows("select direction, trunk from attempts")
        assert (direction, by) == (
            "inbound",
            f"sip:agent@127.0.0.1:{peer.port};transport=udp",
        )
