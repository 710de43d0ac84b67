"""What holds for the whole workspace: where it may call, how often, for how much, what it keeps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Response, get, post

from campana.domain.caps import CapPer
from campana.domain.errors import FieldProblem, InvalidParameter, NotFound
from campana.services import accounts, policy, retention
from campana.services.retention import RetentionDocument
from campana.store import accounts as store
from campana.store.accounts import Workspace
from campana.web.console.drafts import plain
from campana.web.console.forms import said_of
from campana.web.console.language import marked, said_options, say
from campana.web.console.pages import done, page
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.console.together import SEEN, STATUS, Change, Met, marks, met, settled
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

    async def store_them(found: Met, now: _Now) -> None:
        await accounts.allow_countries(
            request.context,
            workspace_id=request.workspace_id,
            countries=found.values["countries"].split(),
            default=found.values["default"] or None,
            was=now.workspace,
        )

    said = say("From now on only these countries are called.")
    return await _settled(request, "countries", typed, store_them, said)


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

    async def store_them(found: Met, now: _Now) -> None:
        spend = found.values["dailySpendLimit"]
        await policy.replace(
            request.context,
            workspace_id=request.workspace_id,
            raw={
                "caps": _caps(found.values["caps"]),
                "dailySpendLimit": _number(spend, "/dailySpendLimit") if spend else None,
                "timeZone": found.values["timeZone"],
            },
            was=now.limits,
        )

    said = say("The next attempt obeys these limits.")
    return await _settled(request, "limits", typed, store_them, said)


@post("/settings/retention", opt=needs("privacy:write", action="settings.retention"))
@guarded
async def set_retention(request: PageRequest) -> Response[Any]:
    async def store_them(found: Met, now: _Now) -> None:
        await retention.replace(
            request.context,
            workspace_id=request.workspace_id,
            raw={
                name: _number(text, f"/{name}") if text else None
                for name, text in found.values.items()
            },
            was=now.kept,
        )

    said = say("What is older goes within the hour.")
    return await _settled(request, "retention", await request.fields(), store_them, said)


async def _settled(
    request: PageRequest,
    form: str,
    typed: Mapping[str, str],
    store_them: Callable[[Met, _Now], Awaitable[None]],
    said: str,
) -> Response[Any]:
    """Store what was typed into one of the forms, beside what its fields say by now."""

    async def compare() -> tuple[Met, _Now]:
        now = await _now(request)
        seen = (await request.fields()).get(SEEN, "")
        return met(typed, now.shown[form], seen=seen, names=_names()), now

    found, problem = await settled(compare, store_them)
    if found.changed:
        return await _page(request, given=found.values, changed=found.changed, status=STATUS)
    if problem is not None:
        return await _page(
            request, given=found.values, problems=said_of(problem), status=status_of(problem)
        )
    return done("/settings", found.said(said))


def _names() -> Mapping[str, str]:
    return {
        "countries": say("Where it may call and write"),
        "default": say("Country of numbers without a code"),
        "caps": say("How often anybody is tried, over all campaigns"),
        "dailySpendLimit": say("What all may cost in a day"),
        "timeZone": say("Time zone of that day"),
        **dict(said_options(KEPT)),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Now:
    """What holds today, and what each form's fields say of it."""

    workspace: Workspace
    limits: Mapping[str, Any]
    kept: RetentionDocument
    shown: Mapping[str, Mapping[str, str]]


async def _now(request: PageRequest) -> _Now:
    context, workspace_id = request.context, request.workspace_id
    async with context.db.read(workspace_id=workspace_id) as tx:
        workspace = await store.workspace(tx, workspace_id=workspace_id)
    if workspace is None:
        raise NotFound
    limits = await policy.show(context, workspace_id=workspace_id)
    spans = await retention.show(context, workspace_id=workspace_id)
    kept = msgspec.to_builtins(spans)
    caps: list[Mapping[str, Any]] = list(limits.get("caps", ()))
    shown = {
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
    return _Now(workspace=workspace, limits=limits, kept=spans, shown=shown)


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
    now = await _now(request)
    shown = {name: text for fields in now.shown.values() for name, text in fields.items()}
    shown |= given or {}
    caps = _lines_of(shown["caps"])
    return page(
        request,
        "settings.html",
        status=status,
        workspace=now.workspace,
        given=shown,
        problems=problems or {},
        changed=changed,
        seen={form: marks(fields) for form, fields in now.shown.items()},
        caps=[*caps, *({} for _ in range(max(1, _CAPS - len(caps))))],
        pers=[
            (CapPer.NUMBER.value, say("each number")),
            (CapPer.CONTACT.value, say("each contact")),
        ],
        kept=said_options(KEPT),
    )


ROUTES = [show_settings, set_countries, set_limits, set_retention]
