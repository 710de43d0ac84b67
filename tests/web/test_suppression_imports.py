"""Uploading a file of numbers nobody may contact, following it, downloading what was refused."""

from __future__ import annotations

from typing import Any

import httpx

from campana.services import suppression_imports
from campana.services.context import Context
from tests.web.rows import codes

URL = "/v1/suppression-imports"
NUMBERS = b"phone,reason\n(202) 555-0142,moved\n+13125550143,\n12,\n=1+1,\n"


async def upload(
    api: httpx.AsyncClient, content: bytes = NUMBERS, /, **fields: Any
) -> httpx.Response:
    return await api.post(URL, files={"file": ("never.csv", content, "text/csv")}, data=fields)


async def test_a_file_is_taken_and_followed_to_its_end(
    api: httpx.AsyncClient, engine_context: Context
) -> None:
    taken = await upload(api, reason="registry", source="state", expiresAt="2026-12-31")
    assert taken.status_code == 202
    progress = taken.headers["location"]
    assert (await api.get(progress)).json() == taken.json()
    assert (taken.json()["state"], taken.json()["expiresAt"]) == ("queued", "2026-12-31T23:59:59Z")
    await suppression_imports.run(engine_context, import_id=taken.json()["id"])
    done = (await api.get(progress)).json()
    assert (done["state"], done["problem"]) == ("done", None)
    assert done["rows"] == {
        "done": 4, "accepted": 2, "updated": 0, "duplicate": 0, "rejected": 2,
    }  # fmt: skip
    errors = await api.get(f"{progress}/errors")
    assert errors.headers["content-type"].startswith("text/csv")
    assert errors.text.splitlines()[1:] == [
        "3,phone,12,no such number exists in US",
        "4,phone,'=1+1,this is not a phone number",
    ]
    asked = {"addresses": ["+12025550142", "+13125550143"]}
    found = (await api.post("/v1/suppressions:check", json=asked)).json()["data"]
    assert [
        (each["reason"], each["source"], each["expiresAt"])
        for one in found
        for each in one["suppressions"]
    ] == [
        ("moved", "state", "2026-12-31T23:59:59Z"),
        ("registry", "state", "2026-12-31T23:59:59Z"),
    ]


async def test_every_wrong_part_of_the_form_is_named(api: httpx.AsyncClient) -> None:
    assert codes(await upload(api)).keys() == {"/reason"}
    nowhere = await upload(api, reason="r", defaultCountry="ZZ")
    assert codes(nowhere).keys() == {"/defaultCountry"}
    wrong = await upload(api, reason="r", scope="all", surprise="1", expiresAt="soon")
    assert codes(wrong).keys() == {"/scope", "/surprise", "/expiresAt"}
    assert codes(await upload(api, reason="r", scope="campaign")).keys() == {"/campaignId"}
    assert codes(await upload(api, b"name\nAna\n", reason="r")).keys() == {"/file"}
    no_file = await api.post(URL, files={"other": ("a.csv", NUMBERS)}, data={"file": "text"})
    assert codes(no_file).keys() == {"/file", "/other", "/reason"}
    twice = [("file", ("a.csv", NUMBERS)), ("file", ("b.csv", NUMBERS))]
    assert "/file" in codes(await api.post(URL, files=twice, data={"reason": "r"}))
