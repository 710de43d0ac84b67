"""What holds for every campaign of a workspace: caps that a campaign may only tighten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from campana.domain.caps import Cap, CapPer
from campana.services import documents
from campana.services.context import Context
from campana.store import policies


class CapDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """At most `attempts` in any `days` times 24 hours, over all campaigns."""

    per: CapPer
    attempts: Annotated[int, Meta(ge=1, le=1000)]
    days: Annotated[int, Meta(ge=1, le=30)]


CapDocuments = Annotated[list[CapDocument], Meta(max_length=10)]


class PolicyDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The rules of a workspace. What a campaign states holds besides, never instead."""

    caps: CapDocuments = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of a workspace, as the engine reads them."""

    caps: tuple[Cap, ...] = ()


def caps_of(written: CapDocuments) -> tuple[Cap, ...]:
    """The domain's caps of those as written."""
    return tuple(Cap(per=each.per, attempts=each.attempts, days=each.days) for each in written)


def policy_of(document: Mapping[str, Any]) -> Policy:
    """The Policy of a stored document (already read once, so it converts)."""
    return Policy(caps=caps_of(msgspec.convert(document, PolicyDocument).caps))


async def show(context: Context, *, workspace_id: int) -> Mapping[str, Any]:
    """The policy as written; an empty object when nobody wrote one."""
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await policies.get(tx, workspace_id=workspace_id)


async def replace(context: Context, *, workspace_id: int, raw: object) -> None:
    """Put this policy in the place of the one before (engine role); the next claim obeys it.

    Raises:
        InvalidParameter: naming each field that is wrong.
    """
    written = documents.read(PolicyDocument, raw)
    async with context.db.transaction() as tx:
        await policies.set_document(
            tx, workspace_id=workspace_id, document=msgspec.to_builtins(written)
        )
