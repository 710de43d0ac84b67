"""People, targets and attempts as files, written while they are read."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath
from litestar.response import Stream

from campana.domain.errors import NotFound, Unavailable
from campana.services import export_files, exports
from campana.services.export_files import MEDIA_TYPES, Format
from campana.services.exports import Export, What
from campana.web import segment_examples as examples
from campana.web.operations import Operation, promise
from campana.web.query import Query
from campana.web.request import ApiRequest


class ListExportQuery(Query, frozen=True, kw_only=True):
    format: Format = Format.CSV


class CampaignExportQuery(Query, frozen=True, kw_only=True):
    what: What = What.TARGETS
    format: Format = Format.CSV


@get(
    "/contact-lists/{list_id:str}/export",
    opt=promise(
        Operation(
            "contactLists.export",
            "Download the people of a contact list or segment as CSV or Parquet",
            scope="lists:read",
            query=ListExportQuery,
            answer="text/csv",
            errors=(NotFound, Unavailable),
            example=examples.CONTACTS_CSV,
        )
    ),
)
async def export_list(request: ApiRequest, list_id: FromPath[str]) -> Stream:
    asked = request.parameters(ListExportQuery)
    found = await exports.of_list(
        request.context, workspace_id=request.workspace_id, list_id=list_id
    )
    return _file(found, asked.format, list_id)


@get(
    "/campaigns/{campaign_id:str}/export",
    opt=promise(
        Operation(
            "campaigns.export",
            "Download the targets or the attempts of a campaign as CSV or Parquet",
            scope="campaigns:read",
            query=CampaignExportQuery,
            answer="text/csv",
            errors=(NotFound,),
            example=examples.TARGETS_CSV,
        )
    ),
)
async def export_campaign(request: ApiRequest, campaign_id: FromPath[str]) -> Stream:
    asked = request.parameters(CampaignExportQuery)
    found = await exports.of_campaign(
        request.context,
        workspace_id=request.workspace_id,
        campaign_id=campaign_id,
        what=asked.what,
    )
    return _file(found, asked.format, f"{campaign_id}-{asked.what}")


def _file(found: Export, how: Format, name: str) -> Stream:
    return Stream(
        export_files.written(found, how),
        media_type=MEDIA_TYPES[how],
        headers={"content-disposition": f'attachment; filename="{name}.{how}"'},
    )


ROUTES = [export_list, export_campaign]
