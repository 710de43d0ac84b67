"""An attempt in the hands of the worker that may send it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from campana.domain.campaign import Plan
from campana.domain.contact import ContactFields
from campana.domain.script import render
from campana.store.sessions import Message


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
    message: Message | None = None
    """What its flow asked to be sent; None where the campaign's script says it."""
    claimed_at: datetime
    """When it was written; where it was written as sending, also since when that is so."""
    not_before: datetime
    """The campaign's own pace: it waits for this moment, which lies within the send deadline."""


def text_of(claimed: Claimed) -> str:
    """What is said to the person in the attempt, as far as it is a text."""
    message = claimed.message
    if message is not None and message.kind != "call":
        return shown(message.content)
    script = claimed.plan.script
    return render(script.greeting, claimed.fields.as_text()) if script is not None else ""


def shown(content: Mapping[str, Any]) -> str:
    """A flow's message as plain text: for channels that have no buttons and no templates."""
    if "template" in content:
        values = content.get("values", {})
        filled = "; ".join(f"{place}: {value}" for place, value in values.items())
        return f"[{content['template']}] {filled}".strip()
    return str(content["text"])
