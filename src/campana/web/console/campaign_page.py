"""One campaign: how it stands and why, its funnel, its outcomes, its people."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Stream

from campana.domain.errors import NotFound
from campana.domain.target import TargetState
from campana.services import board, campaign_bots, campaigns, export_files, exports, why
from campana.services.export_files import Format
from campana.services.exports import What
from campana.services.reopening import RETRYABLE
from campana.store import channels, lists
from campana.web.console.campaign_parts import counted, view_of
from campana.web.console.pages import csv_file, page
from campana.web.console.requests import PageRequest, needs
from campana.web.console.words import words


@get("/campaigns/{campaign_id:str}", opt=needs("campaigns:read"))
async def show_campaign(request: PageRequest, campaign_id: FromPath[str]) -> Response[Any]:
    context, workspace_id = request.context, request.workspace_id
    found = await campaigns.get(context, workspace_id=workspace_id, campaign_id=campaign_id)
    lines = await board.named(context, workspace_id=workspace_id, campaign_ids=[campaign_id])
    if not lines:
        raise NotFound
    view = view_of(request, campaign_id)
    counts = await counted(context, workspace_id=workspace_id, campaign_id=campaign_id)
    narrowed = {**view.asked, "after": request.query_params.get("after", "")}
    listed, channel = None, None
    async with context.db.read(workspace_id=workspace_id) as tx:
        if found.list_id and request.may("lists:read"):
            listed = await lists.get(tx, workspace_id=workspace_id, list_id=found.list_id)
        if found.channel_id and request.may("channels:read"):
            channel = await channels.find(tx, workspace_id=workspace_id, wanted=found.channel_id)
    return page(
        request,
        "campaign.html",
        campaign=found,
        listed=listed,
        channel=channel,
        line=lines[0],
        told=await why.why(context, workspace_id=workspace_id, campaign_id=campaign_id),
        counts=counts,
        campaign_id=campaign_id,
        shown=await view.found(context, workspace_id=workspace_id),
        asked=view.asked,
        narrowed=urlencode({name: text for name, text in narrowed.items() if text}),
        states=[(each.value, words(each)) for each in TargetState],
        outcomes=sorted(counts.dispositions),
        retryable=[each.value for each in RETRYABLE if counts.dispositions.get(each)],
        document=msgspec.json.format(
            msgspec.json.encode(campaign_bots.as_written(found.document)), indent=2
        ).decode(),
    )


@get("/campaigns/{campaign_id:str}/people.csv", opt=needs("campaigns:read"))
async def export_people(request: PageRequest, campaign_id: FromPath[str]) -> Stream:
    found = await exports.of_campaign(
        request.context,
        workspace_id=request.workspace_id,
        campaign_id=campaign_id,
        what=What.TARGETS,
    )
    return csv_file(export_files.written(found, Format.CSV), campaign_id)


ROUTES = [show_campaign, export_people]
