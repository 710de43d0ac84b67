"""A running campaign in one line: a channel, a list of named people, a bot that asks for a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from campana.domain.address import AddressKind
from campana.domain.caller_id import CallerIds
from campana.domain.contact import ContactAddress, NewContact
from campana.services import campaigns, control, dispatch, targets
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.services.intents import Send
from campana.store import channels, contacts, lists
from campana.store.channels import Channel

ANA, BRUNO, CARLA = "+12125550101", "+13105550102", "+13125550103"
ZONES = {ANA: "America/New_York", BRUNO: "America/Los_Angeles", CARLA: "America/Chicago"}
NAMES = {ANA: "Ana", BRUNO: "Bruno", CARLA: "Carla"}

BOT: Mapping[str, Any] = {
    "greeting": "Hello {{ contact.first_name }}.",
    "steps": [
        {"type": "ask", "id": "q", "text": "Press one.", "keys": {"1": "yes"}},
        {"type": "end", "id": "yes", "text": "Goodbye.", "result": "confirmed"},
    ],
}


def person(phone: str, *, country: str = "US", **changes: Any) -> NewContact:
    """A contact with full defaults."""
    contact = NewContact(
        external_id=None,
        first_name=NAMES.get(phone, "Dana"),
        last_name=None,
        time_zone=None,
        language=None,
        attributes={},
        addresses=(ContactAddress(kind=AddressKind.PHONE, value=phone, country=country),),
        zones=(ZONES.get(phone, "America/New_York"),),
    )
    return replace(contact, **changes)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A launched, enrolled campaign and what it stands on."""

    engine: Context
    web: Context
    workspace_id: int
    channel: Channel
    campaign_id: str
    document: Mapping[str, Any] = field(default_factory=dict[str, Any])

    async def claim(
        self,
        *,
        owner_id: int = 1,
        limit: int = 10,
        send: Send | None = None,
        callers: CallerIds | None = None,
    ) -> list[Claimed]:
        """Everything that may be claimed now, group by group."""
        claimed: list[Claimed] = []
        for group in await dispatch.ready(self.engine, channel_ids=[self.channel.id]):
            claimed += await dispatch.claim(
                self.engine,
                group=group,
                channel_type=self.channel.channel_type,
                owner_id=owner_id,
                limit=limit,
                send=send,
                callers=callers,
            )
        return claimed

    async def rows(self, query: str, *values: object) -> list[Any]:
        """A look at the database, seeing everything."""
        async with self.engine.db.read() as tx:
            return await (await tx.execute(query, values)).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]


async def add_channel(context: Context, *, workspace_id: int, **changes: Any) -> Channel:
    """A SIP channel on loopback."""
    channel = Channel(
        id=context.new_id("chan"),
        workspace_id=workspace_id,
        name="exchange",
        kind="voice_sip",
        channel_type="Voice",
        config={
            "trunks": [{"host": "127.0.0.1", "port": 5060}],
            "callerIds": ["+12025550100"],
        },
        is_loopback=True,
        rate=100.0,
        burst=10,
        lines=50,
        created_at=context.clock.now(),
    )
    channel = replace(channel, **changes)
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        await channels.insert(tx, channel=channel)
    return channel


async def add_list(
    context: Context, *, workspace_id: int, people: Sequence[NewContact], name: str = "people"
) -> str:
    """A list of these people."""
    list_id = context.new_id("list")
    now = context.clock.now()
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        await lists.insert(
            tx,
            list_id=list_id,
            workspace_id=workspace_id,
            name=name,
            default_country="US",
            now=now,
        )
        ids = await contacts.insert(
            tx, workspace_id=workspace_id, list_id=list_id, contacts=people, now=now
        )
        await contacts.set_addresses(
            tx,
            workspace_id=workspace_id,
            list_id=list_id,
            contacts=dict(zip(ids, people, strict=True)),
        )
    return list_id


async def launched(
    engine: Context,
    web: Context,
    *,
    workspace_id: int,
    people: Sequence[NewContact] = (),
    channel: Channel | None = None,
    **document: Any,
) -> Scene:
    """Draft, launch and enroll a campaign of Ana, Bruno and Carla unless told otherwise."""
    channel = channel or await add_channel(web, workspace_id=workspace_id)
    people = people or [person(ANA), person(BRUNO), person(CARLA)]
    list_id = await add_list(
        web, workspace_id=workspace_id, people=people, name=web.new_id("people")
    )
    written = {
        "name": "Reminder",
        "type": "VoiceBot",
        "channelType": "Voice",
        "contactList": list_id,
        "channel": channel.id,
        "voiceBot": BOT,
        **document,
    }
    campaign = await campaigns.create(web, workspace_id=workspace_id, raw=written)
    await control.launch(web, workspace_id=workspace_id, campaign_id=campaign.id)
    await targets.enroll(engine, campaign_id=campaign.id)
    return Scene(
        engine=engine,
        web=web,
        workspace_id=workspace_id,
        channel=channel,
        campaign_id=campaign.id,
        document=written,
    )
