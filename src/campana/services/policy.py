"""What holds for every campaign of a workspace: caps and a budget, which a campaign may tighten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, cast
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from campana.domain import easing
from campana.domain.caps import Cap, CapPer
from campana.domain.easing import Held
from campana.domain.errors import FieldProblem, InvalidParameter, VersionMismatch
from campana.domain.window import zone_named
from campana.services import asking_again, documents
from campana.services.context import Context
from campana.store import accounts, policies


class CapDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """At most `attempts` in any `days` times 24 hours, over all campaigns."""

    per: CapPer
    attempts: Annotated[int, Meta(ge=1, le=1000)]
    days: Annotated[int, Meta(ge=1, le=30)]


Amount = Annotated[float, Meta(gt=0, le=1_000_000_000)]
ZoneName = Annotated[str, Meta(min_length=1, max_length=100)]
CapDocuments = Annotated[list[CapDocument], Meta(max_length=10)]


class PolicyDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The rules of a workspace. What a campaign states holds besides, never instead."""

    caps: CapDocuments = []
    daily_spend_limit: Amount | None = None
    """What all campaigns together may cost in a day, in the currency of the price table."""
    time_zone: ZoneName = "UTC"
    """Where that day begins and ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of a workspace, as the engine reads them."""

    caps: tuple[Cap, ...] = ()
    daily_spend_limit: Decimal | None = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))


def cap_problems(raw: object) -> list[FieldProblem]:
    """Entries of `caps`, as written, that speak of what another one speaks of already."""
    entries = documents.inside(raw, "caps")
    if not isinstance(entries, list):
        return []
    named = [
        (str(documents.inside(each, "per")), str(documents.inside(each, "days")))
        for each in cast("list[object]", entries)
    ]
    return [
        FieldProblem(
            pointer=f"/caps/{n}", message=f"there is one per {per} for {days} days already"
        )
        for n, (per, days) in enumerate(named)
        if (per, days) in named[:n]
    ]


def caps_of(written: CapDocuments) -> tuple[Cap, ...]:
    """The domain's caps of those as written."""
    return tuple(Cap(per=each.per, attempts=each.attempts, days=each.days) for each in written)


def policy_of(document: Mapping[str, Any]) -> Policy:
    """The Policy of a stored document (already read once, so it converts)."""
    if not document:
        return _PLAIN
    written = msgspec.convert(document, PolicyDocument)
    return Policy(
        caps=caps_of(written.caps),
        daily_spend_limit=decimal_of(written.daily_spend_limit),
        zone=zone_named(written.time_zone) or _PLAIN.zone,
    )


def decimal_of(amount: float | None) -> Decimal | None:
    """The amount as it was written: the shortest decimal that means the number."""
    return None if amount is None else Decimal(str(amount))


_PLAIN = Policy()


async def show(context: Context, *, workspace_id: int) -> Mapping[str, Any]:
    """The policy as written; an empty object when nobody wrote one."""
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await policies.get(tx, workspace_id=workspace_id)


async def replace(
    context: Context, *, workspace_id: int, raw: object, was: Mapping[str, Any] | None = None
) -> None:
    """Put this policy in the place of the one before; the next claim obeys it.

    `was` is what the caller has seen; None skips the comparison.

    Raises:
        InvalidParameter: naming each field that is wrong.
        VersionMismatch: it has been changed since.
    """
    written, _, problems = documents.sift(PolicyDocument, raw)
    if written is not None and zone_named(written.time_zone) is None:
        problems.append(FieldProblem(pointer="/timeZone", message="is no time zone"))
    problems += cap_problems(raw)
    if written is None or problems:
        raise InvalidParameter(problems=problems)
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        await accounts.lock_workspace(tx, workspace_id=workspace_id)
        before = await policies.get(tx, workspace_id=workspace_id)
        if was is not None and was != before:
            raise VersionMismatch
        document = msgspec.to_builtins(written)
        await policies.set_document(tx, workspace_id=workspace_id, document=document)
        eased = _eased(policy_of(before), policy_of(document))
        await asking_again.note(tx, workspace_id=workspace_id, reasons=eased)


def _eased(before: Policy, after: Policy) -> set[Held]:
    eased = set[Held]()
    if easing.are_caps_eased(before.caps, after.caps):
        eased.add(Held.CAPS)
    # Where it ends elsewhere it may be another day already.
    is_another_day = before.daily_spend_limit is not None and before.zone != after.zone
    if is_another_day or easing.is_limit_eased(before.daily_spend_limit, after.daily_spend_limit):
        eased.add(Held.BUDGET)
    return eased
