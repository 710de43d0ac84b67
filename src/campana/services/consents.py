"""The consent ledger: adding what somebody said, and reading it. Whether it holds, the gate asks.

Nothing is changed or removed: who takes a consent back says so in a later entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from campana.domain.campaign import ChannelType
from campana.domain.errors import FieldProblem, InvalidParameter, NotFound
from campana.services.addresses import normal, normal_or_problem
from campana.services.context import Context
from campana.services.quiet import until_unsendable
from campana.store import consents
from campana.store.consents import Consent


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentPage:
    """Some entries, and the cursor of the next page: None on the last."""

    consents: list[Consent]
    next_after: str | None


async def add(
    context: Context,
    *,
    workspace_id: int,
    address: str,
    is_granted: bool,
    source: str,
    wording: str,
    channel_type: ChannelType | None = None,
    said_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> Consent:
    """Note that somebody agreed to be contacted, or took it back.

    When a revocation returns, no attempt begins any more that needed the consent.

    Args:
        context: the web role will do.
        workspace_id: whose ledger.
        address: a phone number, without a country code read in the workspace's country; or an
            e-mail address.
        is_granted: False takes back what was granted before `said_at`.
        source: where it was said, for people: a form, a call, a letter.
        wording: the text that was agreed to, or the words in which it was taken back.
        channel_type: the only kind of channel it is about; None is every kind.
        said_at: aware, not in the future; None is now.
        expires_at: aware, after `said_at`; None is until revoked. Only a grant expires.

    Raises:
        InvalidParameter: naming each field that is wrong.
    """
    now = context.clock.now()
    said_at = said_at or now
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        value, problems = await normal_or_problem(
            tx, workspace_id=workspace_id, address=address, at="/address"
        )
        problems += _problems(
            source=source,
            wording=wording,
            is_granted=is_granted,
            said_at=said_at,
            expires_at=expires_at,
            now=now,
        )
        if problems:
            raise InvalidParameter(problems=problems)
        consent = Consent(
            id=context.new_id("cons"),
            address=value,
            channel_type=channel_type,
            is_granted=is_granted,
            source=source.strip(),
            wording=wording.strip(),
            said_at=said_at,
            created_at=now,
            expires_at=expires_at,
        )
        await consents.insert(tx, workspace_id=workspace_id, consent=consent)
    if not is_granted:
        await until_unsendable(context, workspace_id=workspace_id, address=consent.address)
    return consent


async def get(context: Context, *, workspace_id: int, consent_id: str) -> Consent:
    """One entry.

    Raises:
        NotFound: there is none of that id in this workspace.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await consents.get(tx, workspace_id=workspace_id, consent_id=consent_id)
    if found is None:
        raise NotFound
    return found


async def page(
    context: Context,
    *,
    workspace_id: int,
    address: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> ConsentPage:
    """The ledger, newest entry first, from the one after consent `after`; of one address if given.

    Raises:
        InvalidParameter: `address` is neither a phone number nor an e-mail address.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        value = None
        if address is not None:
            try:
                [value] = await normal(tx, workspace_id=workspace_id, addresses=[address], at="")
            except InvalidParameter as error:
                message = error.problems[0].message
                problem = FieldProblem(parameter="address", message=message)
                raise InvalidParameter(problems=[problem]) from None
        found = await consents.page(
            tx, workspace_id=workspace_id, address=value, after=after, limit=limit + 1
        )
    shown = found[:limit]
    return ConsentPage(consents=shown, next_after=shown[-1].id if len(found) > limit else None)


def _problems(
    *,
    source: str,
    wording: str,
    is_granted: bool,
    said_at: datetime,
    expires_at: datetime | None,
    now: datetime,
) -> list[FieldProblem]:
    found: list[FieldProblem] = []

    def wrong(field: str, message: str) -> None:
        found.append(FieldProblem(pointer=f"/{field}", message=message))

    if not 1 <= len(source.strip()) <= 200 or "\0" in source:
        wrong("source", "must have 1 to 200 characters")
    if not 1 <= len(wording.strip()) <= 5000 or "\0" in wording:
        wrong("wording", "must have 1 to 5000 characters")
    if said_at > now:
        wrong("saidAt", "must not lie in the future")
    if expires_at is not None and not is_granted:
        wrong("expiresAt", "goes with a grant, and only with it")
    elif expires_at is not None and expires_at <= said_at:
        wrong("expiresAt", "must come after saidAt")
    return found
