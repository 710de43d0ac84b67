"""What holds for the whole workspace: where it may call, how often, for how much, what it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response, get, post

from campana.domain.caps import CapPer
from campana.domain.errors import CampanaError, FieldProblem, InvalidParameter, NotFound
from campana.services import accounts, policy, retention
from campana.store import accounts as store
from campana.web.console.forms import said_of
from campana.web.console.language import marked, said_options, say
from campana.web.console.pages import done, page
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.errors import status_of

_SCOPE = "settings:write"
_CAPS = 3
"""Lines for caps at the least; one is always empty."""

KEPT = (
    ("recordingDays", marked("Recordings")),
    ("transcriptDays", marked("Transcripts and keys of calls")),
    ("attemptDays", marked("Whom an attempt was made to")),
    ("messageDays", marked("Messages")),
    ("sessionDays", marked("Sessions of flows")),
    ("importRowDays", marked("Rows of files; then no undo")),
    ("eventDays", marked("Events and deliveries")),
)


@get("/settings", opt=needs(_SCOPE))
async def show_settings(request: PageRequest) -> Response[Any]:
    return await _page(request)


@post("/settings/countries", opt=needs(_SCOPE, action="settings.countries"))
@guarded
async def set_countries(request: PageRequest) -> Response[Any]:
    given = await request.fields()
    countries = given.get("countries", "").replace(",", " ").upper().split()
    try:
        await accounts.allow_countries(
            request.context,
            workspace_id=request.workspace_id,
            countries=list(dict.fromkeys(countries)),
            default=given.get("default", "").upper() or None,
        )
    except CampanaError as error:
        return await _page(request, given=given, problems=said_of(error), status=status_of(error))
    return done("/settings", say("From now on only these countries are called."))


@post("/settings/limits", opt=needs(_SCOPE, action="settings.limits"))
@guarded
async def set_limits(request: PageRequest) -> Response[Any]:
    given = await request.fields()
    try:
        caps = _caps(
            await request.all_of("per"),
            await request.all_of("attempts"),
            await request.all_of("days"),
        )
        spend = given.get("dailySpendLimit", "")
        await policy.replace(
            request.context,
            workspace_id=request.workspace_id,
            raw={
                "caps": caps,
                "dailySpendLimit": _number(spend, "/dailySpendLimit") if spend else None,
                "timeZone": given.get("timeZone") or "UTC",
            },
        )
    except CampanaError as error:
        return await _page(request, given=given, problems=said_of(error), status=status_of(error))
    return done("/settings", say("The next attempt obeys these limits."))


@post("/settings/retention", opt=needs("privacy:write", action="settings.retention"))
@guarded
async def set_retention(request: PageRequest) -> Response[Any]:
    given = await request.fields()
    try:
        await retention.replace(
            request.context,
            workspace_id=request.workspace_id,
            raw={
                name: _number(given[name], f"/{name}") if given.get(name) else None
                for name, _ in KEPT
            },
        )
    except CampanaError as error:
        return await _page(request, given=given, problems=said_of(error), status=status_of(error))
    return done("/settings", say("What is older goes within the hour."))


def _caps(pers: list[str], attempts: list[str], days: list[str]) -> list[dict[str, Any]]:
    """The lines that were filled in; an empty number of attempts is no cap."""
    return [
        {
            "per": per,
            "attempts": _number(most, f"/caps/{index}/attempts"),
            "days": _number(span, f"/caps/{index}/days"),
        }
        for index, (per, most, span) in enumerate(zip(pers, attempts, days, strict=False))
        if most.strip()
    ]


def _number(text: str, pointer: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        problem = FieldProblem(pointer=pointer, message=marked("must be a number"))
        raise InvalidParameter(problems=[problem]) from None


async def _page(
    request: PageRequest,
    *,
    status: int = 200,
    given: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> Response[str]:
    context, workspace_id = request.context, request.workspace_id
    async with context.db.read(workspace_id=workspace_id) as tx:
        workspace = await store.workspace(tx, workspace_id=workspace_id)
    if workspace is None:
        raise NotFound
    written = await policy.show(context, workspace_id=workspace_id)
    kept = msgspec.to_builtins(await retention.show(context, workspace_id=workspace_id))
    caps: list[Mapping[str, Any]] = list(written.get("caps", ()))
    caps += [{} for _ in range(max(1, _CAPS - len(caps)))]
    as_it_is = {
        "countries": " ".join(workspace.allowed_countries),
        "default": workspace.default_country,
        "dailySpendLimit": written.get("dailySpendLimit"),
        "timeZone": written.get("timeZone", "UTC"),
        **kept,
    }
    return page(
        request,
        "settings.html",
        status=status,
        workspace=workspace,
        given={**as_it_is, **(given or {})},
        problems=problems or {},
        caps=caps,
        pers=[
            (CapPer.NUMBER.value, say("each number")),
            (CapPer.CONTACT.value, say("each contact")),
        ],
        kept=said_options(KEPT),
    )


ROUTES = [show_settings, set_countries, set_limits, set_retention]
