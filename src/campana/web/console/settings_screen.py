"""What holds for the whole workspace: where it may call, how often, for how much, what it keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from litestar import Response, get, post

from campana.domain.caps import CapPer
from campana.domain.errors import CampanaError, FieldProblem, InvalidParameter, NotFound
from campana.services import accounts, policy, retention
from campana.store import accounts as store
from campana.store.accounts import Workspace
from campana.web.console.drafts import plain
from campana.web.console.forms import said_of
from campana.web.console.language import marked, said_options, say
from campana.web.console.pages import done, page
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.console.together import SEEN, STATUS, Change, Met, marks, met
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
    typed = {
        "countries": _codes(given.get("countries", "")),
        "default": given.get("default", "").upper(),
    }
    found = await _met(request, "countries", typed)
    if found.changed:
        return await _page(request, given=found.values, changed=found.changed, status=STATUS)
    try:
        await accounts.allow_countries(
            request.context,
            workspace_id=request.workspace_id,
            countries=found.values["countries"].split(),
            default=found.values["default"] or None,
        )
    except CampanaError as error:
        return await _refused(request, found, error)
    return done("/settings", found.said(say("From now on only these countries are called.")))


@post("/settings/limits", opt=needs(_SCOPE, action="settings.limits"))
@guarded
async def set_limits(request: PageRequest) -> Response[Any]:
    given = await request.fields()
    lines = zip(
        await request.all_of("per"),
        await request.all_of("attempts"),
        await request.all_of("days"),
        strict=False,
    )
    typed = {**given, "caps": _text_of_caps(lines), "timeZone": given.get("timeZone") or "UTC"}
    found = await _met(request, "limits", typed)
    if found.changed:
        return await _page(request, given=found.values, changed=found.changed, status=STATUS)
    try:
        spend = found.values["dailySpendLimit"]
        await policy.replace(
            request.context,
            workspace_id=request.workspace_id,
            raw={
                "caps": _caps(found.values["caps"]),
                "dailySpendLimit": _number(spend, "/dailySpendLimit") if spend else None,
                "timeZone": found.values["timeZone"],
            },
        )
    except CampanaError as error:
        return await _refused(request, found, error)
    return done("/settings", found.said(say("The next attempt obeys these limits.")))


@post("/settings/retention", opt=needs("privacy:write", action="settings.retention"))
@guarded
async def set_retention(request: PageRequest) -> Response[Any]:
    given = await request.fields()
    found = await _met(request, "retention", given)
    if found.changed:
        return await _page(request, given=found.values, changed=found.changed, status=STATUS)
    try:
        await retention.replace(
            request.context,
            workspace_id=request.workspace_id,
            raw={
                name: _number(text, f"/{name}") if text else None
                for name, text in found.values.items()
            },
        )
    except CampanaError as error:
        return await _refused(request, found, error)
    return done("/settings", found.said(say("What is older goes within the hour.")))


async def _refused(request: PageRequest, found: Met, error: CampanaError) -> Response[str]:
    return await _page(
        request, given=found.values, problems=said_of(error), status=status_of(error)
    )


async def _met(request: PageRequest, form: str, typed: Mapping[str, str]) -> Met:
    """What was typed into one of the forms, beside what its fields say by now."""
    names = {
        "countries": say("Where it may call and write"),
        "default": say("Country of numbers without a code"),
        "caps": say("How often anybody is tried, over all campaigns"),
        "dailySpendLimit": say("What all may cost in a day"),
        "timeZone": say("Time zone of that day"),
        **dict(said_options(KEPT)),
    }
    _, now = await _now(request)
    seen = (await request.fields()).get(SEEN, "")
    return met(typed, now[form], seen=seen, names=names)


async def _now(request: PageRequest) -> tuple[Workspace, Mapping[str, Mapping[str, str]]]:
    """What each form's fields say today."""
    context, workspace_id = request.context, request.workspace_id
    async with context.db.read(workspace_id=workspace_id) as tx:
        workspace = await store.workspace(tx, workspace_id=workspace_id)
    if workspace is None:
        raise NotFound
    limits = await policy.show(context, workspace_id=workspace_id)
    kept = msgspec.to_builtins(await retention.show(context, workspace_id=workspace_id))
    caps: list[Mapping[str, Any]] = list(limits.get("caps", ()))
    return workspace, {
        "countries": {
            "countries": " ".join(workspace.allowed_countries),
            "default": workspace.default_country or "",
        },
        "limits": {
            "caps": _text_of_caps((each["per"], each["attempts"], each["days"]) for each in caps),
            "dailySpendLimit": plain(limits.get("dailySpendLimit")),
            "timeZone": limits.get("timeZone", "UTC"),
        },
        "retention": {name: plain(kept.get(name)) for name, _ in KEPT},
    }


def _codes(text: str) -> str:
    """Countries as they are stored: each once, in capitals."""
    return " ".join(dict.fromkeys(text.replace(",", " ").upper().split()))


def _text_of_caps(lines: Iterable[tuple[object, object, object]]) -> str:
    """The lines that were filled in; an empty number of attempts is no cap."""
    return "\n".join(
        f"{str(most).strip()}/{str(span).strip()} {per}"
        for per, most, span in lines
        if str(most).strip()
    )


def _lines_of(text: str) -> list[dict[str, str]]:
    """Caps as the fields of their lines."""
    found: list[dict[str, str]] = []
    for each in text.splitlines():
        numbers, _, per = each.rpartition(" ")
        most, _, days = numbers.partition("/")
        found.append({"per": per, "attempts": most, "days": days})
    return found


def _caps(text: str) -> list[dict[str, Any]]:
    return [
        {
            "per": each["per"],
            "attempts": _number(each["attempts"], f"/caps/{index}/attempts"),
            "days": _number(each["days"], f"/caps/{index}/days"),
        }
        for index, each in enumerate(_lines_of(text))
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
    changed: Sequence[Change] = (),
) -> Response[str]:
    workspace, now = await _now(request)
    shown = {name: text for fields in now.values() for name, text in fields.items()}
    shown |= given or {}
    caps = _lines_of(shown["caps"])
    return page(
        request,
        "settings.html",
        status=status,
        workspace=workspace,
        given=shown,
        problems=problems or {},
        changed=changed,
        seen={form: marks(fields) for form, fields in now.items()},
        caps=[*caps, *({} for _ in range(max(1, _CAPS - len(caps))))],
        pers=[
            (CapPer.NUMBER.value, say("each number")),
            (CapPer.CONTACT.value, say("each contact")),
        ],
        kept=said_options(KEPT),
    )


ROUTES = [show_settings, set_countries, set_limits, set_retention]
