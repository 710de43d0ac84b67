"""The dry run: what a launch now would do, to whom, when, for how much; nobody is contacted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Stream

from campana.domain.errors import CampanaError
from campana.domain.ids import numbered
from campana.domain.window import zone_named
from campana.services import campaigns, outlook, outlook_people
from campana.web.console import wizard
from campana.web.console.draft_lines import lines_of
from campana.web.console.forms import said_of
from campana.web.console.heat import heat_of
from campana.web.console.language import say
from campana.web.console.pages import csv_file, page
from campana.web.console.paging import after_asked
from campana.web.console.requests import PageRequest, needs
from campana.web.errors import status_of

TYPED_ABOVE = 100
"""A launch to more people than this is confirmed by typing the campaign's name."""

_READ = "campaigns:read"
_PEOPLE = 50


@get("/campaigns/{campaign_id:str}/review", opt=needs(_READ))
async def review_campaign(request: PageRequest, campaign_id: FromPath[str]) -> Response[Any]:
    return await review(request, campaign_id)


@get("/campaigns/{campaign_id:str}/review/people", opt=needs(_READ))
async def review_people(request: PageRequest, campaign_id: FromPath[str]) -> Response[Any]:
    """Those a reason keeps out, or without one those who would be contacted."""
    reason = request.query_params.get("reason", "").strip()[:100]
    found = await outlook_people.kept_out(
        request.context,
        workspace_id=request.workspace_id,
        campaign_id=campaign_id,
        reason=reason or None,
        after=after_asked(request, "ctc"),
        limit=_PEOPLE,
    )
    query = {"reason": reason} if reason else {}
    if found.next_after is not None:
        query["after"] = numbered("ctc", found.next_after)
    return page(
        request,
        "review_people.html",
        campaign=found.campaign,
        reason=reason,
        people=[(numbered("ctc", each.id), each) for each in found.people],
        next_query=urlencode(query) if found.next_after is not None else None,
    )


@get("/campaigns/{campaign_id:str}/review.csv", opt=needs(_READ))
async def export_review(request: PageRequest, campaign_id: FromPath[str]) -> Stream:
    """Everybody, and why each would or would not be contacted."""
    pieces = await outlook_people.as_csv(
        request.context, workspace_id=request.workspace_id, campaign_id=campaign_id
    )
    return csv_file(pieces, f"{campaign_id}-dry-run")


async def review(
    request: PageRequest,
    campaign_id: str,
    *,
    problems: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    """The page, with what was wrong with a launch."""
    context, workspace_id = request.context, request.workspace_id
    found = await campaigns.get(context, workspace_id=workspace_id, campaign_id=campaign_id)
    try:
        ahead = await outlook.look_ahead(
            context, workspace_id=workspace_id, campaign_id=campaign_id
        )
    except CampanaError as error:
        return page(
            request,
            "failure.html",
            title=say("There is nothing to launch"),
            status=status_of(error),
            status_code=status_of(error),
            problems=said_of(error),
            # A draft that says too little for a dry run can still be written to its end.
            mend=wizard.mend_link(campaign_id, error.problems[0].pointer)
            if error.problems and request.may("campaigns:write")
            else None,
        )
    return page(
        request,
        "review.html",
        status=status,
        campaign=found,
        ahead=ahead,
        lines=await lines_of(context, found, workspace_id=workspace_id),
        heat=heat_of(ahead),
        first=[
            (each.at, numbered("ctc", each.person.id), each.person, local_times(each.at, zones))
            for each in ahead.first
            for zones in [each.person.zones]
        ],
        must_type=ahead.eligible > TYPED_ABOVE,
        mend_link=wizard.mend_link,
        problems=problems or {},
    )


def local_times(moment: datetime, zones: Sequence[str]) -> list[tuple[str, str]]:
    """What the clocks show there, each with its zone; none where no zone is known."""
    return [
        (f"{moment.astimezone(zone):%Y-%m-%d %H:%M}", name)
        for name in zones
        if (zone := zone_named(name)) is not None
    ]


ROUTES = [review_campaign, review_people, export_review]
