"""What a credential of the workspace adds to a request: headers, a part of a query, a signature."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import msgspec
from standardwebhooks import Webhook as Signer

from campana.services.context import Context
from campana.services.secrets import Unreadable
from campana.store import flows

log = logging.getLogger(__name__)

_MOST_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What proves who we are."""

    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    secret: str | None = field(default=None, repr=False)
    """Signs what is sent (Standard Webhooks)."""

    def signature(self, body: bytes, *, message_id: str, now: datetime) -> dict[str, str]:
        """The headers that sign `body`; none where the credential does not sign."""
        if self.secret is None:
            return {}
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Signer(self.secret).sign(message_id, now, body.decode()),
        }


async def of(context: Context, *, workspace_id: int, name: str) -> Shown | None:
    """What the credential of that name adds; None when there is none, or it gave nothing."""
    async with context.db.read() as tx:
        found = await flows.credential(tx, workspace_id=workspace_id, name=name)
    if found is None:
        log.warning("workspace %d: there is no credential %s", workspace_id, name)
        return None
    kind, sealed = found
    try:
        secret: dict[str, str] = msgspec.json.decode(context.secrets.open(sealed))
    except (Unreadable, msgspec.DecodeError):
        log.warning("the credential %s cannot be opened", name)
        return None
    match kind:
        case "bearer":
            return Shown(headers={"authorization": f"Bearer {secret['token']}"})
        case "basic":
            pair = f"{secret['user']}:{secret['password']}".encode()
            value = "Basic " + base64.b64encode(pair).decode()
            return Shown(headers={"authorization": value})
        case "api_key":
            return Shown(headers={secret["header"].lower(): secret["key"]})
        case "query":
            return Shown(query={secret["parameter"]: secret["value"]})
        case "signature":
            return Shown(secret=secret["secret"])
        case _:
            return await _token(context, secret)


async def _token(context: Context, secret: Mapping[str, str]) -> Shown | None:
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
        most_bytes=_MOST_BYTES,
    )
    answer: Any = None
    with suppress(msgspec.DecodeError, UnicodeDecodeError):
        answer = msgspec.json.decode(outcome.body or b"")
    if outcome.status != 200 or not isinstance(answer, dict) or "access_token" not in answer:
        log.warning("a token for a webhook was not given: %s", outcome.problem or outcome.status)
        return None
    token = str(answer["access_token"])  # pyright: ignore[reportUnknownArgumentType]
    return Shown(headers={"authorization": f"Bearer {token}"})


def with_query(url: str, more: Mapping[str, str]) -> str:
    """`url` with these parameters behind those that it has."""
    if not more:
        return url
    parts = urlsplit(url)
    query = "&".join(filter(None, [parts.query, urlencode(more)]))
    return urlunsplit(parts._replace(query=query))
