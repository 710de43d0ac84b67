"""Asks carriers what became of attempts nobody here can know about (`services/inquiries.py`)."""

from __future__ import annotations

import asyncio

from campana.engine.accounts import Account, Accounts
from campana.services import inquiries
from campana.services.context import Context
from campana.store.attempts import Attempt

_AT_ONCE = 50


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
        answer = await account.carrier.lookup(attempt.id)
        await inquiries.conclude(self._context, attempt, answer, patience=account.carrier.patience)
