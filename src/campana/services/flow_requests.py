"""What a flow asks webhooks and a language model: at least once; the session is told exactly once.

Whoever takes a request has a while to ask; should it die, the next one asks again with the same
`Idempotency-Key`. The answer, or that there was none, resumes the session in the transaction that
drops the request. Where a request may go, and how much of an answer is read, `outbound.py` says.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from campana.flow.inputs import Input, IntentFound, WebhookAnswered
from campana.services import sessions, showing
from campana.services.context import Context
from campana.services.language_model import Unanswered
from campana.store import flow_requests
from campana.store.flow_requests import Request

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=75)
"""Longer than the longest time-out a webhook node may have, and its token's."""
MOST_BYTES = 65_536
"""Of an answer; a longer one is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a program said; no status when it could not be asked."""

    status: int | None
    body: object = None
    is_json: bool = True
    """False where it said something that is none."""
    intent: str | None = None
    """Of a language model: what was meant."""


async def take(context: Context, *, room: int) -> list[Request]:
    """Requests to make now, for this worker alone (engine role)."""
    if room <= 0:
        return []
    now = context.clock.now()
    async with context.db.transaction() as tx:
        return await flow_requests.take(tx, limit=room, until=now + LEASE, now=now)


async def ask(context: Context, request: Request) -> Answered:
    """Make a request. Whatever goes wrong is an answer without a status."""
    wanted = request.request
    if wanted["type"] == "findIntent":
        return Answered(status=None, intent=await _intent(context, request))
    headers = {str(key): str(value) for key, value in wanted.get("headers", {}).items()}
    url, shown = str(wanted["url"]), None
    if wanted.get("credential"):
        shown = await showing.of(
            context, workspace_id=request.workspace_id, name=str(wanted["credential"])
        )
        if shown is None:
            return Answered(status=None)
        headers |= shown.headers
        url = showing.with_query(url, shown.query)
    body = b""
    if wanted.get("body") is not None:
        body = json.dumps(wanted["body"], ensure_ascii=False).encode()
        headers.setdefault("content-type", "application/json")
    key = f"campana-{request.session_id}-{request.wait}"
    headers["idempotency-key"] = key
    if shown is not None:
        headers |= shown.signature(body, message_id=key, now=context.clock.now())
    outcome = await context.outbound.ask(
        str(wanted["method"]),
        url,
        body=body,
        headers=headers,
        seconds=float(wanted["timeoutSeconds"]),
        most_bytes=MOST_BYTES,
    )
    if outcome.status is None:
        log.info("session %d: webhook: %s", request.session_id, outcome.problem)
    return _answered(outcome.status, outcome.body)


async def settle(context: Context, request: Request, answered: Answered) -> None:
    """Tell the session, once; a repeat finds its wait over."""
    told: Input
    if request.request["type"] == "findIntent":
        told, key = IntentFound(wait=request.wait, intent=answered.intent), "intent"
    else:
        told = WebhookAnswered(
            wait=request.wait,
            status=answered.status,
            body=answered.body,
            is_json=answered.is_json,
        )
        key = "webhook"
    async with context.db.transaction() as tx:
        await sessions.resume(
            tx,
            context,
            session_id=request.session_id,
            told=told,
            key=f"{key} {request.wait}",
        )
        await flow_requests.drop(tx, session_id=request.session_id, waits=[request.wait])


async def _intent(context: Context, request: Request) -> str | None:
    """What the contact meant; None when it is none of those, or nobody can tell."""
    model = context.language_model
    if model is None or (context.is_rehearsal and not model.is_on_this_machine):
        return None
    intents = [str(each) for each in request.request["intents"]]
    try:
        chosen = await model.choose(str(request.request["text"]), intents)
    except Unanswered as error:
        log.warning("session %d: the language model: %s", request.session_id, error)
        return None
    return None if chosen is None else intents[chosen]


def _answered(status: int | None, body: bytes | None) -> Answered:
    """The answer with its JSON, where it has any."""
    if body is None or not body.strip():
        return Answered(status=status)
    try:
        return Answered(status=status, body=msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Answered(status=status, is_json=False)
