"""The dispatcher of voice channels: claims a call, commits that it is about to be placed, places
it.

Owner and caller are one process, so no call is ever handed over. Voice has no look-up: what this
process may have placed when it died is `unknown`, what it had not marked as sending is due again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from campana.carriers.voice_carrier import VoiceCarrier
from campana.domain.disposition import Disposition
from campana.domain.errors import Unavailable
from campana.domain.script import Script
from campana.engine.beforehand import asked
from campana.engine.call_sound import sound_of
from campana.engine.choosing import Choosing
from campana.engine.conducted import dictation
from campana.engine.holding import Held, hold, settle
from campana.engine.lines import Lines
from campana.engine.ownership import Ownership
from campana.engine.reception import Reception
from campana.engine.registering import Registrar
from campana.services import channel_secrets, dispatch, granting
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.services.dispatch import SEND_DEADLINE
from campana.services.hearing import answering, hearing
from campana.services.secrets import Unreadable
from campana.services.session_calls import is_talk, listens
from campana.store import channels
from campana.store.channels import Channel
from campana.voice.detour import Detouring, NextWay
from campana.voice.dictated import Dictation
from campana.voice.driver import LineLost, Placement, Refused, VoiceDriver
from campana.voice.ears.hearing import Ears
from campana.voice.incoming import TakesCalls
from campana.voice.registering import Registers
from campana.voice.speech import Speech
from campana.voice.stalls import Stalls

log = logging.getLogger(__name__)

AHEAD = timedelta(milliseconds=200)
"""How much of the near future a grant covers: with the claim's time within the send deadline."""

_CHANNELS_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """An intent to call, and what its grant says: by which trunk, not before `at`, not after
    `deadline` (monotonic seconds)."""

    intent: Claimed
    channel: Channel
    trunk: str | None
    owner_id: int
    at: float
    deadline: float


class VoiceWorker:
    """One process's share of the calling. `step` starts at most one call."""

    def __init__(
        self,
        context: Context,
        *,
        carrier: VoiceCarrier,
        driver: VoiceDriver,
        speech: Speech,
        lines: int,
        salt: int | None = None,
        ears: Ears | None = None,
        door: TakesCalls | None = None,
        inbound_port: int = 0,
        registers: Registers | None = None,
    ) -> None:
        """`salt` sets its turns apart from those of the workers beside it; without `ears` bots
        hear keys only; calls are taken at the `door`, on `inbound_port`, where both are given;
        `registers` registers at the trunks that want it."""
        self._ears = ears
        self._context = context
        self._carrier = carrier
        self._driver = driver
        self._speech = speech
        self._stalls = Stalls(context.monotonic)
        self._channels: Mapping[str, Channel] = {}
        self._channels_until = 0.0
        self._choosing = Choosing(context, salt=salt)
        self.lines = Lines(most=lines)
        is_read = ears is not None and (ears.wordless is None or context.hearing_endpoint)
        serves = [carrier.kind, *([hearing(carrier.kind)] if is_read else [])]
        takes_calls = door is not None and inbound_port > 0
        serves += [answering(carrier.kind)] if takes_calls else []
        self.ownership = Ownership(context, in_hand=lambda: self.lines, serves=serves)
        self._reception: Reception | None = None
        self._registrar: Registrar | None = None
        if registers is not None:
            self._registrar = Registrar(
                context,
                carrier=carrier,
                driver=registers,
                channels=self.channels,
                ownership=self.ownership,
                has_door=self._has_door if takes_calls else None,
            )
        if door is not None and inbound_port > 0:
            self._reception = Reception(
                context,
                carrier=carrier,
                driver=door,
                channels=self.channels,
                ownership=self.ownership,
                lines=self.lines,
                speech=speech,
                port=inbound_port,
                ears=ears,
                trunk_of=self._registrar.trunk_of if self._registrar is not None else None,
            )

    def _has_door(self) -> bool:
        return self._reception is not None and self._reception.has_door

    async def step(self) -> bool:
        """Claim one call and start it; False when there was none to start."""
        if self._driver.broken is not None:
            # No stack can be had in this process any more; a new one starts with a new stack.
            await self.drain(seconds=0)
            raise LineLost(self._driver.broken)
        if not self._may_start():
            return False
        channels = await self.channels()
        await self._choosing.look(channels)
        # A channel that is at its limit holds back nobody on another.
        for channel_id in self._choosing.channels(channels):
            if await self._serve(channels[channel_id]):
                return True
        return False

    async def _serve(self, channel: Channel) -> bool:
        """Get a grant on a channel, and claim and start a call; False when nothing came of it."""
        owner_id = self.ownership.owner_id
        allowed = await granting.grant_ahead(
            self._context, channel_id=channel.id, owner_id=owner_id, wanted=1, ahead=AHEAD
        )
        if not allowed.sends:
            return False
        claimed: list[Claimed] = []
        group = self._choosing.next(channel.id)
        if group is not None:
            begun, now = time.monotonic(), self._context.clock.now()
            claimed = await dispatch.claim(
                self._context,
                group=group,
                channel_type=channel.channel_type,
                owner_id=owner_id,
                limit=1,
                ahead=AHEAD,
                callers=self._carrier.caller_ids(channel.config),
            )
            self._choosing.had(group, sends=len(claimed))
            for intent in claimed:
                own = begun + (intent.not_before - now).total_seconds()
                at = max(own, *allowed.moments)
                self._start(
                    _Given(
                        intent=intent,
                        channel=channel,
                        trunk=allowed.trunk,
                        owner_id=owner_id,
                        at=at,
                        deadline=begun + SEND_DEADLINE.total_seconds(),
                    )
                )
        if not claimed:
            await granting.give_back(
                self._context, channel_id=channel.id, owner_id=owner_id, sends=1, allowed=allowed
            )
        return bool(claimed)

    def _start(self, given: _Given) -> None:
        self.lines.begin(given.intent.attempt_id, partial(self._call, given))

    async def receive(self) -> bool:
        """Keep the door that calls come in by, if there is one; a step of a loop of its own."""
        return await self._reception.step() if self._reception is not None else False

    async def register(self) -> bool:
        """Register at trunks that want it and nobody else registers at; a step of a loop."""
        return await self._registrar.step() if self._registrar is not None else False

    async def obey(self) -> bool:
        """Hang up the calls somebody asked to end; a step of a loop of its own."""
        await self.lines.obey(self._context, owner_id=self.ownership.owner_id)
        return False

    async def drain(self, *, seconds: float) -> None:
        """Take no more calls, let those in progress end by themselves for a while, then hang up the
        rest."""
        if self._registrar is not None:
            await self._registrar.aclose()
        if self._reception is not None:
            await self._reception.aclose()
        await self.lines.drain(seconds=seconds)

    def _may_start(self) -> bool:
        return (
            self.ownership.is_held
            and self.lines.has_room
            and self._driver.free_lines > 0
            and self._context.clock.is_steady
        )

    async def channels(self) -> Mapping[str, Channel]:
        """Channels of this worker's kind, read again every second so that a change takes effect."""
        if time.monotonic() >= self._channels_until:
            async with self._context.db.read() as tx:
                found = await channels.of_kind(tx, kind=self._carrier.kind)
            self._channels = {
                channel.id: opened
                for channel in found
                if channel.is_loopback or not self._context.is_rehearsal
                if (opened := self._opened(channel)) is not None
            }
            self._channels_until = time.monotonic() + _CHANNELS_SECONDS
        return self._channels

    def _opened(self, channel: Channel) -> Channel | None:
        """With its secrets as the trunks want them; None while they cannot be had."""
        kind = self._context.carriers[channel.kind]
        try:
            config = channel_secrets.opened(self._context.secrets, kind, channel.config)
        except Unreadable:
            log.error("channel %s: its secrets were sealed with another key", channel.id)
            return None
        return replace(channel, config=config)

    async def _call(self, given: _Given, stop: asyncio.Event) -> None:
        """From a committed intent, which waits for its moment, to a settled attempt."""
        intent = given.intent
        placement = self._placement(given)
        script = self._script(intent)
        # Asked before its moment: nothing else stands between "is it late?" and the call.
        known = await asked(self._context, intent, given.channel, script)
        await asyncio.sleep(max(0.0, given.at - time.monotonic()))
        began = placement.may_send() and await self._begin(intent, given, placement.caller_id)
        # The commit took its time: what is late is not sent, and that is certain.
        if script is None or not began or not placement.may_send():
            await settle(
                self._context,
                intent.attempt_id,
                disposition=Disposition.NOT_SENT,
                reason="too late to be sent",
            )
            return
        sound = sound_of(
            self._context,
            script if isinstance(script, Script) else None,
            workspace_id=intent.workspace_id,
            speech=self._speech,
            ears=self._ears,
            stalls=self._stalls,
        )
        held = Held(
            attempt_id=intent.attempt_id,
            campaign_id=intent.campaign_id,
            line=Detouring(self._driver, next_way=self._detours(given)),
            placement=placement,
            script=script,
            sound=sound,
            known=known,
            own_script=intent.plan.script,
            fields=intent.fields.as_text(),
        )
        await hold(self._context, held, stop=stop, disposition_of=self._carrier.disposition_of)

    def _script(self, intent: Claimed) -> Script | Dictation | None:
        """What is said: a bot's script, or what its flow says step by step."""
        if intent.message is None or not is_talk(intent.message):
            return intent.plan.script
        return dictation(
            self._context,
            attempt_id=intent.attempt_id,
            opening=intent.message.content["text"],
            listens=listens(intent.message),
        )

    def _placement(self, given: _Given) -> Placement:
        def may_send() -> bool:
            return time.monotonic() < given.deadline and self.ownership.is_held

        return self._carrier.placement(
            given.channel.config,
            attempt_id=given.intent.attempt_id,
            to=given.intent.address,
            caller_id=given.intent.caller_id,
            may_send=may_send,
            trunk=given.trunk,
        )

    def _detours(self, given: _Given) -> NextWay:
        """How one call finds another trunk when its own turns it away."""
        tried = {given.trunk} if given.trunk else set[str]()

        async def next_way(refused: Refused) -> Placement | None:
            if not self._carrier.passes_on(refused.status):
                return None
            begun = time.monotonic()
            try:
                found = await granting.other_trunk(
                    self._context,
                    claimed=given.intent,
                    owner_id=self.ownership.owner_id,
                    tried=tried,
                    ahead=AHEAD,
                )
            except Unavailable:
                return None
            if found is None:
                return None
            tried.add(found.trunk)
            await asyncio.sleep(max(0.0, begun + found.after.total_seconds() - time.monotonic()))
            deadline = begun + SEND_DEADLINE.total_seconds()
            return self._placement(replace(given, trunk=found.trunk, deadline=deadline))

        return next_way

    async def _begin(self, intent: Claimed, given: _Given, from_number: str) -> bool:
        try:
            return await dispatch.begin_sending(
                self._context, claimed=intent, owner_id=given.owner_id, from_number=from_number
            )
        except Unavailable:
            return False
