"""What a claim sends for the sessions of a flow. What comes of it is `flow_outcomes.py`.

A flow has no way to the network of its own. Its messages go out as attempts: claimed under the
campaign's and the channel's limits, asked about by the gate, owned and looked up like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec import structs

from campana.domain import gate
from campana.domain.campaign import CampaignState, ChannelType, Plan
from campana.domain.content import Content, Template, words
from campana.domain.disposition import Disposition
from campana.services import session_calls, session_places, sessions, threads
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.services.flow_content import content_of
from campana.services.session_places import Ground
from campana.services.variant_plans import Ways
from campana.store import decisions
from campana.store import sessions as store
from campana.store.conversations import Outgoing
from campana.store.db import Tx
from campana.store.due import Candidate, Group
from campana.store.sessions import Carried, Message, StoredSession

# What keeps a person from being contacted at all, on whatever channel.
_FOR_ALL = frozenset({"suppressed_workspace", "suppressed_campaign", "held_out"})


@dataclass(slots=True, kw_only=True)
class FlowClaim:
    """The sessions of one claim: which message each of its candidates sends."""

    tx: Tx
    context: Context
    group: Group
    plan: Plan
    ground: Ground
    channel_type: ChannelType
    ways: Ways
    """How each of its people is gone about, where the campaign tries several."""
    sessions: dict[int, StoredSession] = field(default_factory=dict[int, StoredSession])
    """By target."""
    messages: dict[int, Message] = field(default_factory=dict[int, Message])
    contents: dict[int, Content] = field(default_factory=dict[int, Content])

    async def dropped(self, candidate: Candidate, disposition: Disposition, *, why: str) -> bool:
        """The gate says never: the session goes on knowing it, on another channel perhaps.

        False when there is nothing more to try, and never was: whoever is suppressed on every
        channel is done, and with whoever is held out nothing begins, whatever else objects to them.
        Not every node sends: one that did anything to them would spoil the comparison.
        """
        stored = self.sessions.get(candidate.id)
        if why in _FOR_ALL or self.ways.held_out(candidate.contact_id):
            if stored is None:
                return False
            if stored.has_opted_out:
                disposition = Disposition.OPT_OUT
            now = self.context.clock.now()
            await session_places.finish_as(
                self.tx, stored, disposition=disposition, reason=why, now=now
            )
            return True
        stored = stored or await self._begin(candidate)
        if stored is None:
            return False
        head = await self._fitting(candidate, stored)
        if head is not None:
            now = self.context.clock.now()
            await decisions.skip(self.tx, target_id=candidate.id, reason=why, now=now)
            stored = await session_places.failed(
                self.tx, self.context, stored, head, disposition=disposition
            )
        await session_places.settle(self.tx, self.context, stored, self.ground)
        return True

    async def prepare(self, allowed: Sequence[Candidate]) -> list[Candidate]:
        """Those of them that have something to say here and now; sessions begin with it.

        The others stand where their sessions say, when this returns.
        """
        ready: list[Candidate] = []
        for candidate in allowed:
            stored = self.sessions.get(candidate.id) or await self._begin(candidate)
            if stored is None:
                continue
            head = await self._fitting(candidate, stored)
            if head is None:
                await session_places.settle(self.tx, self.context, stored, self.ground)
            elif await self._is_worded(candidate, stored, head):
                ready.append(candidate)
        return ready

    async def carry(self, claimed: Sequence[Claimed]) -> list[Claimed]:
        """The attempts just written, each with its message."""
        carrying = [
            structs.replace(each, message=self.messages[each.target_id]) for each in claimed
        ]
        await store.carry(
            self.tx,
            carried=[
                Carried(
                    attempt_id=each.attempt_id,
                    session_id=each.message.session_id,
                    number=each.message.number,
                )
                for each in carrying
                if each.message is not None
            ],
        )
        worded = [self._worded(each) for each in carrying]
        await threads.note_outbound(
            self.tx,
            self.context,
            workspace_id=self.group.workspace_id,
            channel_id=self.group.channel_id,
            campaign_id=self.group.campaign_id,
            outgoing=[
                Outgoing(
                    attempt_id=each.attempt_id,
                    address=each.address,
                    text=words(each.content),
                    contact_id=each.contact_id,
                )
                for each in worded
                if each.content is not None
            ],
            now=self.context.clock.now(),
        )
        return worded

    def _worded(self, claimed: Claimed) -> Claimed:
        """With what is said; a call speaks with the bot that the flow names."""
        if claimed.message is None:
            return claimed
        if claimed.message.kind != "call":
            return structs.replace(claimed, content=self.contents[claimed.target_id])
        if session_calls.is_talk(claimed.message):
            return structs.replace(claimed, plan=replace(claimed.plan, script=None))
        script = self.plan.scripts.get(str(claimed.message.content["bot"]))
        return structs.replace(claimed, plan=replace(claimed.plan, script=script))

    async def _is_worded(self, candidate: Candidate, stored: StoredSession, head: Message) -> bool:
        """Find the words for a message; where there are none the session goes on knowing it."""
        if head.kind == "call":
            barred_by = await store.barring_call(self.tx, session_id=stored.id)
            if barred_by is not None:
                # They said no, or may have been talked to: then only a person calls them again.
                stored = await session_places.failed(
                    self.tx, self.context, stored, head, disposition=barred_by
                )
                await session_places.settle(self.tx, self.context, stored, self.ground)
                return False
        else:
            replaced = self.ways.of(candidate.contact_id).templates
            content = await content_of(self.tx, head, stored, replaced=replaced)
            barred = None if content is None else self._barred(candidate, content)
            if content is None or barred is not None:
                why = barred.disposition if barred is not None else Disposition.UNDELIVERED
                if barred is not None:
                    now = self.context.clock.now()
                    await decisions.skip(
                        self.tx, target_id=candidate.id, reason=barred.why, now=now
                    )
                stored = await session_places.failed(
                    self.tx, self.context, stored, head, disposition=why
                )
                await session_places.settle(self.tx, self.context, stored, self.ground)
                return False
            self.contents[candidate.id] = content
        self.messages[candidate.id] = head
        return True

    def _barred(self, candidate: Candidate, content: Content) -> gate.Drop | None:
        """What keeps this from being sent: WhatsApp has its own rule on who may be told what.

        Anything but a template needs a person who wrote in the last 24 hours.
        """
        if self.channel_type is not ChannelType.WHATSAPP or isinstance(content, Template):
            return None
        return gate.free_form(candidate.wrote_at, self.context.clock.now())

    async def _begin(self, candidate: Candidate) -> StoredSession | None:
        own = self.ways.of(candidate.contact_id)
        pin = own.flow
        if pin is None:
            return None
        stored = await sessions.begin(
            self.tx,
            self.context,
            workspace_id=self.group.workspace_id,
            ground=self.ground,
            target_id=candidate.id,
            contact_id=candidate.contact_id,
            flow_id=pin.id,
            version=pin.version,
            params=dict(pin.params),
            begins_on=own.begins_on,
        )
        if stored is not None:
            self.sessions[candidate.id] = stored
        return stored

    async def _fitting(self, candidate: Candidate, stored: StoredSession) -> Message | None:
        """What the session sends next, if that goes out on this channel to this address."""
        head = (await store.heads(self.tx, session_ids=[stored.id])).get(stored.id)
        if head is None or head.channel_type != self.channel_type:
            return None
        place = await store.place(self.tx, target_id=candidate.id)
        if place is None:
            return None
        address = await session_places.address_of(self.tx, stored, place, self.channel_type)
        return head if address is not None and address == candidate.address else None


async def claiming(
    tx: Tx,
    context: Context,
    waiting: Sequence[Candidate],
    *,
    group: Group,
    plan: Plan,
    document: Mapping[str, Any],
    channel_type: str,
) -> tuple[FlowClaim | None, Sequence[Candidate]]:
    """What a claim of a flow's campaign needs, and whom of the waiting it may go on with.

    Whoever is being told something at this moment is left for the next claim. Without a flow
    everybody may.
    """
    if plan.flow is None:
        return None, waiting
    held, known = await store.lock_of_targets(tx, target_ids=[each.id for each in waiting])
    claim = FlowClaim(
        tx=tx,
        context=context,
        group=group,
        plan=plan,
        ground=Ground(
            campaign_id=group.campaign_id, state=CampaignState.RUNNING, document=document
        ),
        channel_type=ChannelType(channel_type),
        ways=Ways(plan, campaign_id=group.campaign_id),
        sessions=held,
    )
    return claim, [each for each in waiting if each.id in held or each.id not in known]


async def prepare(flow: FlowClaim | None, allowed: list[Candidate]) -> list[Candidate]:
    """Those that have something to say here and now: without a flow, everybody."""
    return allowed if flow is None else await flow.prepare(allowed)


async def carry(flow: FlowClaim | None, claimed: list[Claimed]) -> list[Claimed]:
    """The attempts just written, each with its flow's message, if there is a flow."""
    return claimed if flow is None else await flow.carry(claimed)
