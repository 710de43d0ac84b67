"""An attempt in the hands of the worker that may send it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from campana.domain.campaign import Plan
from campana.domain.contact import ContactFields
from campana.domain.content import Content, Text
from campana.domain.placeholders import render
from campana.services.session_calls import is_talk
from campana.store.sessions import Message


class Claimed(Struct, frozen=True, kw_only=True, gc=False):
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
    caller_id: str | None = None
    """The number the call goes from; None where it is not ours to choose."""
    message: Message | None = None
    """What its flow asked to be sent; None where the campaign's script says it."""
    content: Content | None = None
    """The same in the words of the port."""
    claimed_at: datetime
    """When it was written; where it was written as sending, also since when that is so."""
    began: float
    """The same in monotonic seconds: the send deadline runs from here."""
    not_before: datetime
    """The campaign's own pace: it waits for this moment, which lies within the send deadline."""


def content_of(claimed: Claimed) -> Content:
    """What is said to the person in the attempt."""
    if claimed.content is not None:
        return claimed.content
    if claimed.message is not None and is_talk(claimed.message):
        return Text(body=str(claimed.message.content["text"] or ""))
    script = claimed.plan.script
    text = render(script.greeting, claimed.fields) if script is not None else ""
    return Text(body=text)
