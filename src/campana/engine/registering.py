"""Registers at the trunks that want it: of all voice workers, one at each trunk.

Who registers holds a lease in the database. It is kept while the worker moves, and is another's
when the worker stands still, or at once when its owner's lock is gone: so however a worker ends,
another has registered within seconds. A trunk whose calls come in is registered by the worker of a
machine that has the door, for that is where they are sent.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from campana.carriers.voice_carrier import VoiceCarrier
from campana.domain.errors import Unavailable
from campana.domain.registration import Registration, RegistrationState, state_of_failure
from campana.engine.ownership import Ownership
from campana.services.context import Context
from campana.store import registrations
from campana.store.channels import Channel
from campana.voice.driver import Unreachable
from campana.voice.registering import Account, Registered, Registers, Told

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=15)
"""How long a worker that stands still keeps others away."""
_LEASE_SECONDS = LEASE.total_seconds()
_RENEWED_SECONDS = 4.0
_AGAIN_SECONDS = 30.0
"""After the stack took no account at all, as when a name has no address."""

Key = tuple[int, str]
"""A workspace and a trunk: two channels of one workspace share a registration, workspaces none."""


@dataclass(slots=True)
class _Held:
    account: Account
    token: str
    owner_id: int
    by: Registered | None = None
    untold: list[Registration] = field(default_factory=list[Registration])
    again_at: float = 0.0
    until: float = 0.0
    """When the lease lapses, as far as this worker knows (monotonic seconds)."""


class Registrar:
    """One worker's share. `step` takes leases, keeps them, and registers where it has one."""

    def __init__(
        self,
        context: Context,
        *,
        carrier: VoiceCarrier,
        driver: Registers,
        channels: Callable[[], Awaitable[Mapping[str, Channel]]],
        ownership: Ownership,
        has_door: Callable[[], bool] | None,
    ) -> None:
        """`has_door` says whether calls come in here; None where this worker never takes any."""
        self._context = context
        self._carrier = carrier
        self._driver = driver
        self._channels = channels
        self._ownership = ownership
        self._has_door = has_door
        self._held: dict[Key, _Held] = {}
        self._renewed_at = -_RENEWED_SECONDS
        self._is_closed = False
        self._turn = asyncio.Lock()

    def trunk_of(self, token: str) -> Key | None:
        """The workspace and the trunk that call us by this name."""
        return next((key for key, held in self._held.items() if held.token == token), None)

    async def step(self) -> bool:
        """Look what is to be registered here, and tell what came of it."""
        async with self._turn:
            await self._step()
        return False

    async def _step(self) -> None:
        # First, as the database may be away for us alone: another has registered by then.
        for key in [k for k, h in self._held.items() if self._context.monotonic() > h.until]:
            log.warning("the lease on the registration at %s has lapsed", key[1])
            await self._end(key)
        if self._is_closed or not self._ownership.is_held:
            return
        wanted = await self._wanted()
        for key in [key for key, held in self._held.items() if wanted.get(key) != held.account]:
            # Its password may have been mended: what the trunk said of the old one is over.
            await self._let_go(key)
        if (now := self._context.monotonic()) >= self._renewed_at + _RENEWED_SECONDS:
            self._renewed_at = now
            for key, account in wanted.items():
                await self._hold(key, account)
        for key, held in list(self._held.items()):
            if held.by is None and now >= held.again_at:
                await self._begin(held)
            await self._tell(key, held)

    async def aclose(self) -> None:
        """Take back what is registered here."""
        async with self._turn:
            self._is_closed = True
            try:
                await asyncio.gather(*(self._let_go(key) for key in list(self._held)))
            except Unavailable as error:
                # The lease ends with the owner's lock: who comes next waits for nothing else.
                log.warning("a registration was taken back and is still on record: %s", error)

    async def _wanted(self) -> dict[Key, Account]:
        found: dict[Key, Account] = {}
        for channel in (await self._channels()).values():
            for each in self._carrier.registrations(channel.config):
                if each.takes_calls and self._has_door is not None and not self._has_door():
                    continue
                found.setdefault((channel.workspace_id, each.trunk), each)
        return found

    async def _hold(self, key: Key, account: Account) -> None:
        held, now = self._held.get(key), self._context.clock.now()
        owner_id, asked = self._ownership.owner_id, self._context.monotonic()
        async with self._context.db.transaction() as tx:
            token = await registrations.hold(
                tx,
                workspace_id=key[0],
                trunk=key[1],
                token=secrets.token_hex(12),
                owner_id=owner_id,
                until=now + LEASE,
                now=now,
            )
        if token is None:
            if held is not None:
                log.warning("another worker registers at %s now", key[1])
                await self._end(key)
        elif held is None:
            self._held[key] = _Held(
                account=account, token=token, owner_id=owner_id, until=asked + _LEASE_SECONDS
            )
        else:
            held.owner_id, held.until = owner_id, asked + _LEASE_SECONDS

    async def _begin(self, held: _Held) -> None:
        account = held.account
        takes = account.takes_calls and self._has_door is not None

        def told(what: Told) -> None:
            held.untold.append(self._registration(account, what))

        try:
            held.by = await self._driver.register(
                account, token=held.token if takes else None, on_told=told
            )
        except Unreachable as error:
            told(Told(is_registered=False, reason=error.message))
            held.again_at = self._context.monotonic() + _AGAIN_SECONDS

    def _registration(self, account: Account, told: Told) -> Registration:
        now = self._context.clock.now()
        if told.is_registered:
            log.info("registered at %s", account.trunk)
            return Registration(
                trunk=account.trunk,
                state=RegistrationState.REGISTERED,
                told_at=now,
                registered_until=now + timedelta(seconds=account.seconds),
            )
        log.warning(
            "not registered at %s: %s %s", account.trunk, told.status or "no answer", told.reason
        )
        return Registration(
            trunk=account.trunk,
            state=state_of_failure(told.status),
            told_at=now,
            status=told.status,
            reason=told.reason or None,
        )

    async def _tell(self, key: Key, held: _Held) -> None:
        if not held.untold:
            return
        newest = held.untold[-1]
        async with self._context.db.transaction() as tx:
            await registrations.tell(
                tx, workspace_id=key[0], owner_id=held.owner_id, told=newest, now=newest.told_at
            )
        del held.untold[: held.untold.index(newest) + 1]

    async def _let_go(self, key: Key) -> None:
        held = await self._end(key)
        async with self._context.db.transaction() as tx:
            await registrations.release(
                tx,
                workspace_id=key[0],
                trunk=key[1],
                owner_id=held.owner_id,
                now=self._context.clock.now(),
            )
        # Held anew at the next step, if it is still wanted.
        self._renewed_at = -_RENEWED_SECONDS

    async def _end(self, key: Key) -> _Held:
        held = self._held.pop(key)
        if held.by is not None:
            await held.by.end()
        return held
