"""One webhook: what it is told of, its secret, and what became of each event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from campana.domain.errors import FieldProblem, InvalidParameter
from campana.domain.event import EventName, id_of, shown_id
from campana.services import webhooks
from campana.services.webhooks import WithSecret
from campana.store.deliveries import DeliveryState
from campana.store.webhooks import Webhook
from campana.web.console.event_meanings import MEANINGS
from campana.web.console.forms import said_of
from campana.web.console.language import marked, say
from campana.web.console.pages import done, page
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.console.together import SEEN, STATUS, Change, Met, marks, met, settled
from campana.web.console.words import words
from campana.web.errors import status_of

_SCOPE = "webhooks:manage"
_PAGE = 50
_OVERLAP = timedelta(days=1)
"""For how long messages are signed with the old secret too; what the API takes by itself."""

EVENTS = [each for each in EventName if each is not EventName.WEBHOOK_TEST]
"""What can be chosen; a test goes to whoever asks for it."""


def written(given: Mapping[str, str], events: Sequence[str]) -> dict[str, Any]:
    """The form as the document of a webhook."""
    return {
        "url": given.get("url", ""),
        "description": given.get("description") or None,
        "eventTypes": list(events),
    }


@get("/developers/webhooks/{webhook_id:str}", opt=needs(_SCOPE))
async def show_webhook(request: PageRequest, webhook_id: FromPath[str]) -> Response[Any]:
    return await _page(request, webhook_id)


@post("/developers/webhooks/{webhook_id:str}", opt=needs(_SCOPE, action="webhook.change"))
@guarded
async def change_webhook(request: PageRequest, webhook_id: FromPath[str]) -> Response[Any]:
    given = await request.fields()
    typed = _texts(written(given, await request.all_of("event")))
    names = {
        "url": say("Where to"),
        "description": say("What it is for"),
        "eventTypes": say("Events"),
    }

    async def compare() -> tuple[Met, Webhook]:
        now = await webhooks.get(
            request.context, workspace_id=request.workspace_id, webhook_id=webhook_id
        )
        return met(typed, _texts(_shown(now)), seen=given.get(SEEN, ""), names=names), now

    async def store(found: Met, now: Webhook) -> None:
        await webhooks.change(
            request.context,
            workspace_id=request.workspace_id,
            webhook_id=webhook_id,
            patch=_patch(found),
            was=now,
        )

    found, problem = await settled(compare, store)
    if found.changed:
        return await _page(
            request, webhook_id, given=_patch(found), changed=found.changed, status=STATUS
        )
    if problem is not None:
        return await _page(
            request,
            webhook_id,
            given=_patch(found),
            problems=said_of(problem),
            status=status_of(problem),
        )
    return _back(webhook_id, found.said(say("Changed.")))


def _patch(found: Met) -> dict[str, Any]:
    return written(found.values, found.values["eventTypes"].split())


@post("/developers/webhooks/{webhook_id:str}/switch", opt=needs(_SCOPE, action="webhook.switch"))
@guarded
async def switch_webhook(request: PageRequest, webhook_id: FromPath[str]) -> Response[Any]:
    is_on = (await request.fields()).get("enabled") == "yes"
    await webhooks.change(
        request.context,
        workspace_id=request.workspace_id,
        webhook_id=webhook_id,
        patch={"enabled": is_on},
    )
    return _back(webhook_id, say("It is on.") if is_on else say("It is off: nothing is sent."))


@post("/developers/webhooks/{webhook_id:str}/rotate", opt=needs(_SCOPE, action="webhook.rotate"))
@guarded
async def rotate_secret(request: PageRequest, webhook_id: FromPath[str]) -> Response[Any]:
    made = await webhooks.rotate(
        request.context,
        workspace_id=request.workspace_id,
        webhook_id=webhook_id,
        overlap=_OVERLAP,
    )
    return await shown_once(request, made)


@post("/developers/webhooks/{webhook_id:str}/test", opt=needs(_SCOPE, action="webhook.test"))
@guarded
async def send_test(request: PageRequest, webhook_id: FromPath[str]) -> Response[Any]:
    event_id = await webhooks.rehearse(
        request.context, workspace_id=request.workspace_id, webhook_id=webhook_id
    )
    return _back(
        webhook_id, say("%(event)s is on its way; what becomes of it stands below.", event=event_id)
    )


@post("/developers/webhooks/{webhook_id:str}/replay", opt=needs(_SCOPE, action="webhook.replay"))
@guarded
async def replay_events(request: PageRequest, webhook_id: FromPath[str]) -> Response[Any]:
    first = (await request.fields()).get("from", "")
    await webhooks.replay(
        request.context, workspace_id=request.workspace_id, webhook_id=webhook_id, first=first
    )
    return _back(webhook_id, say("%(event)s and all after it are sent again.", event=first[:40]))


@post("/developers/webhooks/{webhook_id:str}/delete", opt=needs(_SCOPE, action="webhook.delete"))
@guarded
async def delete_webhook(request: PageRequest, webhook_id: FromPath[str]) -> Response[Any]:
    await webhooks.delete(request.context, workspace_id=request.workspace_id, webhook_id=webhook_id)
    return done("/developers", say("The webhook is deleted, with its log."))


async def shown_once(request: PageRequest, made: WithSecret) -> Response[str]:
    """Its page with the new secret on it: the only time anybody sees that."""
    return await _page(request, made.webhook.id, secret=made.secret)


def _shown(found: Webhook) -> dict[str, Any]:
    return {
        "url": found.url,
        "description": found.description,
        "eventTypes": found.event_types,
    }


def _texts(document: Mapping[str, Any]) -> dict[str, str]:
    """The same as texts, events in one order; names of none stay, to be refused."""
    return {
        "url": document["url"],
        "description": document["description"] or "",
        "eventTypes": " ".join(sorted(set(document["eventTypes"]))),
    }


def _back(webhook_id: str, said: str) -> Response[Any]:
    return done(f"/developers/webhooks/{webhook_id}", said)


async def _page(
    request: PageRequest,
    webhook_id: str,
    *,
    status: int = 200,
    secret: str | None = None,
    given: Mapping[str, Any] | None = None,
    problems: Mapping[str, str] | None = None,
    changed: Sequence[Change] = (),
) -> Response[str]:
    context, workspace_id = request.context, request.workspace_id
    asked = request.query_params.get("state", "")
    after = request.query_params.get("after")
    before = id_of(after) if after else None
    if after and before is None:
        raise InvalidParameter(
            problems=[FieldProblem(parameter="after", message=marked("is no event of this list"))]
        )
    found = await webhooks.get(context, workspace_id=workspace_id, webhook_id=webhook_id)
    lines = await webhooks.log(
        context,
        workspace_id=workspace_id,
        webhook_id=webhook_id,
        before=before,
        state=DeliveryState(asked) if asked in set(DeliveryState) else None,
        limit=_PAGE + 1,
    )
    shown = [(shown_id(each.event_id), each) for each in lines[:_PAGE]]
    return page(
        request,
        "webhook.html",
        status=status,
        hook=found,
        secret=secret,
        given=given or _shown(found),
        problems=problems or {},
        changed=changed,
        seen=marks(_texts(_shown(found))),
        events=EVENTS,
        meanings=MEANINGS,
        lines=shown,
        states=[(each.value, words(each)) for each in DeliveryState],
        asked=asked,
        next_after=shown[-1][0] if len(lines) > _PAGE else None,
    )


ROUTES = [
    show_webhook,
    change_webhook,
    switch_webhook,
    rotate_secret,
    send_test,
    replay_events,
    delete_webhook,
]
