"""Asks carriers what became of attempts nobody here can know about (`services/inquiries.py`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

from campana.carriers.base import Carrier, Listener, NotSent, Report, Unknowable
from campana.engine.accounts import Account, Accounts
from campana.services import inquiries
from campana.services.context import Context
from campana.store.attempts import Attempt

_AT_ONCE = 50
_PROMPT_SECONDS = 1.0
_CONFIRM_SECONDS = 1.0


class Inquirer:
    """Any number of work processes may ask side by side, each about attempts of its own."""

    def __init__(self, context: Context, *, accounts: Accounts) -> None:
        self._context = context
        self._accounts = accounts

    async def step(self) -> bool:
        """Ask about some attempts and act on the answers; False when there were none."""
        accounts = await self._accounts.known()
        if not accounts:
            return False
        doubtful = await inquiries.due(self._context, channel_ids=list(accounts), limit=_AT_ONCE)
        await asyncio.gather(*(self._ask(each, accounts[each.channel_id]) for each in doubtful))
        return bool(doubtful)

    async def _ask(self, attempt: Attempt, account: Account) -> None:
        answer = await self._answer(account.carrier, attempt.id)
        await inquiries.conclude(self._context, attempt, answer, patience=account.carrier.patience)

    async def _answer(
        self, carrier: Carrier, attempt_id: UUID
    ) -> Sequence[Report] | NotSent | Unknowable:
        if isinstance(carrier, Listener):
            refs = await inquiries.refs_of(self._context, attempt_id=attempt_id)
            if refs:
                now = self._context.clock.now()
                return await carrier.lookup_named(attempt_id, refs, now=now)
        return await _believable(carrier, attempt_id, monotonic=self._context.monotonic)


async def _believable(
    carrier: Carrier, attempt_id: UUID, *, monotonic: Callable[[], float]
) -> Sequence[Report] | NotSent | Unknowable:
    """What the carrier says of it. "Never heard of it" counts only from a carrier that answers
    promptly, and twice.

    One that was stuck, or is slow, may have the send in a queue that it has not looked at yet, and
    dial the person as soon as it does.
    """
    for pause in (0.0, _CONFIRM_SECONDS):
        await asyncio.sleep(pause)
        asked_at = monotonic()
        answer = await carrier.lookup(attempt_id)
        if not isinstance(answer, NotSent):
            return answer
        if monotonic() - asked_at > _PROMPT_SECONDS:
            return Unknowable(why="never heard of it, and too slow to be believed")
    return NotSent()
