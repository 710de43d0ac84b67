"""What a flow asks webhooks and a language model: at least once; the session is told exactly once.

Whoever takes a request has a while to ask; should it die, the next one asks again with the same
`Idempotency-Key`. The answer, or that there was none, resumes the session in the transaction that
drops the request. Where a request may go, and how much of an answer is read, `outbound.py` says.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import msgspec

from campana.flow.inputs import Input, IntentFound, WebhookAnswered
from campana.services import sessions
from campana.services.context import Context
from campana.services.language_model import Unanswered
from campana.services.secrets import Unreadable
from campana.store import flow_requests, flows
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
    url = str(wanted["url"])
    if wanted.get("credential"):
        shown = await _credential(context, request, str(wanted["credential"]))
        if shown is None:
            return Answered(status=None)
        headers |= shown.headers
        url = _with_query(url, shown.query)
    body = b""
    if wanted.get("body") is not None:
        body = json.dumps(wanted["body"], ensure_ascii=False).encode()
        headers.setdefault("content-type", "application/json")
    headers["idempotency-key"] = f"campana-{request.session_id}-{request.wait}"
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
    return Answered(status=outcome.status, body=_json(outcome.body))


async def settle(context: Context, request: Request, answered: Answered) -> None:
    """Tell the session, once; a repeat finds its wait over."""
    told: Input
    if request.request["type"] == "findIntent":
        told, key = IntentFound(wait=request.wait, intent=answered.intent), "intent"
    else:
        told = WebhookAnswered(wait=request.wait, status=answered.status, body=answered.body)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    headers: Mapping[str, str]
    query: Mapping[str, str]


async def _credential(context: Context, request: Request, name: str) -> _Shown | None:
    """What the credential of that name adds; None when there is none, or it gave nothing."""
    async with context.db.read() as tx:
        found = await flows.credential(tx, workspace_id=request.workspace_id, name=name)
    if found is None:
        log.warning("session %d: there is no credential %s", request.session_id, name)
        return None
    kind, sealed = found
    try:
        secret: dict[str, str] = msgspec.json.decode(context.secrets.open(sealed))
    except (Unreadable, msgspec.DecodeError):
        log.warning("the credential %s cannot be opened", name)
        return None
    match kind:
        case "bearer":
            return _Shown(headers={"authorization": f"Bearer {secret['token']}"}, query={})
        case "basic":
            pair = f"{secret['user']}:{secret['password']}".encode()
            value = "Basic " + base64.b64encode(pair).decode()
            return _Shown(headers={"authorization": value}, query={})
        case "api_key":
            return _Shown(headers={secret["header"].lower(): secret["key"]}, query={})
        case "query":
            return _Shown(headers={}, query={secret["parameter"]: secret["value"]})
        case _:
            return await _token(context, secret)


async def _token(context: Context, secret: Mapping[str, str]) -> _Shown | None:
    """A token of the client-credentials kind (RFC 6749 section 4.4), asked for anew each time."""
    form = {"grant_type": "client_credentials"}
    if secret.get("scope"):
        form["scope"] = secret["scope"]
    pair = f"{quote(secret['clientId'], safe='')}:{quote(secret['clientSecret'], safe='')}"
    outcome = await context.outbound.ask(
        "POST",
        secret["tokenUrl"],
        body=urlencode(form).encode(),
        headers={
            "authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        },
        seconds=10.0,
        most_bytes=MOST_BYTES,
    )
    answer: Any = _json(outcome.body)
    if outcome.status != 200 or not isinstance(answer, dict) or "access_token" not in answer:
        log.warning("a token for a webhook was not given: %s", outcome.problem or outcome.status)
        return None
    token = str(answer["access_token"])  # pyright: ignore[reportUnknownArgumentType]
    return _Shown(headers={"authorization": f"Bearer {token}"}, query={})


def _with_query(url: str, more: Mapping[str, str]) -> str:
    if not more:
        return url
    parts = urlsplit(url)
    query = "&".join(filter(None, [parts.query, urlencode(more)]))
    return urlunsplit(parts._replace(query=query))


def _json(body: bytes | None) -> object:
    """The answer's JSON; None when it is none."""
    if not body:
        return None
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
