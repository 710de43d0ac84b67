"""STOP and START: a person who writes one of them is heard everywhere, at once, and answered once.

STOP suppresses every address of whoever has the address it came from, on every channel. START
lifts what STOP of the same person made and nothing else. Messages come in any order: the one that
was said later holds, and of two said at one moment STOP does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from campana.domain.event import EventName, NewEvent
from campana.domain.keywords import Heard, Keyword
from campana.services import events, suppressing, talk_flow
from campana.services.context import Context
from campana.services.keyword_document import KeywordsDocument
from campana.store import conversations, inbound, messages
from campana.store import events as store_events
from campana.store.conversations import Conversation
from campana.store.db import Tx
from campana.store.inbound import Person

SOURCE = "reply"


async def stop(
    tx: Tx,
    context: Context,
    conversation: Conversation,
    *,
    people: Sequence[Person],
    heard: Heard,
    settings: KeywordsDocument,
    is_confirmed: bool,
    at: datetime,
    now: datetime,
) -> None:
    """They want no more, said at `at`. The conversation is held.

    `is_confirmed`: the provider has answered it already.
    """
    was_stopped = _is_stopped(conversation)
    await conversations.said(tx, conversation_id=conversation.id, stopped_at=at)
    if conversation.started_at is not None and conversation.started_at > at:
        return
    reason = f"wrote {heard.keyword.upper()} in conversation {conversation.id}"
    told: list[NewEvent] = []
    for address in await addresses_of(tx, conversation.address, people):
        _, added = await suppressing.suppress(
            tx,
            context,
            workspace_id=conversation.workspace_id,
            address=address,
            reason=reason,
            source=SOURCE,
            now=now,
            stopped_by=conversation.address,
        )
        told += added
    await store_events.add(tx, *told)
    await talk_flow.end(
        tx, context, workspace_id=conversation.workspace_id, address=conversation.address
    )
    if not was_stopped and not is_confirmed:
        await answer(tx, conversation, heard, people=people, settings=settings, now=now)


async def start(
    tx: Tx,
    conversation: Conversation,
    *,
    people: Sequence[Person],
    heard: Heard,
    settings: KeywordsDocument,
    is_confirmed: bool,
    at: datetime,
    now: datetime,
) -> bool:
    """They want messages again, said at `at`; False when nothing of theirs kept us back."""
    stopped_at = conversation.stopped_at
    await conversations.said(tx, conversation_id=conversation.id, started_at=at)
    if stopped_at is not None and stopped_at >= at:
        return True
    lifted = await inbound.lift_stops(
        tx,
        workspace_id=conversation.workspace_id,
        addresses=await addresses_of(tx, conversation.address, people),
    )
    await store_events.add(
        tx,
        *(
            events.of_suppression(
                EventName.SUPPRESSION_LIFTED,
                each,
                workspace_id=conversation.workspace_id,
                at=now,
            )
            for each in lifted
        ),
    )
    if lifted and not is_confirmed:
        await answer(tx, conversation, heard, people=people, settings=settings, now=now)
    return bool(lifted)


async def answer(
    tx: Tx,
    conversation: Conversation,
    heard: Heard,
    *,
    people: Sequence[Person],
    settings: KeywordsDocument,
    now: datetime,
) -> None:
    """Have the answer sent that goes with the keyword; a suppression does not keep it back."""
    if heard.keyword is not Keyword.HELP and settings.confirmed_by != "campana":
        return
    own = next((each.language[:2].lower() for each in people if each.language), None)
    await messages.queue(
        tx,
        workspace_id=conversation.workspace_id,
        conversation_id=conversation.id,
        origin="automatic",
        text=settings.answer(heard.keyword, language=heard.language or own),
        permission=heard.keyword,
        campaign_id=conversation.campaign_id,
        now=now,
    )


async def addresses_of(tx: Tx, address: str, people: Sequence[Person]) -> list[str]:
    """Every address of these people, and the one they wrote from.

    Sorted, so that two of them who write at once lock in one order.
    """
    known = await inbound.addresses(tx, contact_ids=[each.id for each in people])
    return sorted({address, *known})


def _is_stopped(conversation: Conversation) -> bool:
    stopped, started = conversation.stopped_at, conversation.started_at
    return stopped is not None and (started is None or stopped >= started)
