"""Never contact: adding, finding and lifting suppressions. Whether one holds, the gate asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from campana.domain.campaign import ChannelType
from campana.domain.errors import FieldProblem, InvalidParameter, NotFound
from campana.domain.event import EventName
from campana.services import events, suppressed, suppressing
from campana.services.addresses import normal, normal_or_problem, problems_of_country
from campana.services.context import Context
from campana.services.quiet import until_unsendable
from campana.store import campaigns, suppressions
from campana.store import events as store_events
from campana.store.db import Tx
from campana.store.suppressions import Scope, Suppression

_NO_CAMPAIGN = FieldProblem(pointer="/campaignId", message="there is no such campaign")


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionPage:
    """Some suppressions, and the cursor of the next page: None on the last."""

    suppressions: list[Suppression]
    next_after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One address asked about, in the form it is kept in, and every suppression that holds now."""

    given: str
    address: str
    suppressions: list[Suppression]


async def add(
    context: Context,
    *,
    workspace_id: int,
    address: str,
    reason: str,
    scope: Scope = Scope.WORKSPACE,
    campaign_id: str | None = None,
    channel_type: ChannelType | None = None,
    source: str = "api",
    expires_at: datetime | None = None,
) -> Suppression:
    """Never contact this address again; saying it twice keeps the first, with the later expiry.

    When this returns, no attempt to it begins any more.

    Args:
        context: the web role will do.
        workspace_id: who says so.
        address: a phone number, without a country code read in the workspace's country; or an
            e-mail address.
        reason: for people, 1 to 500 characters.
        scope: how far it reaches.
        campaign_id: the campaign, with that scope.
        channel_type: the kind of channel, with that scope.
        source: who says so: api, cli, call or import.
        expires_at: aware; None is for ever.

    Raises:
        InvalidParameter: naming each field that is wrong.
    """
    now = context.clock.now()
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        value, problems = await normal_or_problem(
            tx, workspace_id=workspace_id, address=address, at="/address"
        )
        problems += problems_of(
            reason=reason,
            scope=scope,
            campaign_id=campaign_id,
            channel_type=channel_type,
            expires_at=expires_at,
            now=now,
        )
        problems += await _no_such_campaign(
            tx, scope, campaign_id, workspace_id=workspace_id, now=now
        )
        if problems:
            raise InvalidParameter(problems=problems)
        stored, told = await suppressing.suppress(
            tx,
            context,
            workspace_id=workspace_id,
            address=value,
            reason=reason.strip(),
            source=source,
            now=now,
            scope=scope,
            campaign_id=campaign_id,
            channel_type=channel_type,
            expires_at=expires_at,
        )
        if stored is None:
            raise InvalidParameter(problems=[_NO_CAMPAIGN])
        await store_events.add(tx, *told)
    await until_unsendable(context, workspace_id=workspace_id, address=stored.address)
    return stored


async def verify(
    context: Context,
    *,
    workspace_id: int,
    reason: str,
    scope: Scope,
    campaign_id: str | None,
    channel_type: ChannelType | None,
    source: str,
    expires_at: datetime | None,
    default_country: str | None,
) -> None:
    """Refuse what could not be said of any number; see `add`.

    Raises:
        InvalidParameter: naming each field that is wrong.
    """
    now = context.clock.now()
    problems = problems_of(
        reason=reason,
        scope=scope,
        campaign_id=campaign_id,
        channel_type=channel_type,
        expires_at=expires_at,
        now=now,
    )
    if not 1 <= len(source.strip()) <= 100 or "\0" in source:
        problems.append(FieldProblem(pointer="/source", message="must have 1 to 100 characters"))
    problems += problems_of_country(default_country)
    async with context.db.read(workspace_id=workspace_id) as tx:
        problems += await _no_such_campaign(
            tx, scope, campaign_id, workspace_id=workspace_id, now=now
        )
    if problems:
        raise InvalidParameter(problems=problems)


async def get(context: Context, *, workspace_id: int, suppression_id: str) -> Suppression:
    """One suppression.

    Raises:
        NotFound: there is none of that id in this workspace.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await suppressions.get(tx, workspace_id=workspace_id, suppression_id=suppression_id)
    if found is None:
        raise NotFound
    return found


async def page(
    context: Context, *, workspace_id: int, after: str | None = None, limit: int = 100
) -> SuppressionPage:
    """The workspace's suppressions, newest first, from the one after suppression `after`.

    Expired ones are shown too: they say why somebody was once left alone.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await suppressions.page(tx, workspace_id=workspace_id, after=after, limit=limit + 1)
    shown = found[:limit]
    return SuppressionPage(
        suppressions=shown, next_after=shown[-1].id if len(found) > limit else None
    )


async def check(context: Context, *, workspace_id: int, addresses: Sequence[str]) -> list[Checked]:
    """What keeps these addresses from being contacted now, in the order asked.

    Raises:
        InvalidParameter: naming each that is neither a phone number nor an e-mail address.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        values = await normal(
            tx, workspace_id=workspace_id, addresses=addresses, at="/addresses/{}"
        )
        found = await suppressed.in_force(tx, context, workspace_id=workspace_id, addresses=values)
    return [
        Checked(
            given=given,
            address=value,
            suppressions=[each for each in found if each.address == value],
        )
        for given, value in zip(addresses, values, strict=True)
    ]


async def lift(context: Context, *, workspace_id: int, suppression_id: str) -> None:
    """Allow the address again.

    Raises:
        NotFound: there is none of that id in this workspace.
    """
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        lifted = await suppressions.delete(
            tx, workspace_id=workspace_id, suppression_id=suppression_id
        )
        if lifted is None:
            raise NotFound
        told = events.of_suppression(
            EventName.SUPPRESSION_LIFTED, lifted, workspace_id=workspace_id, at=context.clock.now()
        )
        await store_events.add(tx, told)


async def _no_such_campaign(
    tx: Tx, scope: Scope, campaign_id: str | None, *, workspace_id: int, now: datetime
) -> list[FieldProblem]:
    if scope is not Scope.CAMPAIGN or campaign_id is None:
        return []
    campaign = await campaigns.get(tx, campaign_id=campaign_id, now=now)
    if campaign is not None and campaign.workspace_id == workspace_id:
        return []
    return [_NO_CAMPAIGN]


def problems_of(
    *,
    reason: str,
    scope: Scope,
    campaign_id: str | None,
    channel_type: ChannelType | None,
    expires_at: datetime | None,
    now: datetime,
) -> list[FieldProblem]:
    """What is wrong with what is said of a number, field by field."""
    found: list[FieldProblem] = []

    def wrong(field: str, message: str) -> None:
        found.append(FieldProblem(pointer=f"/{field}", message=message))

    if not 1 <= len(reason.strip()) <= 500 or "\0" in reason:
        wrong("reason", "must have 1 to 500 characters")
    if (scope is Scope.CAMPAIGN) != (campaign_id is not None):
        wrong("campaignId", "goes with the scope campaign, and only with it")
    if (scope is Scope.CHANNEL) != (channel_type is not None):
        wrong("channelType", "goes with the scope channel, and only with it")
    if expires_at is not None and expires_at <= now:
        wrong("expiresAt", "must lie in the future")
    return found
