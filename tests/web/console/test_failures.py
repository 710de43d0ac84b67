"""An address that nobody knows: a page for people, a problem for programs."""

from __future__ import annotations

import httpx
import pytest

HTML = "text/html,application/xhtml+xml,*/*;q=0.8"
PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("language", "says"), [("en", "To the first page"), ("es", "A la primera página")]
)
async def test_a_browser_gets_a_page_in_its_language(
    anonymous: httpx.AsyncClient, language: str, says: str
) -> None:
    for path in ("/nowhere", "/nowhere/at/all", "/V1/campaigns"):
        answer = await anonymous.get(path, headers={"accept": HTML, "accept-language": language})
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert says in answer.text


async def test_programs_and_the_api_get_a_problem(anonymous: httpx.AsyncClient) -> None:
    for path, accept in (
        ("/nowhere", "*/*"),
        ("/nowhere", "application/json"),
        ("/v1", HTML),
        ("/v1/nowhere", HTML),
        ("/callbacks/nowhere", HTML),
        ("/healthz/nowhere", HTML),
    ):
        answer = await anonymous.get(path, headers={"accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM), path
