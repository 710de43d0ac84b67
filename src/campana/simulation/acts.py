"""What people do on a bad day: stop campaigns and channels, lower limits, ask not to be contacted.

Each is done through the use case its button calls, and written down with the moment of its answer:
what it forbids must not happen after that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from campana.domain.errors import InvalidParameter, InvalidTransition
from campana.services import (
    campaigns,
    channel_pause,
    channels,
    consents,
    control,
    reopening,
    suppressions,
)
from campana.services.dispatch import SEND_DEADLINE
from campana.simulation.chance import Chance
from campana.simulation.evidence import Barred, Limits, Reopened, Stop
from campana.simulation.play import Stage
from campana.simulation.world import World
from campana.store import checks
from campana.store.suppressions import Scope

Act = Literal["pause", "pause_channel", "cancel", "end", "retry", "suppress", "take_back", "lower"]

_OFTEN: Sequence[Act] = ("pause", "suppress", "suppress", "take_back", "take_back", "retry", "end")
_RARE: Sequence[Act] = ("pause_channel", "lower", "cancel")
_TRIED_AGAIN = (
    *("busy", "no_answer", "congestion", "carrier_error", "hung_up", "invalid_number", "blocked"),
    *("unknown", "suppressed", "no_consent", "cancelled"),
)
_NEVER_AGAIN = ("declined", "completed")
_AFTERWARDS = 5
_ACTOR = "somebody"
_PATIENCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One of them: when, in seconds from the start, and what; a pause lasts for `span`."""

    at: float
    what: Act
    span: float
    is_sharp: bool
    """Not then, but when somebody is about to be contacted next."""


def drawn(chance: Chance, *, within: float) -> tuple[Planned, ...]:
    """Up to five in the first seconds of a day, in order; the sooner the more likely, for most of
    the contacts are made then. Sometimes one more later."""
    planned: list[Planned] = []
    for _ in range(chance.whole(0, 5)):
        what = chance.one_of(_RARE if chance.happens(0.2) else _OFTEN)
        at, span = within * chance.share() ** 3, chance.between(1, 120)
        planned.append(Planned(at=at, what=what, span=span, is_sharp=chance.happens(0.7)))
    if chance.happens(0.4):
        # When something has become of most of them.
        at = _AFTERWARDS * within * chance.share()
        planned.append(Planned(at=at, what="retry", span=0.0, is_sharp=False))
    return tuple(sorted(planned, key=lambda each: each.at))


@dataclass(slots=True, kw_only=True)
class Acts:
    """Does them, and keeps what follows from each."""

    world: World
    stage: Stage
    documents: Mapping[str, MutableMapping[str, Any]]
    """Of the campaigns, as they are changed."""
    addresses: Sequence[str]
    needing_consent: Sequence[str]
    """Campaigns."""
    chance: Chance
    limits: list[Limits]
    stops: list[Stop] = field(default_factory=list[Stop])
    barred: list[Barred] = field(default_factory=list[Barred])
    reopened: list[Reopened] = field(default_factory=list[Reopened])
    ends_since: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """Campaigns whose end date was set meanwhile, with the moment of the answer by the database's
    clock."""
    about: Sequence[str] = ()
    """Addresses that are about to be contacted, where that was waited for."""

    async def agree(self) -> None:
        """Most people agree to be contacted, some for a while, before anything begins."""
        for address in self.addresses:
            if self.chance.happens(0.2):
                self.barred += self._never(address, since=self.world.starts)
                continue
            days = self.chance.one_of([None, None, 0.003, 0.5])
            until = None if days is None else self.world.now() + timedelta(days=days)
            await self._say(address, is_granted=True, until=until)
            if until is not None:
                # What was decided before may leave until its deadline.
                late = until + SEND_DEADLINE
                self.barred += self._never(address, since=late, is_expiry=True)

    async def do(self, planned: Planned) -> None:
        """One of them, from its asking to the end of its consequences that has a time."""
        self.about = ()
        try:
            if planned.is_sharp:
                await self._next_intent()
            await self._do(planned)
        except InvalidTransition:
            # It was over already.
            return

    async def _next_intent(self) -> None:
        """Return a moment after somebody is claimed, when they may not have been contacted yet."""
        patience = self.world.now() + _PATIENCE
        while self.world.now() < patience:
            async with self.world.engine.db.read() as tx:
                self.about = await checks.about_to_be_contacted(
                    tx, since=self.world.now() - SEND_DEADLINE / 2
                )
            if self.about:
                break
            await self.world.agenda.hear(until=patience)
        await asyncio.sleep(self.chance.between(0.0, 0.1))

    async def _do(self, planned: Planned) -> None:
        match planned.what:
            case "pause":
                await self._pause(planned.span)
            case "pause_channel":
                await self._pause_channel(planned.span)
            case "cancel":
                await self._cancel()
            case "end":
                await self._end(planned.span)
            case "retry":
                await self._retry()
            case "suppress":
                await self._suppress()
            case "take_back":
                await self._take_back()
            case "lower":
                await self._lower()

    async def _pause(self, span: float) -> None:
        campaign_id = self._campaign()
        workspace_id = self.stage.workspace_id
        await control.pause(self.world.web, workspace_id=workspace_id, campaign_id=campaign_id)
        since = await self._sleep(span)
        self.stops.append(Stop(since=since, until=self.world.real_now(), campaign_id=campaign_id))
        await control.resume(self.world.web, workspace_id=workspace_id, campaign_id=campaign_id)

    async def _pause_channel(self, span: float) -> None:
        workspace_id, wanted = self.stage.workspace_id, self.stage.channel_id
        await channel_pause.pause(
            self.world.web, workspace_id=workspace_id, wanted=wanted, actor=_ACTOR
        )
        since = await self._sleep(span)
        self.stops.append(Stop(since=since, until=self.world.real_now(), campaign_id=None))
        await channel_pause.resume(
            self.world.web, workspace_id=workspace_id, wanted=wanted, actor=_ACTOR
        )

    async def _cancel(self) -> None:
        campaign_id = self._campaign()
        await control.cancel(
            self.world.web, workspace_id=self.stage.workspace_id, campaign_id=campaign_id
        )
        self.stops.append(Stop(since=self.world.real_now(), campaign_id=campaign_id))

    async def _end(self, span: float) -> None:
        """Its end date is a moment away: until then it goes on."""
        campaign_id = self._campaign()
        document = self.documents[campaign_id]
        if "endDate" in document or self.world.shift:
            # By a clock that was put back, what happened before it would have come after the end.
            return
        ends = self.world.now() + timedelta(seconds=span / self.chance.one_of([60, 240]))
        following = self.world.agenda.next_look("dispatch")
        if following is not None and self.chance.happens(0.7):
            # A moment after somebody could be claimed: in time, and maybe too late to leave.
            late = timedelta(seconds=self.chance.between(0.0, 0.6))
            ends = max(self.world.now(), following) + late
        await campaigns.change(
            self.world.web,
            workspace_id=self.stage.workspace_id,
            campaign_id=campaign_id,
            patch={"endDate": ends.isoformat()},
            version=None,
        )
        # What was claimed before may leave until the answer.
        document["endDate"] = max(ends, self.world.now()).isoformat()
        self.ends_since[campaign_id] = self.world.now()

    async def _retry(self) -> None:
        campaign_id, since = self._campaign(), self.world.real_now()
        outcomes = [each for each in _TRIED_AGAIN if self.chance.happens(0.7)]
        try:
            never = self.chance.one_of(_NEVER_AGAIN)
            found = await self._reopen(campaign_id, [*outcomes, never])
        except InvalidParameter:
            found = await self._reopen(campaign_id, outcomes)
        if found.counts:
            self.reopened.append(
                Reopened(
                    since=since,
                    until=self.world.real_now(),
                    campaign_id=campaign_id,
                    outcomes=frozenset(map(str, found.counts)),
                )
            )

    async def _reopen(self, campaign_id: str, outcomes: Sequence[str]) -> reopening.Reopened:
        return await reopening.retry(
            self.world.web,
            workspace_id=self.stage.workspace_id,
            campaign_id=campaign_id,
            outcomes=[Disposition(each) for each in outcomes],
            actor=_ACTOR,
        )

    async def _suppress(self) -> None:
        address = self._address()
        scope = self.chance.one_of(list(Scope))
        campaign_id = self._campaign() if scope is Scope.CAMPAIGN else None
        await suppressions.add(
            self.world.web,
            workspace_id=self.stage.workspace_id,
            address=spelled(address, self.chance),
            reason="asked for it",
            scope=scope,
            campaign_id=campaign_id,
            channel_type=ChannelType.VOICE if scope is Scope.CHANNEL else None,
        )
        since = self.world.real_now()
        self.barred.append(Barred(address=address, since=since, campaign_id=campaign_id))

    async def _take_back(self) -> None:
        address = self._address()
        await self._say(address, is_granted=False, until=None)
        self.barred += self._never(address, since=self.world.real_now())

    async def _lower(self) -> None:
        before = self.limits.pop()
        after = Limits(
            since=self.world.real_now(),
            rate=before.rate * self.chance.one_of([0.25, 1.0]),
            lines=self.chance.whole(1, before.lines),
        )
        self.limits.append(
            Limits(since=before.since, until=after.since, rate=before.rate, lines=before.lines)
        )
        await channels.change(
            self.world.web,
            workspace_id=self.stage.workspace_id,
            wanted=self.stage.channel_id,
            patch={"rate": after.rate, "lines": after.lines},
        )
        since = self.world.real_now()
        self.limits.append(Limits(since=since, rate=after.rate, lines=after.lines))

    async def _say(self, address: str, *, is_granted: bool, until: datetime | None) -> None:
        await consents.add(
            self.world.web,
            workspace_id=self.stage.workspace_id,
            address=spelled(address, self.chance),
            is_granted=is_granted,
            source="a form",
            wording="words",
            expires_at=until,
        )

    def _never(self, address: str, *, since: datetime, is_expiry: bool = False) -> list[Barred]:
        return [
            Barred(address=address, since=since, campaign_id=campaign_id, is_expiry=is_expiry)
            for campaign_id in self.needing_consent
        ]

    def _campaign(self) -> str:
        return self.chance.one_of(list(self.documents))

    def _address(self) -> str:
        """Of somebody; of those that are about to be contacted as a rule, where there are any."""
        is_about = self.about and self.chance.happens(0.8)
        return self.chance.one_of(self.about if is_about else self.addresses)

    async def _sleep(self, seconds: float) -> datetime:
        """Let some time pass; returns when that began."""
        since = self.world.real_now()
        await asyncio.sleep(seconds)
        return since


def spelled(number: str, chance: Chance) -> str:
    """A US number in one of the ways people write it."""
    area, exchange, line = number[2:5], number[5:8], number[8:]
    return chance.one_of(
        [
            number,
            f"({area}) {exchange}-{line}",
            f"{area}.{exchange}.{line}",
            f"1 {area} {exchange} {line}",
            f" +1-{area}-{exchange}-{line} ",
        ]
    )
