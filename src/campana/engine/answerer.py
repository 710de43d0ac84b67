"""Sends what waits in conversations: answers of people, and those to STOP, START and HELP.

Apart from the dispatcher, because nothing here waits for a campaign's turn, window or cadence; what
both share is the channel's pace and the order of commits.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from uuid import UUID

from campana.carriers.base import Accepted, CarrierError, Outbound
from campana.domain.disposition import Disposition
from campana.domain.ids import attempt_text
from campana.engine.accounts import Account, Accounts
from campana.engine.enduring import until_stored
from campana.engine.ownership import Ownership
from campana.engine.resting import Resting
from campana.services import answered, answering, granting, inquiries, outcomes, stored_content
from campana.services.answering import Answerable
from campana.services.context import Context
from campana.services.dispatch import SEND_DEADLINE

log = logging.getLogger(__name__)

_AT_ONCE = 20


class Answerer:
    """One process's share. Any number may run side by side: each claims messages of its own."""

    def __init__(self, context: Context, *, accounts: Accounts, public_url: str) -> None:
        """`public_url` is where carriers reach our web processes, without a slash at its end."""
        self._context = context
        self._accounts = accounts
        self._public_url = public_url
        self._resting = Resting(monotonic=context.monotonic)
        self._sends: dict[UUID, asyncio.Task[None]] = {}
        self._is_draining = False
        self.ownership = Ownership(context, in_hand=lambda: self._sends)

    async def step(self) -> bool:
        """Start what may be sent now; False when there was nothing."""
        if not self._may_start():
            return False
        accounts = await self._accounts.known()
        ready = [channel_id for channel_id in accounts if not self._resting.is_on(channel_id)]
        started = 0
        for channel_id in await answering.waiting(self._context, channel_ids=ready):
            started += await self._serve(accounts[channel_id])
        return started > 0

    async def drain(self, *, seconds: float) -> None:
        """Begin nothing more; wait for sends under way to be answered and written down."""
        self._is_draining = True
        if self._sends:
            await asyncio.wait(self._sends.values(), timeout=seconds)
        for task in list(self._sends.values()):
            task.cancel()
        await asyncio.gather(*self._sends.values(), return_exceptions=True)

    def _may_start(self) -> bool:
        return (
            self.ownership.is_held
            and not self._is_draining
            and len(self._sends) < _AT_ONCE
            and self._context.clock.is_steady
        )

    async def _serve(self, account: Account) -> int:
        channel_id, owner_id = account.channel.id, self.ownership.owner_id
        granted = await granting.grant_ahead(
            self._context,
            channel_id=channel_id,
            owner_id=owner_id,
            wanted=_AT_ONCE - len(self._sends),
            ahead=timedelta(0),
        )
        if not granted.sends:
            return 0
        begun = self._context.monotonic()
        claimed = await answering.claim(
            self._context,
            channel_id=channel_id,
            owner_id=owner_id,
            limit=granted.sends,
            ask_after=account.carrier.patience.ask_after,
        )
        if unused := granted.sends - len(claimed):
            await granting.give_back(
                self._context,
                channel_id=channel_id,
                owner_id=owner_id,
                sends=unused,
                allowed=granted,
            )
        deadline = begun + SEND_DEADLINE.total_seconds()
        for each in claimed:
            task = asyncio.create_task(self._send(each, account, owner_id, deadline))
            self._sends[each.attempt_id] = task
            task.add_done_callback(lambda _, each=each: self._sends.pop(each.attempt_id, None))
        return len(claimed)

    async def _send(
        self, message: Answerable, account: Account, owner_id: int, deadline: float
    ) -> None:
        def may_go() -> bool:
            return (
                self._context.monotonic() < deadline
                and self.ownership.is_held
                and self.ownership.owner_id == owner_id
            )

        if not may_go():
            await self._settle(message, Disposition.NOT_SENT, "too late to be sent")
            return
        outbound = Outbound(
            attempt_id=message.attempt_id,
            channel_type=message.channel_type,
            to=message.address,
            sender=account.sender,
            content=stored_content.content_of(message.template, text=message.text),
            callback_url=f"{self._public_url}/callbacks/{message.channel_id}",
            may_send=may_go,
        )
        try:
            accepted = await account.carrier.send(outbound)
        except CarrierError as error:
            await self._failed(message, account, error)
        except Exception:
            # A bug, after the network may have been touched: nobody knows, so somebody asks.
            log.exception("attempt %s failed in the middle", message.attempt_id)
            await self._doubt(message)
        else:
            await self._accept(message, account, accepted)

    async def _failed(self, message: Answerable, account: Account, error: CarrierError) -> None:
        attempt = attempt_text(message.attempt_id)
        log.info("%s on channel %s: %s", attempt, account.channel.id, error.detail)
        if error.retryable:
            self._resting.failed(account.channel.id, at_least=error.retry_after)
        if error.disposition is Disposition.UNKNOWN:
            await self._doubt(message)
        else:
            await self._settle(message, error.disposition, error.detail)

    async def _accept(self, message: Answerable, account: Account, accepted: Accepted) -> None:
        ask_at = self._context.clock.now() + account.carrier.patience.ask_after
        self._resting.succeeded(account.channel.id)
        await until_stored(
            lambda: answered.accept(
                self._context,
                attempt_id=message.attempt_id,
                channel_id=message.channel_id,
                accepted=accepted,
                ask_at=ask_at,
            )
        )

    async def _doubt(self, message: Answerable) -> None:
        await until_stored(
            lambda: inquiries.open_doubt(self._context, attempt_id=message.attempt_id)
        )

    async def _settle(self, message: Answerable, disposition: Disposition, reason: str) -> None:
        await until_stored(
            lambda: outcomes.settle(
                self._context,
                attempt_id=message.attempt_id,
                disposition=disposition,
                reason=reason,
            )
        )
