"""What holds for every answer: its request id, HEAD and OPTIONS, and that it is counted."""

from __future__ import annotations

import itertools

import httpx

from campana.services.context import Context
from tests.web.described import OPERATIONS
from tests.web.rows import add_campaign


async def test_a_request_id_comes_back(anonymous: httpx.AsyncClient) -> None:
    ids, paths = ("a", "A-1_b.c:d/e+f=@", "x" * 128), ("/healthz", "/v1/campaigns", "/none")
    for given, path in itertools.product(ids, paths):
        answer = await anonymous.get(path, headers={"x-request-id": given})
        assert answer.headers["x-request-id"] == given
        if answer.status_code >= 400:
            assert answer.json()["requestId"] == given


async def test_an_unfit_request_id_is_replaced(anonymous: httpx.AsyncClient) -> None:
    for given in ("", "x" * 129, "a b", "a\tb", "é", "<script>", 'a"b'):
        answer = await anonymous.get("/none", headers={b"x-request-id": given.encode()})
        made = answer.headers["x-request-id"]
        assert made != given
        assert answer.json()["requestId"] == made


async def test_each_request_gets_an_id_of_its_own(anonymous: httpx.AsyncClient) -> None:
    made = {(await anonymous.get("/healthz")).headers["x-request-id"] for _ in range(20)}
    assert len(made) == 20


async def test_head_is_get_without_a_body(api: httpx.AsyncClient) -> None:
    for path in ("/v1/campaigns", "/v1/campaigns/none", "/healthz", "/docs", "/none"):
        get, head = await api.get(path), await api.head(path)
        assert (head.status_code, head.content) == (get.status_code, b""), path
        for name in ("content-type", "content-length", "etag"):
            assert head.headers.get(name) == get.headers.get(name), (path, name)


async def test_options_tells_the_methods_without_a_key(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.options("/v1/campaigns")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    by_path: dict[str, set[str]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.url(), {"OPTIONS"}).add(operation.method)
    for url, methods in by_path.items():
        methods |= {"HEAD"} if "GET" in methods else set()
        assert set((await anonymous.options(url)).headers["allow"].split(", ")) == methods


async def test_requests_are_counted_by_route_not_by_address(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    campaign = await add_campaign(context, workspace_id=workspace_id)
    for path in (campaign.id, "camp_none"):
        await api.get(f"/v1/campaigns/{path}")
    await api.head("/v1/campaigns")
    await api.get("/v1/secret-number-42")
    await api.request("BREW", "/v1/campaigns")
    text = (await api.get("/metrics")).text
    counted = [line for line in text.splitlines() if line.startswith("campana_http_requests_total")]
    route = "/v1/campaigns/{campaign_id}"
    assert _line("GET", route, 200) in counted
    assert _line("GET", route, 404) in counted
    assert _line("HEAD", "/v1/campaigns", 200) in counted
    assert _line("GET", "unknown", 404) in counted
    assert _line("other", "unknown", 405) in counted
    assert "secret-number-42" not in text
    assert 'campana_http_request_seconds_bucket{le="+Inf",route="/v1/campaigns"} 1.0' in text


def _line(method: str, route: str, status: int) -> str:
    labels = f'method="{method}",route="{route}",status="{status}"'
    return f"campana_http_requests_total{{{labels}}} 1.0"
