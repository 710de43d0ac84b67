"""One campaign: how it stands and why, its funnel, its outcomes, its people."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Stream

from campana.domain.disposition import Disposition
from campana.domain.errors import NotFound
from campana.domain.ids import numbered
from campana.domain.target import TargetState
from campana.services import board, campaign_bots, campaigns, export_files, exports, why
from campana.services.export_files import Format
from campana.services.exports import What
from campana.services.reopening import RETRYABLE
from campana.store import targets
from campana.web.console.pages import csv_file, page
from campana.web.console.paging import after_asked
from campana.web.console.requests import PageRequest, needs
from campana.web.console.words import words

_PEOPLE = 50


@get("/campaigns/{campaign_id:str}", opt=needs("campaigns:read"))
async def show_campaign(request: PageRequest, campaign_id: FromPath[str]) -> Response[Any]:
    context, workspace_id = request.context, request.workspace_id
    found = await campaigns.get(context, workspace_id=workspace_id, campaign_id=campaign_id)
    lines = await board.named(context, workspace_id=workspace_id, campaign_ids=[campaign_id])
    if not lines:
        raise NotFound
    state = _one_of(request.query_params.get("state"), set(TargetState))
    disposition = _one_of(request.query_params.get("outcome"), set(Disposition))
    async with context.db.read(workspace_id=workspace_id) as tx:
        counts = await context.counts.campaign(
            tx, campaign_id=campaign_id, monotonic=context.monotonic
        )
        people = await targets.page(
            tx,
            campaign_id=campaign_id,
            after=after_asked(request, "tgt"),
            limit=_PEOPLE + 1,
            state=TargetState(state) if state else None,
            disposition=Disposition(disposition) if disposition else None,
        )
    shown = people[:_PEOPLE]
    return page(
        request,
        "campaign.html",
        campaign=found,
        line=lines[0],
        told=await why.why(context, workspace_id=workspace_id, campaign_id=campaign_id),
        counts=counts,
        people=[(numbered("tgt", each.id), each) for each in shown],
        next_after=numbered("tgt", shown[-1].id) if len(people) > _PEOPLE else None,
        asked={"state": state or "", "outcome": disposition or ""},
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


def _one_of(asked: str | None, known: set[Any]) -> str | None:
    return asked if asked in {str(each) for each in known} else None


ROUTES = [show_campaign, export_people]
