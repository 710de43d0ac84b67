"""An attempt in the hands of the worker that may send it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from campana.domain.campaign import Plan
from campana.domain.contact import ContactFields


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """An intent that is committed: this owner, and only this owner, may send it, and soon."""

    attempt_id: UUID
    workspace_id: int
    campaign_id: str
    target_id: int
    contact_id: int
    channel_id: str
    attempt_no: int
    address: str
    fields: ContactFields
    plan: Plan
    claimed_at: datetime
    """When it was written; where it was written as sending, also since when that is so."""
    not_before: datetime
    """The campaign's own pace: it waits for this moment, which lies within the send deadline."""
