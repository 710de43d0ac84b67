"""Many suppressions in one request: each row told what became of it, the good ones in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campana.domain.address import Unusable
from campana.domain.campaign import ChannelType
from campana.domain.errors import FieldProblem
from campana.services import suppressing
from campana.services.addresses import read_address
from campana.services.context import Context
from campana.services.quiet import until_none_sendable
from campana.services.suppressions import problems_of
from campana.store import accounts, campaigns
from campana.store import events as store_events
from campana.store.db import Tx
from campana.store.suppressions import Scope, Suppression

MAX_ROWS = 1_000


class Said(StrEnum):
    """What became of a row."""

    ADDED = "added"
    KNOWN = "known"
    """The address was suppressed so already; of two expiries the later one holds."""
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One address nobody is to contact, as a request says it."""

    address: str
    reason: str
    scope: Scope
    campaign_id: str | None
    channel_type: ChannelType | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one row: the suppression that holds now, or everything wrong with the row."""

    said: Said
    suppression: Suppression | None = None
    problems: Sequence[FieldProblem] = ()


async def add_many(
    context: Context, *, workspace_id: int, rows: Sequence[Wanted], source: str = "api"
) -> list[Result]:
    """Never contact these addresses again; one result a row, in the order given.

    The good go in together, whatever the others are. When this returns, no attempt to any of them
    begins any more.

    Args:
        context: the web role will do.
        workspace_id: who says so.
        rows: at most `MAX_ROWS`; numbers without a country code are read in the workspace's
            country.
        source: who says so.
    """
    now = context.clock.now()
    results: dict[int, Result] = {}
    good: list[tuple[str, int]] = []
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        workspace = await accounts.workspace(tx, workspace_id=workspace_id)
        country = workspace.default_country if workspace else None
        there = await _campaigns(tx, rows, workspace_id=workspace_id, now=now)
        for place, row in enumerate(rows):
            value = read_address(row.address, default_country=country)
            problems = _problems(row, there, now=now)
            if isinstance(value, Unusable):
                problems.insert(0, FieldProblem(pointer="/address", message=value.reason))
            else:
                good.append((value, place))
            if problems:
                results[place] = Result(said=Said.REJECTED, problems=problems)
        # Sorted, so that two batches of the same people follow one another and never wait in a
        # circle.
        for address, place in sorted(good):
            if place not in results:
                results[place] = await _add(
                    tx, context, rows[place], address, workspace_id=workspace_id, source=source
                )
    stored = [each.suppression.address for each in results.values() if each.suppression]
    if stored:
        await until_none_sendable(context, workspace_id=workspace_id, addresses=sorted(set(stored)))
    return [results[place] for place in range(len(rows))]


async def _add(
    tx: Tx, context: Context, row: Wanted, address: str, *, workspace_id: int, source: str
) -> Result:
    stored, told = await suppressing.suppress(
        tx,
        context,
        workspace_id=workspace_id,
        address=address,
        reason=row.reason.strip(),
        source=source,
        now=context.clock.now(),
        scope=row.scope,
        campaign_id=row.campaign_id,
        channel_type=row.channel_type,
        expires_at=row.expires_at,
    )
    await store_events.add(tx, *told)
    return Result(said=Said.ADDED if told else Said.KNOWN, suppression=stored)


def _problems(row: Wanted, there: set[str], *, now: datetime) -> list[FieldProblem]:
    problems = problems_of(
        reason=row.reason,
        scope=row.scope,
        campaign_id=row.campaign_id,
        channel_type=row.channel_type,
        expires_at=row.expires_at,
        now=now,
    )
    if row.campaign_id is not None and row.campaign_id not in there:
        problems.append(FieldProblem(pointer="/campaignId", message="there is no such campaign"))
    return problems


async def _campaigns(
    tx: Tx, rows: Sequence[Wanted], *, workspace_id: int, now: datetime
) -> set[str]:
    """Those of the campaigns the rows name that are there."""
    there: set[str] = set()
    for campaign_id in sorted({row.campaign_id for row in rows if row.campaign_id is not None}):
        found = await campaigns.get(tx, campaign_id=campaign_id, now=now)
        if found is not None and found.workspace_id == workspace_id:
            there.add(campaign_id)
    return there
