"""Whatever goes wrong, the answer is a problem that helps, and never tells of our insides."""

from __future__ import annotations

import json
import logging

import httpx
import msgspec
import pytest

from campana.domain.errors import Unavailable
from campana.services.context import Context
from campana.store import campaigns
from campana.web.request import decoded
from tests.web.described import DOCUMENT, OPERATIONS, PROTECTED, Described
from tests.web.rows import codes

SHAPE = ["type", "title", "status", "detail", "code", "requestId"]


async def test_a_problem_has_all_its_members(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/campaigns?page=0", headers={"x-request-id": "mine-1"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert list(answer.json()) == [*SHAPE, "errors"]
    assert answer.json() == {
        "type": "/docs#invalid_parameter",
        "title": "Invalid parameter",
        "status": 400,
        "detail": "The request is not valid.",
        "code": "invalid_parameter",
        "requestId": "mine-1",
        "errors": [{"parameter": "page", "message": "must be at least 1"}],
    }


async def test_its_type_leads_to_the_reference(api: httpx.AsyncClient) -> None:
    kind = (await api.get("/v1/campaigns/camp_none")).json()["type"]
    page, _, anchor = kind.partition("#")
    assert f'id="{anchor}"' in (await api.get(page)).text


async def test_unknown_addresses_are_problems(anonymous: httpx.AsyncClient) -> None:
    for path in (
        "/v1", "/v2/campaigns", "/v1/campaign", "/v1/campaigns/a/b/c/d", "/v1/x%00y",
        "/%2e%2e/etc/passwd", "/favicon.ico", "/v1/" + "x" * 5000,
    ):  # fmt: skip
        answer = await anonymous.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
        assert list(answer.json()) == SHAPE


async def test_unknown_methods_are_problems_that_list_the_known(api: httpx.AsyncClient) -> None:
    allowed: dict[str, set[str]] = {}
    for operation in OPERATIONS:
        allowed.setdefault(operation.path, {"OPTIONS"}).add(operation.method)
    for path, methods in allowed.items():
        methods |= {"HEAD"} if "GET" in methods else set()
        url = path.replace("{", "").replace("}", "")
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} - methods:
            answer = await api.request(method, url)
            assert answer.status_code == 405, (method, path)
            assert answer.json()["code"] == "method_not_allowed"
            assert set(answer.headers["allow"].split(", ")) == methods, path


async def test_an_id_that_can_be_none_is_not_found(api: httpx.AsyncClient) -> None:
    for shown in ("%00", "camp_%00", "%F0%9F%98%80", "x" * 401, "a%20b", "%25", "camp_x'--"):
        answer = await api.get(f"/v1/campaigns/{shown}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), shown
    for path in ("voice-calls/att_zz", "voice-calls/tgt_1", "voice-calls/att_" + "0" * 33):
        assert (await api.get(f"/v1/{path}")).status_code == 404, path


UNREADABLE = [
    (b"", "Input data was truncated"),
    (b"{", "Input data was truncated"),
    (b"nonsense", "JSON is malformed"),
    (b"{'name': 1}", "JSON is malformed"),
    (b'{"name":"\xff"}', "utf-8"),
    (b'{"name":"\\ud800"}', ""),
    (b'{"lines":1e999}', "out of range"),
    (b'{"name":"a\\u0000b"}', "NUL"),
    (b'{"a\\u0000":1}', "NUL"),
    (b"[" * 100_000, "nested too deep"),
    (b'{"a":' * 60 + b"1" + b"}" * 60, "nested too deep"),
    (b"\xef\xbb\xbf{}", "JSON is malformed"),
    (b'{"name":"a","name":"b"}', '"name" is there twice'),
    (b'{"name":"a","name" \n :"a"}', '"name" is there twice'),
    (b'{"name"\t\t:1e400,"na\\u006de":1}', "out of range"),
    (b'{"name"\t\t:1,"na\\u006de":1}', '"name" is there twice'),
    (b'{"window":{"mon":[{"from":":","from":""}]}}', '"from" is there twice'),
]


async def test_a_body_that_is_no_json_says_why(api: httpx.AsyncClient) -> None:
    for body, message in UNREADABLE:
        answer = await api.post(
            "/v1/campaigns", content=body, headers={"content-type": "application/json"}
        )
        assert answer.status_code == 400, body[:40]
        assert message in codes(answer)[""], body[:40]


def test_what_only_looks_like_a_key_twice_is_none() -> None:
    for body in (
        b'{"a":{"a":[{"a":1},{"a":2}]}}',
        b'{"a":":","b":"\\":\\":","c":" : :"}',
        b'{"a":":","n":' + b"9" * 300 + b"}",
    ):
        assert decoded(body) == msgspec.json.decode(body)


async def test_a_body_that_is_no_object_says_so(api: httpx.AsyncClient) -> None:
    for body in (b"null", b"[]", b"1", b'"x"', b"true"):
        answer = await api.post(
            "/v1/campaigns", content=body, headers={"content-type": "application/json"}
        )
        assert codes(answer) == {"": "must be an object"}, body


async def test_only_json_is_taken_as_json(api: httpx.AsyncClient) -> None:
    for media_type in (
        "text/plain", "application/xml", "application/jsonp", "application/json; charset=latin-1",
        "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "",
    ):  # fmt: skip
        answer = await api.post(
            "/v1/campaigns", content=b"{}", headers={"content-type": media_type}
        )
        expected = (415, "unsupported_media_type")
        assert (answer.status_code, answer.json()["code"]) == expected, media_type
    for media_type in ("application/json", "Application/JSON; charset=UTF-8"):
        answer = await api.post(
            "/v1/campaigns", content=b"{}", headers={"content-type": media_type}
        )
        assert answer.status_code == 400, media_type


BARE = [each for each in PROTECTED if each.method == "POST" and each.body is None]


@pytest.mark.parametrize("operation", BARE, ids=str)
async def test_a_body_where_none_is_meant_is_refused(
    api: httpx.AsyncClient, operation: Described
) -> None:
    """Whoever sends one believes that it does something."""
    wrong = await api.post(operation.url(), json={"force": True})
    assert (wrong.status_code, codes(wrong)) == (400, {"/force": "is not a known field"})
    said = DOCUMENT["paths"][operation.path]["post"]["responses"]
    for content, media_type, status in (
        (b"\0", "text/plain", 415),
        (b"[]", "application/json", 400),
    ):
        answer = await api.post(
            operation.url(), content=content, headers={"content-type": media_type}
        )
        assert (answer.status_code, str(status) in said) == (status, True)
    assert "413" in said


async def test_a_body_over_a_megabyte_is_refused(api: httpx.AsyncClient) -> None:
    body = json.dumps({"name": "x" * 1_000_000}).encode()

    async def in_pieces() -> object:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    for content in (body, in_pieces()):
        answer = await api.post(
            "/v1/campaigns",
            content=content,  # pyright: ignore[reportArgumentType]
            headers={"content-type": "application/json"},
        )
        assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


async def test_operations_without_parameters_refuse_any(api: httpx.AsyncClient) -> None:
    without = [
        each
        for each in OPERATIONS
        if not any(
            p.get("in") == "query"
            for p in DOCUMENT["paths"][each.path][each.method.lower()]["parameters"]
        )
    ]
    assert len(without) > 20
    for operation in without:
        answer = await api.request(operation.method, f"{operation.url()}?surprise=1")
        assert codes(answer) == {"surprise": "is not a parameter of this operation"}, operation


async def test_our_own_failure_tells_nothing_but_its_request_id(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail of the inside")

    monkeypatch.setattr(campaigns, "get", broken)
    with caplog.at_level(logging.ERROR):
        answer = await api.get("/v1/campaigns/camp_1", headers={"x-request-id": "find-me"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert list(answer.json()) == SHAPE
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert "find-me" in caplog.text
    assert "secret detail of the inside" in caplog.text


async def test_a_database_that_does_not_answer_is_unavailable(
    api: httpx.AsyncClient, context: Context
) -> None:
    await context.db.close()
    for path in ("/v1/campaigns", "/v1/campaigns/camp_1", "/readyz"):
        answer = await api.get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable"), path
        assert int(answer.headers["retry-after"]) >= 1
    assert (await api.get("/healthz")).status_code == 200


async def test_a_connection_that_breaks_is_unavailable(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise Unavailable("the database does not answer")

    monkeypatch.setattr(campaigns, "page", broken)
    answer = await api.get("/v1/campaigns")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_every_answer_is_guarded(anonymous: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/v1/campaigns", "/none", "/docs"):
        headers = (await anonymous.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert "cache-control" in headers, path
