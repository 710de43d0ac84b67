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
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from campana.carriers.base import VoiceCarrier
from campana.domain.attempt import AttemptEvent
from campana.domain.disposition import Disposition
from campana.domain.errors import Unavailable
from campana.domain.fairness import Turns
from campana.domain.ids import attempt_text
from campana.engine.ownership import Ownership
from campana.services import dispatch, outcomes
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.services.dispatch import SEND_DEADLINE
from campana.store import attempts, channels
from campana.store.attempts import CallFacts
from campana.store.channels import Channel
from campana.store.due import Group
from campana.voice.call import CallResult, run_call
from campana.voice.driver import LineLost, VoiceDriver
from campana.voice.speech import Speech

log = logging.getLogger(__name__)

AHEAD = timedelta(milliseconds=200)
"""How much of the near future a grant covers: with the claim's time within the send deadline."""

_CHANNELS_SECONDS = 1.0
_RETRY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class _Line:
    """A call in hand, and what ends it early."""

    task: asyncio.Task[None]
    stop: asyncio.Event


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
    ) -> None:
        """`salt` sets its turns apart from those of the workers beside it."""
        self._context = context
        self._carrier = carrier
        self._driver = driver
        self._speech = speech
        self._lines = lines
        self._channels: Mapping[str, Channel] = {}
        self._channels_until = 0.0
        self._turns = Turns(salt=salt)
        self._unused: dict[str, int] = {}
        self._calls: dict[UUID, _Line] = {}
        self.ownership = Ownership(context, in_hand=lambda: self._calls, serves=[carrier.kind])

    async def step(self) -> bool:
        """Claim one call and start it; False when there was none to start."""
        if self._driver.broken is not None:
            # No stack can be had in this process any more; a new one starts with a new stack.
            await self.drain(seconds=0)
            raise LineLost(self._driver.broken)
        if not self._may_start():
            return False
        groups = await dispatch.ready(self._context, channel_ids=list(await self._known()))
        # A channel that is at its limit holds back nobody on another.
        while (group := self._turns.choose(groups)) is not None:
            started = await self._serve(group, self._channels[group.channel_id])
            if started is not None:
                return started
            self._turns.give_back(group)
            groups = [other for other in groups if other.channel_id != group.channel_id]
        return False

    async def _serve(self, group: Group, channel: Channel) -> bool | None:
        """Grant, claim and start for one group; None when its channel has no budget now."""
        asked_at = time.monotonic()
        allowed = await dispatch.grant_ahead(
            self._context,
            channel_id=channel.id,
            owner_id=self.ownership.owner_id,
            wanted=1,
            unused=self._unused.pop(channel.id, 0),
            ahead=AHEAD,
        )
        if not allowed.sends:
            return None
        begun, now = time.monotonic(), self._context.clock.now()
        claimed = await dispatch.claim(
            self._context,
            group=group,
            channel_type=channel.channel_type,
            owner_id=self.ownership.owner_id,
            limit=allowed.sends,
            ahead=AHEAD,
        )
        self._unused[channel.id] = allowed.sends - len(claimed)
        for intent in claimed:
            own = begun + (intent.not_before - now).total_seconds()
            at = max(own, asked_at + allowed.first_after.total_seconds())
            stop = asyncio.Event()
            task = asyncio.create_task(self._call(intent, channel, begun=begun, at=at, stop=stop))
            self._calls[intent.attempt_id] = _Line(task=task, stop=stop)
            task.add_done_callback(lambda _, key=intent.attempt_id: self._calls.pop(key, None))
        return bool(claimed)

    async def obey(self) -> bool:
        """Hang up the calls somebody asked to end; a step of a loop of its own."""
        if self._calls:
            async with self._context.db.read() as tx:
                ordered = await attempts.hang_up_orders(tx, owner_id=self.ownership.owner_id)
            for attempt_id in ordered & self._calls.keys():
                self._calls[attempt_id].stop.set()
        return False

    async def drain(self, *, seconds: float) -> None:
        """Let calls in progress end by themselves for a while, then hang up the rest."""
        lines = list(self._calls.values())
        if lines:
            await asyncio.wait([line.task for line in lines], timeout=seconds)
            for line in lines:
                line.stop.set()
            await asyncio.gather(*(line.task for line in lines), return_exceptions=True)

    def _may_start(self) -> bool:
        return (
            self.ownership.is_held
            and len(self._calls) < self._lines
            and self._driver.free_lines > 0
            and self._context.clock.is_steady
        )

    async def _known(self) -> Mapping[str, Channel]:
        """Channels of this worker's kind, read again every second so that a change takes effect."""
        if time.monotonic() >= self._channels_until:
            async with self._context.db.read() as tx:
                found = await channels.of_kind(tx, kind=self._carrier.kind)
            self._channels = {
                channel.id: channel
                for channel in found
                if channel.is_loopback or not self._context.is_rehearsal
            }
            self._channels_until = time.monotonic() + _CHANNELS_SECONDS
        return self._channels

    async def _call(
        self,
        intent: Claimed,
        channel: Channel,
        *,
        begun: float,
        at: float,
        stop: asyncio.Event,
    ) -> None:
        """From a committed intent, which waits for its moment, to a settled attempt."""
        owner_id = self.ownership.owner_id
        deadline = begun + SEND_DEADLINE.total_seconds()

        def may_send() -> bool:
            return time.monotonic() < deadline and self.ownership.is_held

        script = intent.plan.script
        placement = self._carrier.placement(
            channel.config,
            attempt_id=intent.attempt_id,
            to=intent.address,
            caller_id=intent.plan.caller_id,
            may_send=may_send,
        )
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        began = may_send() and await self._begin(intent, owner_id, placement.caller_id)
        # The commit took its time: what is late is not sent, and that is certain.
        if script is None or not began or not may_send():
            await self._settle(
                intent, disposition=Disposition.NOT_SENT, reason="too late to be sent"
            )
            return
        events: asyncio.Queue[AttemptEvent | None] = asyncio.Queue()
        teller = asyncio.create_task(self._tell(intent.attempt_id, events))
        key = f"recordings/{intent.campaign_id}/{attempt_text(intent.attempt_id)}.wav"
        result: CallResult | None = None
        try:
            result = await run_call(
                self._driver,
                placement,
                script,
                intent.fields.as_text(),
                speech=self._speech,
                recording=self._context.blobs.path(key),
                clock=self._context.clock,
                emit=events.put_nowait,
                stop=stop,
            )
        except LineLost as lost:
            log.error("attempt %s: %s", intent.attempt_id, lost)
        except Exception:
            # A bug, after the network may have been touched: nobody knows, so nobody redials.
            log.exception("attempt %s failed in the middle", intent.attempt_id)
        events.put_nowait(None)
        await teller
        if result is None:
            await self._settle(intent, disposition=Disposition.UNKNOWN, reason="the line was lost")
        else:
            await self._settle(
                intent,
                disposition=self._carrier.disposition_of(result),
                reason=result.reason or result.end,
                result=result,
                recording_key=key if result.recording else None,
            )

    async def _begin(self, intent: Claimed, owner_id: int, from_number: str) -> bool:
        try:
            return await dispatch.begin_sending(
                self._context, claimed=intent, owner_id=owner_id, from_number=from_number
            )
        except Unavailable:
            return False

    async def _tell(self, attempt_id: UUID, events: asyncio.Queue[AttemptEvent | None]) -> None:
        """Store the call's events as they come, in order, for as long as it takes."""
        while (event := await events.get()) is not None:
            while True:
                try:
                    await outcomes.record(self._context, attempt_id=attempt_id, event=event)
                    break
                except Unavailable:
                    await asyncio.sleep(_RETRY_SECONDS)

    async def _settle(
        self,
        intent: Claimed,
        *,
        disposition: Disposition,
        reason: str,
        result: CallResult | None = None,
        recording_key: str | None = None,
    ) -> None:
        """Settle, however long the database is away: until then the attempt stays open, never
        lost."""
        facts = None
        if result is not None:
            facts = CallFacts(
                sip_status=result.status,
                talk_seconds=result.talk_seconds if result.answered_at else None,
                keys=result.keys,
                saved=result.saved,
                result=result.result,
                transcript=[
                    {"role": str(line.role), "text": line.text, "atMs": line.at_ms}
                    for line in result.transcript
                ],
                recording_key=recording_key,
            )
        while True:
            try:
                await outcomes.settle(
                    self._context,
                    attempt_id=intent.attempt_id,
                    disposition=disposition,
                    reason=reason,
                    facts=facts,
                    answered_at=result.answered_at if result else None,
                )
            except Unavailable:
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return
