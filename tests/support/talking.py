"""A campaign that runs a flow, stepped by hand: claim, answer as a carrier would, let time pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from campana.carriers.base import Accepted, Report
from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.campaign import ChannelType
from campana.domain.contact import NewContact
from campana.domain.content import words as said
from campana.domain.disposition import Disposition
from campana.services import dispatch, flows, outcomes, reports, sent, sessions
from campana.services.claimed import Claimed, content_of
from campana.services.context import Context
from campana.services.intents import Send
from campana.services.sent import Answer
from campana.store import conversations, owners
from campana.store.channels import Channel
from campana.store.reports import Told
from tests.support import hearing
from tests.support.campaign import Scene, add_channel, launched
from tests.support.database import FixedClock
from tests.support.ledger import broken

OWNER = 1
MINUTE = timedelta(minutes=1)


def flow(nodes: Mapping[str, Any], **head: Any) -> dict[str, Any]:
    """A definition around these nodes."""
    return {"name": "Talk", **head, "nodes": {"begin": {"type": "start", "next": "a"}, **nodes}}


@dataclass(frozen=True, kw_only=True)
class Talk:
    """A launched campaign of one flow, and its channels by type."""

    scene: Scene
    channels: Mapping[ChannelType, Channel]
    clock: FixedClock
    flow_id: str

    async def claim(self, channel_type: ChannelType = ChannelType.SMS) -> list[Claimed]:
        """Everything that may be claimed on a channel now, written as about to be sent."""
        channel = self.channels[channel_type]
        claimed: list[Claimed] = []
        for group in await dispatch.ready(self.scene.engine, channel_ids=[channel.id]):
            async with self.scene.engine.db.transaction() as tx:
                await owners.promise(
                    tx, channel_id=channel.id, owner_id=OWNER, lines=10, trunk=None
                )
            claimed += await dispatch.claim(
                self.scene.engine,
                group=group,
                channel_type=channel_type,
                owner_id=OWNER,
                limit=10,
                send=Send(sender=None, is_call=channel_type is ChannelType.VOICE, ask_after=MINUTE),
            )
        return claimed

    async def accept(self, claimed: Sequence[Claimed]) -> None:
        """Their carrier has them."""
        answers = [
            Answer(intent=each, accepted=Accepted(ref="r"), ask_after=MINUTE) for each in claimed
        ]
        await sent.store_answers(self.scene.engine, answers, owner_id=OWNER)

    async def send(self, channel_type: ChannelType = ChannelType.SMS) -> list[str]:
        """What is said to people on a channel now, taken by its carrier."""
        claimed = await self.claim(channel_type)
        await self.accept(claimed)
        return [words(each) for each in claimed]

    async def refuse(self, claimed: Claimed, disposition: Disposition) -> None:
        """The carrier does not take it."""
        await outcomes.settle(
            self.scene.engine,
            attempt_id=claimed.attempt_id,
            disposition=disposition,
            reason=str(disposition),
        )

    async def report(
        self, claimed: Claimed, disposition: Disposition, *, key: str = "1", **more: str
    ) -> None:
        """The carrier tells the end of an attempt."""
        event = AttemptEvent(
            type=EventType.ENDED,
            at=self.clock.now(),
            detail={"disposition": str(disposition), "reason": str(disposition), **more},
        )
        report = Report(attempt_id=claimed.attempt_id, key=key, event=event)
        told = Told(
            channel_id=claimed.channel_id,
            attempt_id=report.attempt_id,
            key=report.key,
            event=report.event,
        )
        async with self.scene.engine.db.transaction() as tx:
            await reports.apply_told(tx, self.scene.engine, [told])

    async def reply(
        self,
        text: str,
        *,
        address: str,
        key: str,
        choice: str | None = None,
        channel_type: ChannelType = ChannelType.SMS,
    ) -> bool:
        """A person writes."""
        async with self.scene.engine.db.transaction() as tx:
            taken = await sessions.resume_by_reply(
                tx,
                self.scene.engine,
                workspace_id=self.scene.workspace_id,
                channel_id=self.channels[channel_type].id,
                channel_type=channel_type,
                address=address,
                key=key,
                text=text,
                choice=choice,
                at=self.clock.now(),
            )
        return taken is not None

    async def wrote(
        self, address: str, *, channel_type: ChannelType = ChannelType.WHATSAPP
    ) -> None:
        """The person wrote on a channel just now, of themselves."""
        await wrote(
            self.scene.engine,
            workspace_id=self.scene.workspace_id,
            channel_id=self.channels[channel_type].id,
            addresses=[address],
        )

    async def stop(self, address: str, *, channel_type: ChannelType = ChannelType.SMS) -> None:
        """The person answers STOP."""
        said = hearing.wrote("STOP", sender=address, key=f"stop {address}", at=self.clock.now())
        assert await hearing.hear(self.scene.engine, self.channels[channel_type], said) == 1

    async def timers(self) -> int:
        """Every wait whose time is up ends; returns how many that were."""
        count = 0
        while found := await sessions.resume_due(self.scene.engine):
            count += found
        return count

    async def targets(self) -> list[tuple[str, str | None]]:
        """State and disposition of each, in order; and the ledger is true."""
        found = await broken(self.scene.engine)
        assert found == [], found
        rows = await self.scene.rows(
            "select state, disposition from targets where campaign_id = %s order by id",
            self.scene.campaign_id,
        )
        return [(row[0], row[1]) for row in rows]


async def wrote(
    engine: Context, *, workspace_id: int, channel_id: str, addresses: Sequence[str]
) -> None:
    """These people wrote on a channel just now."""
    now = engine.clock.now()
    async with engine.db.transaction() as tx:
        for address in addresses:
            await conversations.open_for(
                tx,
                new_id=engine.new_id("conv"),
                workspace_id=workspace_id,
                channel_id=channel_id,
                address=address,
                contact_id=None,
                name=None,
                campaign_id=None,
                at=now,
                now=now,
            )


def words(claimed: Claimed) -> str:
    """What is said in an attempt."""
    return said(content_of(claimed))


async def published(web: Context, *, workspace_id: int, definition: Mapping[str, Any]) -> str:
    """The id of a new flow that campaigns may run."""
    made = await flows.create(web, workspace_id=workspace_id, raw={"definition": definition})
    await flows.publish(web, workspace_id=workspace_id, flow_id=made.id)
    return made.id


async def talking(
    engine: Context,
    web: Context,
    *,
    clock: FixedClock,
    workspace_id: int,
    definition: Mapping[str, Any],
    people: Sequence[NewContact] = (),
    channel_types: Sequence[ChannelType] = (ChannelType.SMS,),
    **document: Any,
) -> Talk:
    """A launched campaign of this flow on sandbox channels, the first its own."""
    channels: dict[ChannelType, Channel] = {}
    for channel_type in channel_types:
        channels[channel_type] = await add_channel(
            web,
            workspace_id=workspace_id,
            name=f"{channel_type} sandbox",
            kind="sandbox",
            channel_type=channel_type,
            config={"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"},
        )
    flow_id = await published(web, workspace_id=workspace_id, definition=definition)
    first, *others = channel_types
    scene = await launched(
        engine,
        web,
        workspace_id=workspace_id,
        people=people,
        channel=channels[first],
        **{
            "type": "Flow",
            "channelType": str(first),
            "voiceBot": None,
            "flow": {"id": flow_id},
            "channels": {str(each): channels[each].id for each in others},
            "window": {"always": True},
            **document,
        },
    )
    return Talk(scene=scene, channels=channels, clock=clock, flow_id=flow_id)
