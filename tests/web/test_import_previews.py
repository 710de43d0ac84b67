"""A file's first rows as they would go in: told at once, and nothing is kept."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from campana.services.context import Context
from tests.support.people import ANA, BRUNO, CARLA, csv_of
from tests.support.sheets import xlsx
from tests.web.rows import codes


@pytest.fixture
async def url(api: httpx.AsyncClient) -> str:
    made = await api.post("/v1/contact-lists", json={"name": "People", "defaultCountry": "US"})
    return made.headers["location"]


async def preview(
    api: httpx.AsyncClient, url: str, content: bytes, **fields: Any
) -> httpx.Response:
    return await api.post(f"{url}/imports/preview", files={"file": ("x", content)}, data=fields)


async def test_shows_what_columns_mean_and_what_rows_become(
    api: httpx.AsyncClient, context: Context, url: str
) -> None:
    known = {"contacts": [{"externalId": "b", "phones": [BRUNO], "firstName": "Bruno"}]}
    assert (await api.post(f"{url}/contacts", json=known)).status_code == 200
    rows = [
        ["Phone", "Name", "id", "E-Mail", "Balance", "Campana reason"],
        [2015550101, "Ana Silva", "a", "Ana@Example.org", "1.234,50", "was wrong"],
        [BRUNO, "", "b", "", 5, ""],
        ["nobody", "Carla", "c", "", "", ""],
    ]
    answer = await preview(
        api, url, xlsx(rows), types=json.dumps({"balance": "number"}), duplicates="update"
    )
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [each["meaning"] for each in found["columns"]] == [
        "phone", "name", "external_id", "email", "balance", None,
    ]  # fmt: skip
    assert [each["result"] for each in found["rows"]] == ["accepted", "updated", "rejected"]
    ana, bruno, carla = found["rows"]
    assert ana["contact"]["addresses"] == [
        {
            "kind": "phone",
            "value": ANA,
            "country": "US",
            "numberType": "fixed_line_or_mobile",
            "timeZones": ["America/New_York"],
        },
        {
            "kind": "email",
            "value": "ana@example.org",
            "country": None,
            "numberType": None,
            "timeZones": [],
        },
    ]
    assert ana["contact"]["attributes"] == {"name": "Ana Silva", "balance": 1234.5}
    assert (bruno["contact"]["firstName"], bruno["contact"]["attributes"]) == (
        "Bruno", {"balance": 5},
    )  # fmt: skip
    assert carla["refusal"]["column"] == "Phone"
    assert carla["refusal"]["suggestion"]
    people = (await api.get(f"{url}/contacts")).json()["data"]
    assert [each["externalId"] for each in people] == ["b"]
    assert not list(context.blobs.path("previews").iterdir())


async def test_only_the_first_twenty_rows_are_shown(api: httpx.AsyncClient, url: str) -> None:
    content = csv_of(["phone"], [["nobody"] if n % 2 else [CARLA] for n in range(50)])
    rows = (await preview(api, url, content)).json()["rows"]
    assert [each["row"] for each in rows] == list(range(1, 21))


async def test_a_file_or_meaning_that_does_not_fit_is_named(
    api: httpx.AsyncClient, context: Context, url: str
) -> None:
    good = csv_of(["phone", "note"], [[ANA, "x"]])
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
    wide = b",".join(b"c%d" % n for n in range(1_000_000)) + b"\n1\n"
    for content, fields, pointer in (
        (png, {}, "/file"),
        (wide, {}, "/file"),
        (good, {"mapping": '{"phone": "phone", "whatsapp": "phone"}'}, "/mapping/whatsapp"),
        (good, {"mapping": '{"phone": "phone", "Phone": "note"}'}, "/mapping/Phone"),
        (good, {"types": '{"nothing": "number"}'}, "/types/nothing"),
        (good, {"types": '{"note": "money"}'}, "/types/note"),
        (good, {"types": "{"}, "/types"),
        (good, {"dryRun": "maybe"}, "/dryRun"),
        (good, {"defaultCountry": "ZZ"}, "/defaultCountry"),
    ):
        answer = await preview(api, url, content, **fields)
        assert answer.status_code == 400, (fields, answer.text)
        assert codes(answer).keys() == {pointer}
    assert (await preview(api, "/v1/contact-lists/list_none", good)).status_code == 404
    assert not list(context.blobs.path("previews").iterdir())
