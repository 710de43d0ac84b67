"""The description is the committed one, whole, and its examples are true to its schemas."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from litestar import Litestar
from litestar.routes import HTTPRoute

from campana.domain import errors
from campana.domain.errors import CampanaError, SetupError
from campana.services.accounts import SCOPES
from campana.services.context import Context
from campana.web.app import build
from campana.web.errors import STATUS
from campana.web.meter import Meter
from campana.web.operations import operation_of
from tests.web.described import DOCUMENT, DOCUMENT_FILE, OPERATIONS

REFRESH = "CAMPANA_REFRESH_OPENAPI"


@pytest.fixture
def routes(context: Context) -> Litestar:
    return build(context, meter=Meter())


async def test_the_served_description_is_the_committed_one(anonymous: httpx.AsyncClient) -> None:
    served = (await anonymous.get("/openapi.json")).content
    if os.environ.get(REFRESH):
        DOCUMENT_FILE.write_bytes(served)
    assert served == DOCUMENT_FILE.read_bytes(), (
        f"the API changed: look at the difference, then run this test with {REFRESH}=1"
    )


def test_it_describes_every_route(routes: Litestar) -> None:
    handlers = [
        operation_of(handler).id
        for route in routes.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if method != "OPTIONS"
    ]
    assert sorted(handlers) == sorted(operation.id for operation in OPERATIONS)
    assert len(set(handlers)) == len(handlers)


def test_every_scope_is_used_and_every_used_one_exists() -> None:
    assert {operation.scope for operation in OPERATIONS} - {""} == SCOPES.keys()


def test_every_error_has_a_status() -> None:
    kinds = {
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, CampanaError)
    }
    # What an operator must mend before anything runs never answers a request.
    assert kinds - set(STATUS) == {CampanaError, SetupError}


def test_every_operation_says_what_may_go_wrong() -> None:
    for path, methods in DOCUMENT["paths"].items():
        for operation in methods.values():
            statuses = set(operation["responses"])
            wanted = {"400", "500", "503"}
            wanted |= {"401", "403"} if operation["security"] else set()
            wanted |= {"404"} if "{" in path else set()
            wanted |= {"413", "415"} if "requestBody" in operation else set()
            assert wanted <= statuses, operation["operationId"]


def _answer(response: Any) -> Any:
    name = response.get("$ref", "").rpartition("/")[2]
    return DOCUMENT["components"]["responses"][name] if name else response


def _examples() -> Iterator[tuple[str, Any, Any]]:
    for methods in DOCUMENT["paths"].values():
        for operation in methods.values():
            contents = [operation.get("requestBody", {}).get("content", {})]
            contents += [
                _answer(each).get("content", {}) for each in operation["responses"].values()
            ]
            for content in contents:
                for media in content.values():
                    if "example" in media:
                        yield operation["operationId"], media["schema"], media["example"]
                    for each in media.get("examples", {}).values():
                        yield operation["operationId"], media["schema"], each["value"]


def test_every_example_is_true_to_its_schema() -> None:
    for name, schema, example in _examples():
        validator = Draft202012Validator({**schema, "components": DOCUMENT["components"]})
        found = [error.message for error in validator.iter_errors(example)]
        assert not found, f"{name}: {found}"


async def test_the_description_is_what_it_says_of_itself(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/openapi.json")
    described = DOCUMENT["paths"]["/openapi.json"]["get"]["responses"]["200"]["content"]
    assert Draft202012Validator(described["application/json"]["schema"]).is_valid(answer.json())


def test_every_json_answer_has_an_example() -> None:
    for methods in DOCUMENT["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                media = answer.get("content", {}).get("application/json", {})
                if status < "300" and "$ref" in media.get("schema", {}):
                    assert "example" in media, operation["operationId"]


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(DOCUMENT)
    for reference in {part.split('"')[0] for part in text.split('"$ref": "')[1:]}:
        found: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


async def test_the_page_tells_of_every_operation_and_every_error(
    anonymous: httpx.AsyncClient,
) -> None:
    page = await anonymous.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for operation in OPERATIONS:
        assert f'id="{operation.id}"' in page.text
    for kind in STATUS:
        assert f'id="{kind.code()}"' in page.text


async def test_the_page_fetches_and_runs_nothing(anonymous: httpx.AsyncClient) -> None:
    page = await anonymous.get("/docs")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for word in ("<script", "<link", "<img", "@import", "url("):
        assert word not in page.text
