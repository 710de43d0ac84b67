"""Filters, paging and their mistakes: every combination against a plain reading of the contract."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import httpx

from campana.domain.campaign import STATUS_OF, Campaign, CampaignState, ChannelType
from campana.services.context import Context
from tests.support.database import NOW
from tests.web.rows import add_campaign, at, codes

STATES = list(CampaignState)
STARTS = [None, at("2026-01-15"), at("2026-01-31T23:59:59Z"), at("2026-02-01"), at("2026-03-01")]


async def add_variety(context: Context, workspace_id: int) -> list[Campaign]:
    """Campaigns of every state, channel type and start, three to a creation time; newest first."""
    made: list[Campaign] = []
    channels = itertools.cycle(ChannelType)
    for number, (state, start) in enumerate(itertools.product(STATES, STARTS)):
        made.append(
            await add_campaign(
                context,
                workspace_id=workspace_id,
                state=state,
                channel_type=next(channels),
                start_date=start,
                created_at=NOW - timedelta(minutes=number // 3),
            )
        )
    return sorted(made, key=lambda each: (-each.created_at.timestamp(), each.id))


def matching(
    campaigns: list[Campaign],
    *,
    status: str | None,
    channel: str | None,
    first: datetime | None,
    last: datetime | None,
) -> list[str]:
    """What the contract says a page of all of them shows."""
    return [
        each.id
        for each in campaigns
        if status in {None, STATUS_OF[each.state]}
        and channel in {None, each.channel_type}
        and (first is None or (each.start_date is not None and each.start_date >= first))
        and (last is None or (each.start_date is not None and each.start_date <= last))
    ]


async def test_filters_narrow_alone_and_together(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    campaigns = await add_variety(context, workspace_id)
    froms = {None: None, "2026-01-31": at("2026-01-31"), "2026-02-01T00:00:00Z": at("2026-02-01")}
    tos = {
        None: None,
        "2026-01-31": at("2026-01-31") + timedelta(days=1, microseconds=-1),
        "2026-01-31T23:59:59Z": at("2026-01-31T23:59:59Z"),
    }
    for status, channel, start, end in itertools.product(
        [None, "Running", "Paused", "Completed"], [None, *ChannelType], froms, tos
    ):
        if start == "2026-02-01T00:00:00Z" and end is not None:
            continue
        given = {"status": status, "channelType": channel, "dateFrom": start, "dateTo": end}
        query = {name: value for name, value in given.items() if value is not None}
        page = (await api.get("/v1/campaigns", params=query | {"pageSize": 100})).json()
        expected = matching(
            campaigns, status=status, channel=channel, first=froms[start], last=tos[end]
        )
        assert [each["id"] for each in page["data"]] == expected, query
        assert page["totalCount"] == len(expected)


async def test_pages_cover_everything_once_newest_first_ties_by_id(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    campaigns = await add_variety(context, workspace_id)
    for size in (1, 7, len(campaigns) - 1, len(campaigns), 100):
        seen: list[str] = []
        for number in range(1, -(-len(campaigns) // size) + 1):
            query = {"page": number, "pageSize": size}
            page = (await api.get("/v1/campaigns", params=query)).json()
            assert (page["page"], page["pageSize"]) == (number, size)
            assert page["totalCount"] == len(campaigns)
            seen += [each["id"] for each in page["data"]]
        assert seen == [each.id for each in campaigns]


async def test_a_page_is_25_unless_told(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    for _ in range(26):
        await add_campaign(context, workspace_id=workspace_id)
    first = (await api.get("/v1/campaigns")).json()
    assert (first["page"], first["pageSize"], len(first["data"])) == (1, 25, 25)
    second = (await api.get("/v1/campaigns", params={"page": 2})).json()
    assert (second["pageSize"], len(second["data"]), second["totalCount"]) == (25, 1, 26)


async def test_past_the_end_is_empty_with_the_true_count(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    await add_campaign(context, workspace_id=workspace_id)
    for page in (2, 3, 1_000, 1_000_000_000):
        answer = await api.get("/v1/campaigns", params={"page": page, "pageSize": 100})
        expected = b'{"data":[],"page":%d,"pageSize":100,"totalCount":1}' % page
        assert answer.content == expected


async def test_nothing_yet_is_an_empty_page(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/campaigns")
    assert answer.content == b'{"data":[],"page":1,"pageSize":25,"totalCount":0}'


async def test_the_count_is_true_after_every_kind_of_write(api: httpx.AsyncClient) -> None:
    draft = {"name": "N", "type": "Flow", "channelType": "Email"}

    async def count(**query: str) -> int:
        return int((await api.get("/v1/campaigns", params=query)).json()["totalCount"])

    assert await count() == 0
    made = await api.post("/v1/campaigns", json=draft)
    assert (await count(), await count(channelType="SMS")) == (1, 0)
    await api.patch(
        made.headers["location"], json={"channelType": "SMS"}, headers={"if-match": "*"}
    )
    assert (await count(), await count(channelType="SMS")) == (1, 1)
    assert await count(status="Completed") == 0
    await api.post(f"{made.headers['location']}/cancel")
    assert (await count(status="Completed"), await count(status="Paused")) == (1, 0)
    second = await api.post("/v1/campaigns", json=draft)
    await api.delete(second.headers["location"])
    assert await count() == 1


BAD = [
    ("status=running", {"status": "must be one of Completed, Paused, Running"}),
    ("status=Draft", {"status": "must be one of Completed, Paused, Running"}),
    ("status=", {"status": "must not be empty"}),
    ("status=Running,Paused", {"status": "must be one of Completed, Paused, Running"}),
    ("status=Running&status=Paused", {"status": "is given more than once"}),
    ("status=Running&status=Running", {"status": "is given more than once"}),
    ("channelType=voice", {"channelType": "must be one of Email, SMS, Voice, WhatsApp"}),
    ("channelType=Whatsapp", {"channelType": "must be one of Email, SMS, Voice, WhatsApp"}),
    ("channelType=Fax", {"channelType": "must be one of Email, SMS, Voice, WhatsApp"}),
    ("channelType=", {"channelType": "must not be empty"}),
    ("dateFrom=yesterday", {"dateFrom": "must be an ISO 8601 date or time"}),
    ("dateFrom=2024-13-01", {"dateFrom": "must be an ISO 8601 date or time"}),
    ("dateFrom=2024-02-30", {"dateFrom": "must be an ISO 8601 date or time"}),
    ("dateFrom=01/02/2024", {"dateFrom": "must be an ISO 8601 date or time"}),
    ("dateTo=2024-01-01T25:00:00Z", {"dateTo": "must be an ISO 8601 date or time"}),
    ("dateTo=", {"dateTo": "must not be empty"}),
    ("dateFrom=1704067200", {"dateFrom": "must be an ISO 8601 date or time"}),
    ("dateFrom=0001-01-01T00:00:00%2B14:00", {"dateFrom": "must be an ISO 8601 date or time"}),
    ("dateFrom=2024-02-01&dateTo=2024-01-31", {"dateFrom": "must not be after dateTo"}),
    ("dateFrom=2024-02-01T00:00:01Z&dateTo=2024-02-01T00:00:00Z",
     {"dateFrom": "must not be after dateTo"}),
    ("page=0", {"page": "must be at least 1"}),
    ("page=-1", {"page": "must be at least 1"}),
    ("page=one", {"page": "must be a whole number"}),
    ("page=1.0", {"page": "must be a whole number"}),
    ("page=1e3", {"page": "must be a whole number"}),
    ("page=01", {"page": "must be a whole number"}),
    ("page=%2B1", {"page": "must be a whole number"}),
    ("page=%D9%A1", {"page": "must be a whole number"}),
    ("page=99999999999999999999", {"page": "must be a whole number"}),
    ("page=1000000001", {"page": "must be at most 1000000000"}),
    ("page=", {"page": "must not be empty"}),
    ("page", {"page": "must not be empty"}),
    ("page=1&page=2", {"page": "is given more than once"}),
    ("pageSize=0", {"pageSize": "must be at least 1"}),
    ("pageSize=101", {"pageSize": "must be at most 100"}),
    ("pageSize=true", {"pageSize": "must be a whole number"}),
    ("pagesize=10", {"pagesize": "is not a parameter of this operation"}),
    ("limit=10", {"limit": "is not a parameter of this operation"}),
    ("=1", {"": "is not a parameter of this operation"}),
    ("sort=name&order=asc", {"sort": "is not a parameter of this operation",
                             "order": "is not a parameter of this operation"}),
    ("expand=", {"expand": "must not be empty"}),
    ("expand=stats", {"expand": "entry 1 must be one of configuration, progress, state"}),
    ("expand=state,", {"expand": "entry 2 must be one of configuration, progress, state"}),
    ("status=Running%00", {"status": "must not hold a NUL character"}),
    ("status=x&channelType=y&page=0&pageSize=101&dateFrom=z&dateTo=&foo=1&expand=q", {
        "status": "must be one of Completed, Paused, Running",
        "channelType": "must be one of Email, SMS, Voice, WhatsApp",
        "page": "must be at least 1", "pageSize": "must be at most 100",
        "dateFrom": "must be an ISO 8601 date or time", "dateTo": "must not be empty",
        "foo": "is not a parameter of this operation",
        "expand": "entry 1 must be one of configuration, progress, state"}),
]  # fmt: skip


async def test_every_bad_parameter_is_named_with_its_reason(api: httpx.AsyncClient) -> None:
    for query, expected in BAD:
        answer = await api.get(f"/v1/campaigns?{query}")
        assert (answer.status_code, codes(answer)) == (400, expected), query
        assert answer.json()["code"] == "invalid_parameter"


GOOD = [
    "page=1", "pageSize=1", "pageSize=100", "status=Running", "channelType=WhatsApp",
    "dateFrom=2024-01-01", "dateFrom=2024-01-01T10:00:00Z", "dateTo=2024-01-01T10:00:00%2B02:00",
    "dateFrom=2024-01-01&dateTo=2024-01-01", "dateTo=9999-12-31", "dateFrom=0001-01-01",
    "expand=state,configuration,progress", "expand=state,state", "&page=1&",
]  # fmt: skip


async def test_good_parameters_are_taken(api: httpx.AsyncClient) -> None:
    for query in GOOD:
        assert (await api.get(f"/v1/campaigns?{query}")).status_code == 200, query


async def test_a_query_that_is_not_utf8_is_refused(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/campaigns?status=%ff")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameter")
