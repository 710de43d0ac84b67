"""From which of a channel's numbers each call goes, decided and counted in its claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from campana.domain.caller_id import CallerIds
from campana.domain.pacing import quota_day, quota_resets_at
from campana.services import channel_secrets
from campana.services.context import Context
from campana.store import caller_ids, due
from campana.store.channels import Channel
from campana.store.db import Tx
from campana.store.due import Candidate, Deferral

USED_UP = "caller_ids_used_up"
"""Why a person is put off until the next day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One of a channel's numbers today."""

    number: str
    calls: int
    is_used_up: bool


async def within_limits(
    tx: Tx,
    allowed: Sequence[Candidate],
    *,
    workspace_id: int,
    pool: CallerIds | None,
    now: datetime,
) -> tuple[list[Candidate], Mapping[int, str]]:
    """Those a number is left for, and which (by target); the others wait for the next day.

    Without a `pool` nobody is given any. A number that was given and not called from is used all
    the same: it errs low.
    """
    if pool is None:
        return list(allowed), {}
    given: dict[int, str] = {}
    for each in allowed:
        number = await _next(tx, workspace_id=workspace_id, pool=pool, now=now)
        if number is None:
            break
        given[each.id] = number
    beyond = [each for each in allowed if each.id not in given]
    until = quota_resets_at(now)
    await due.defer(
        tx,
        deferrals=[Deferral(target_id=each.id, until=until, why=USED_UP) for each in beyond],
        now=now,
    )
    return [each for each in allowed if each.id in given], given


async def _next(tx: Tx, *, workspace_id: int, pool: CallerIds, now: datetime) -> str | None:
    if not pool.are_counted:
        return pool.numbers[0]
    day = quota_day(now)
    # Another claim may take the last call of a number between the two statements: once for each.
    for _ in pool.numbers:
        used = await caller_ids.used(tx, workspace_id=workspace_id, numbers=pool.numbers, day=day)
        number = pool.next(used)
        if number is None:
            return None
        if await caller_ids.use(
            tx, workspace_id=workspace_id, number=number, day=day, most=pool.calls_a_day
        ):
            return number
    return None


def pool_of(context: Context, channel: Channel) -> CallerIds | None:
    """The numbers of a channel that has such; None for others."""
    kind = context.carriers.get(channel.kind)
    if kind is None or kind.caller_ids is None:
        return None
    return kind.caller_ids(channel_secrets.config_of(context, kind=kind, stored=channel.config))


async def today(tx: Tx, context: Context, channel: Channel) -> list[Use]:
    """Each number of the channel and its calls of this day of UTC, as the channel lists them.

    None of a channel whose calls are not counted by number.
    """
    pool = pool_of(context, channel)
    if pool is None or not pool.are_counted:
        return []
    used = await caller_ids.used(
        tx,
        workspace_id=channel.workspace_id,
        numbers=pool.numbers,
        day=quota_day(context.clock.now()),
    )
    most = pool.calls_a_day
    return [
        Use(
            number=number,
            calls=used.get(number, 0),
            is_used_up=most is not None and used.get(number, 0) >= most,
        )
        for number in pool.numbers
    ]
