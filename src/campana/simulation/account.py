"""How a process reaches the simulated carrier: an account on it, and the wire in between.

What is on its way arrives also when its sender has died meanwhile; what the carrier tells is signed
and read as the sandbox's callbacks are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol
from uuid import UUID

import msgspec

from campana.carriers import sandbox
from campana.carriers.base import (
    Accepted,
    Callback,
    Carrier,
    CarrierError,
    CarrierKind,
    Heard,
    NotSent,
    Outbound,
    Patience,
    Report,
    Unknowable,
)
from campana.domain.disposition import Disposition
from campana.domain.ids import attempt_text
from campana.sandbox.fate import Fate, Happening
from campana.sandbox.provider import written_back
from campana.sandbox.wire import SIGNATURE, Said, Status, sign
from campana.simulation.carrier import SimulatedProvider

_SOON_SECONDS = 7.0


class Wire(Protocol):
    """What lies between a process and the carrier."""

    @property
    def name(self) -> str:
        """The process."""
        ...

    async def depart(self) -> float:
        """Something leaves; seconds it will travel. Does not return to the dead."""
        ...

    async def arrive(self) -> None:
        """An answer comes back. Does not return to the dead."""
        ...


Keep = Callable[[Sequence[Heard]], Awaitable[None]]


def kind(provider: SimulatedProvider, wire: Wire, keep: Callable[[str], Keep]) -> CarrierKind:
    """The sandbox's kind, whose accounts reach `provider` from one process."""

    def open_account(config: sandbox.Config) -> Carrier:
        return _Account(provider, config, wire=wire, keep=keep)

    return CarrierKind(
        kind=sandbox.KIND.kind,
        channel_types=sandbox.KIND.channel_types,
        config=sandbox.KIND.config,
        is_loopback_only=sandbox.KIND.is_loopback_only,
        senders=sandbox.KIND.senders,
        masked=sandbox.KIND.masked,
        open=open_account,
        plays_callers=sandbox.KIND.plays_callers,
    )


class _Account:
    """One channel's account in one process."""

    def __init__(
        self,
        provider: SimulatedProvider,
        config: sandbox.Config,
        *,
        wire: Wire,
        keep: Callable[[str], Keep],
    ) -> None:
        self._provider = provider
        self._config = config
        self._wire = wire
        self._keep = keep
        # The adapter as it is, for reading what the carrier says; it never connects.
        self._adapter = sandbox.Sandbox(config)

    @property
    def patience(self) -> Patience:
        return self._adapter.patience

    @property
    def most_at_once(self) -> int:
        return self._adapter.most_at_once

    async def send(self, outbound: Outbound) -> Accepted:
        seconds = await self._wire.depart()
        answer = self._provider.spawn(self._deliver(outbound, after=seconds))
        try:
            async with asyncio.timeout(self._config.timeout_seconds):
                met = await asyncio.shield(answer)
        except TimeoutError as error:
            await self._wire.arrive()
            raise CarrierError(Disposition.UNKNOWN, retryable=True, detail="no answer") from error
        await self._wire.arrive()
        return self._read(outbound, met)

    async def lookup(self, attempt_id: UUID) -> list[Report] | NotSent | Unknowable:
        try:
            await asyncio.sleep(await self._wire.depart())
        except CarrierError as error:
            return Unknowable(why=error.detail)
        await self._provider.attend(is_question=True)
        if self._provider.manners.is_mute:
            await self._wire.arrive()
            return Unknowable(why="cannot say")
        statuses = self._provider.lookup(attempt_id)
        await self._wire.arrive()
        if statuses is None:
            return NotSent()
        read = self.parse_callback(self._signed(msgspec.json.encode(statuses)))
        return [each for each in read if isinstance(each, Report)]

    def parse_callback(self, callback: Callback) -> list[Heard]:
        return self._adapter.parse_callback(callback)

    async def aclose(self) -> None:
        await self._adapter.aclose()

    async def _deliver(self, outbound: Outbound, *, after: float) -> Fate:
        """The send's way to the carrier, and the carrier's until it answers."""
        left = self._provider.now(), self._provider.shown()
        await asyncio.sleep(after)
        await self._provider.attend(is_question=False)
        met, taking = self._provider.receive(outbound, sender=self._wire.name, left=left)
        end = self._told_at_once(met)
        if taking is not None and end is None:
            keep = self._keep(outbound.callback_url.rpartition("/")[2])

            async def post(told: Status | list[Said]) -> None:
                await keep(self.parse_callback(self._signed(msgspec.json.encode(told))))

            self._provider.spawn(self._provider.tell(taking, post))
            for said in written_back(
                met,
                attempt=taking.attempt,
                to=outbound.to,
                sender=outbound.sender,
                taken_at=taking.taken_at,
            ):
                saying = partial(post, [said])
                self._provider.spawn(self._provider.insist(saying, after=met.says_after))
        await asyncio.sleep(met.reply_seconds if end is None else end.after)
        if met.fault in {"silent", "lost"}:
            await asyncio.sleep(self._config.timeout_seconds)
        return met

    def _read(self, outbound: Outbound, met: Fate) -> Accepted:
        match met.fault:
            case "garbage":
                raise CarrierError(
                    Disposition.UNKNOWN,
                    retryable=True,
                    detail="answered 200 with what nobody understands",
                )
            case "error" | "refuse" if not met.happenings:
                word = "internal" if met.fault == "error" else self._provider.plan.refusal
                disposition, retryable = sandbox.REFUSALS[word]
                raise CarrierError(disposition, retryable=retryable, detail=f"refused: {word}")
            case _:
                ref = f"sb-{attempt_text(outbound.attempt_id)}"
                return Accepted(ref=ref, reports=self._end(outbound, met))

    def _told_at_once(self, met: Fate) -> Happening | None:
        """The end, where the answer to the send tells it."""
        is_told = self._provider.manners.tells_ends_at_once and met.fault is None
        end = met.end if is_told else None
        return end if end is not None and end.after <= _SOON_SECONDS else None

    def _end(self, outbound: Outbound, met: Fate) -> tuple[Report, ...]:
        if self._told_at_once(met) is None:
            return ()
        # Without the time of the answer: ends that leave nothing to decide are told by carriers
        # that do not know it.
        end = msgspec.structs.replace(self._provider.end_of(outbound.attempt_id), answered_at=None)
        read = self.parse_callback(self._signed(msgspec.json.encode(end)))
        return tuple(each for each in read if isinstance(each, Report))

    def _signed(self, body: bytes) -> Callback:
        now = self._provider.now()
        return Callback(
            method="POST",
            headers={SIGNATURE: sign(self._config.secret, body, at=now)},
            body=body,
            received_at=now,
        )
