"""What the attempts of some days came to, as a page and as a file."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from litestar import Response, get
from litestar.response import Stream

from campana.domain.errors import InvalidParameter
from campana.services import attempt_report, board
from campana.services.attempt_report import Report
from campana.web.console.forms import said_of
from campana.web.console.pages import csv_file, page
from campana.web.console.requests import PageRequest, needs
from campana.web.errors import status_of

_ASKED = ("dateFrom", "dateTo", "campaign")
_MOST_CAMPAIGNS = 100
"""The newest campaigns, to choose one of; any other is reached from its own page."""


@get("/reports", opt=needs("analytics:read"))
async def show_report(request: PageRequest) -> Response[Any]:
    asked = _asked(request)
    found, problems, status = None, dict[str, str](), 200
    try:
        found = await _report(request, asked)
    except InvalidParameter as error:
        problems, status = said_of(error), status_of(error)
    campaigns = await board.newest(
        request.context, workspace_id=request.workspace_id, limit=_MOST_CAMPAIGNS
    )
    if found and found.campaign_name:
        campaigns.setdefault(asked["campaign"], found.campaign_name)
    return page(
        request,
        "reports.html",
        status=status,
        report=found,
        problems=problems,
        asked=asked,
        campaigns=campaigns.items(),
        query=urlencode({name: text for name, text in asked.items() if text}),
    )


@get("/reports.csv", opt=needs("analytics:read"))
async def export_report(request: PageRequest) -> Stream:
    found = await _report(request, _asked(request))
    name = f"report-{found.sums.first}-{found.sums.last}"
    return csv_file(attempt_report.as_csv(found), name)


async def _report(request: PageRequest, asked: dict[str, str]) -> Report:
    return await attempt_report.report(
        request.context,
        workspace_id=request.workspace_id,
        first=asked["dateFrom"],
        last=asked["dateTo"],
        campaign_id=asked["campaign"],
    )


def _asked(request: PageRequest) -> dict[str, str]:
    return {name: request.query_params.get(name, "").strip()[:100] for name in _ASKED}


ROUTES = [show_report, export_report]
