"""The campaigns: searched, filtered and sorted in the address, their bars alive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from litestar import Response, get

from campana.domain.campaign import CampaignState, CampaignStatus, ChannelType, states_of
from campana.services import board
from campana.store.campaign_search import Search
from campana.web.console.language import marked, said_options, say
from campana.web.console.pages import page, to
from campana.web.console.paging import last_page, number_asked
from campana.web.console.requests import PageRequest, needs

_PAGE = 25
_ASKED = ("q", "status", "channel", "sort")
_SORTS = (
    ("newest", marked("Newest first")),
    ("oldest", marked("Oldest first")),
    ("name", marked("By name")),
)
_STATUSES = [
    *((status.value, status.value) for status in CampaignStatus),
    ("Draft", marked("Drafts")),
    ("Archived", marked("Archived")),
]


@get("/campaigns", opt=needs("campaigns:read"))
async def show_campaigns(request: PageRequest) -> Response[Any]:
    """With `choose=page` every box is ticked: where no script does that."""
    given = request.query_params
    asked = {name: given.get(name, "").strip()[:200] for name in _ASKED}
    number = number_asked(request)
    sort = asked["sort"] if asked["sort"] in dict(_SORTS) else "newest"
    lines, total = await board.page(
        request.context,
        workspace_id=request.workspace_id,
        search=Search(
            words=asked["q"] or None,
            states=_states(asked["status"]),
            channel_type=asked["channel"] if asked["channel"] in set(ChannelType) else None,
            sort=sort,
            archived=asked["status"] == "Archived",
        ),
        limit=_PAGE,
        offset=(number - 1) * _PAGE,
    )
    query = urlencode({name: text for name, text in asked.items() if text})
    last = last_page(total, _PAGE)
    if number > last:
        return to(f"/campaigns?{query}&page={last}")
    return page(
        request,
        "campaigns.html",
        lines=lines,
        total=total,
        number=number,
        last=last,
        asked={**asked, "sort": sort},
        query=query,
        is_narrowed=any(asked[name] for name in ("q", "status", "channel")),
        sorts=said_options(_SORTS),
        statuses=said_options(_STATUSES),
        channels=[(each.value, say(each.value)) for each in ChannelType],
        ids=",".join(line.found.id for line in lines),
        back=_kept({**given, "page": str(number) if number > 1 else ""}),
        are_chosen=given.get("choose") == "page",
    )


def list_path(back: str) -> str:
    """The list as somebody had narrowed it: `back` is what its address asked."""
    kept = _kept(dict(parse_qsl(back[:2000])))
    return f"/campaigns?{kept}" if kept else "/campaigns"


def _kept(given: Mapping[str, str]) -> str:
    """Of an address what the list asks for, and no more."""
    asked = {name: given.get(name, "").strip()[:200] for name in (*_ASKED, "page")}
    return urlencode({name: text for name, text in asked.items() if text})


def _states(status: str) -> list[CampaignState] | None:
    if status == "Draft":
        return [CampaignState.DRAFT]
    return list(states_of(CampaignStatus(status))) if status in set(CampaignStatus) else None


ROUTES = [show_campaigns]
