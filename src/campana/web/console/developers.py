"""What programs need: API keys, shown once, and the webhooks that events are sent to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from campana.domain.errors import CampanaError
from campana.services import accounts, webhooks
from campana.store.webhooks import Webhook
from campana.web.console.event_meanings import MEANINGS
from campana.web.console.forms import said_of
from campana.web.console.language import marked, said_options, say
from campana.web.console.pages import done, page
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.console.webhook_page import EVENTS, shown_once, written
from campana.web.errors import status_of

_KEYS, _WEBHOOKS = "keys:manage", "webhooks:manage"

LIVES = (
    ("", marked("until it is revoked")),
    ("30", marked("30 days")),
    ("90", marked("90 days")),
    ("365", marked("a year")),
)
"""How long a key may live, in days."""


@get("/developers", opt=needs(_KEYS))
async def show_developers(request: PageRequest) -> Response[Any]:
    return await _page(request)


@post("/developers/keys", opt=needs(_KEYS, action="key.create"))
@guarded
async def create_key(request: PageRequest) -> Response[Any]:
    given = await request.fields()
    scopes = await request.all_of("scope")
    days = given.get("days", "")
    ends = timedelta(days=int(days)) if days in {key for key, _ in LIVES if key} else None
    try:
        made = await accounts.create_key(
            request.context,
            workspace_id=request.workspace_id,
            name=given.get("name", ""),
            scopes=scopes,
            expires_at=request.context.clock.now() + ends if ends else None,
            within=request.visitor.scopes,
        )
    except CampanaError as error:
        return await _page(
            request,
            given=given,
            scopes=scopes,
            problems=said_of(error),
            status=status_of(error),
        )
    return await _page(request, key=made.text, named=given.get("name", ""))


@post("/developers/keys/{key_id:str}/revoke", opt=needs(_KEYS, action="key.revoke"))
@guarded
async def revoke_key(request: PageRequest, key_id: FromPath[str]) -> Response[Any]:
    await accounts.revoke_key(request.context, workspace_id=request.workspace_id, key_id=key_id)
    return done("/developers", say("The key is revoked: from now on it opens nothing."))


@post("/developers/webhooks", opt=needs(_WEBHOOKS, action="webhook.create"))
@guarded
async def create_webhook(request: PageRequest) -> Response[Any]:
    given = await request.fields()
    events = await request.all_of("event")
    try:
        made = await webhooks.create(
            request.context, workspace_id=request.workspace_id, raw=written(given, events)
        )
    except CampanaError as error:
        return await _page(
            request,
            hook=given,
            events=events,
            hook_problems=said_of(error),
            status=status_of(error),
        )
    return await shown_once(request, made)


async def _page(
    request: PageRequest,
    *,
    status: int = 200,
    key: str | None = None,
    named: str = "",
    given: Mapping[str, str] | None = None,
    scopes: Sequence[str] = (),
    problems: Mapping[str, str] | None = None,
    hook: Mapping[str, str] | None = None,
    events: Sequence[str] = (),
    hook_problems: Mapping[str, str] | None = None,
) -> Response[str]:
    context, workspace_id = request.context, request.workspace_id
    hooks: list[Webhook] = []
    if request.may(_WEBHOOKS):
        hooks = await webhooks.every(context, workspace_id=workspace_id)
    return page(
        request,
        "developers.html",
        status=status,
        keys=await accounts.list_keys(context, workspace_id=workspace_id),
        lives=said_options(LIVES),
        scopes=[each for each in accounts.SCOPES.items() if request.may(each[0])],
        chosen=scopes,
        key=key,
        named=named,
        given=given or {},
        problems=problems or {},
        hooks=hooks,
        hook=hook or {},
        events=EVENTS,
        meanings=MEANINGS,
        chosen_events=events,
        hook_problems=hook_problems or {},
    )


ROUTES = [show_developers, create_key, revoke_key, create_webhook]
