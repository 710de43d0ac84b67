"""The call in which a session speaks: asked for when one is needed, taken back when none is.

A session that waits for what happens in a call has one message for all of it, of kind `call`, from
the first such wait until the call is over. While that is queued or on its way no other is asked
for: one attempt is one call.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from campana.domain.campaign import ChannelType
from campana.flow.events import IN_CALL
from campana.services import flow_plans
from campana.store import sessions
from campana.store.db import Tx
from campana.store.sessions import Message, StoredSession

_TALK = "talk"
"""What the content of such a message calls itself; that of a bot's call says `startCall`."""


def _talk(*, text: str | None, listens: bool) -> dict[str, Any]:
    """The content of such a message: what is said first, and whether words are understood."""
    return {"type": _TALK, "text": text, "listens": listens}


def is_talk(message: Message) -> bool:
    """Is it a call in which the flow itself speaks?"""
    return message.kind == "call" and message.content["type"] == _TALK


def listens(message: Message) -> bool:
    """Are words understood in that call?"""
    return bool(message.content.get("listens"))


def waits(session: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The threads that wait for what happens in a call, in the order in which they began to.

    Each is a `flow.session.Thread`, as JSON.
    """
    threads = [
        thread
        for thread in session["threads"]
        if thread.get("wait") and thread["wait"]["kind"] in IN_CALL
    ]
    return sorted(threads, key=lambda thread: thread["wait"]["number"])


async def ask(
    tx: Tx, stored: StoredSession, *, number: int, text: str | None, now: datetime
) -> bool:
    """Queue such a message, under the number of a wait; are words understood in that call?"""
    flow = await flow_plans.pinned(
        tx,
        flow_id=stored.flow_id,
        version=stored.flow_version,
        content_hash=stored.session["flow"],
    )
    await sessions.queue(
        tx,
        message=Message(
            session_id=stored.id,
            number=number,
            kind="call",
            channel_type=str(ChannelType.VOICE),
            content=_talk(text=text, listens=flow.listens),
        ),
        workspace_id=stored.workspace_id,
        now=now,
    )
    return flow.listens


async def keep(tx: Tx, stored: StoredSession, *, before: Mapping[str, Any], now: datetime) -> None:
    """Have a session (held) the call that it needs, and no other.

    `before` is the session before the sprint that brought it here.
    """
    needed = waits(stored.session)
    if not needed and not waits(before):
        return
    call = await sessions.talk_call(tx, session_id=stored.id)
    if needed and call is None:
        first = needed[0]["wait"]
        await ask(tx, stored, number=first["number"], text=first["kept"].get("text"), now=now)
    elif not needed and call is not None and call.state == "queued":
        await sessions.set_message(tx, session_id=stored.id, number=call.number, state="withdrawn")
