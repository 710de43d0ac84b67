"""Uploading a file of people, following it, and downloading what was refused."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import httpx
import pytest

from campana.services import imports
from campana.services.context import Context
from campana.services.defusing import defused, restored
from campana.web.api.imports import FILE_LIMIT
from tests.web.rows import codes

GOOD = b"phone,first_name\n+12025550142,Ana\n+13125550143,Bruno\n"


@pytest.fixture
async def url(api: httpx.AsyncClient) -> str:
    """Where files of a list are sent."""
    made = await api.post("/v1/contact-lists", json={"name": "People"})
    return f"{made.headers['location']}/imports"


async def upload(
    api: httpx.AsyncClient, url: str, content: bytes = GOOD, /, **fields: Any
) -> httpx.Response:
    return await api.post(url, files={"file": ("people.csv", content, "text/csv")}, data=fields)


async def test_a_file_is_taken_and_followed_to_its_end(
    api: httpx.AsyncClient, engine_context: Context, url: str
) -> None:
    taken = await upload(api, url)
    assert taken.status_code == 202
    progress = taken.headers["location"]
    assert (await api.get(progress)).json() == taken.json()
    assert (taken.json()["state"], taken.json()["fileName"]) == ("queued", "people.csv")
    assert taken.json()["bytesTotal"] == len(GOOD)
    await imports.run(engine_context, import_id=taken.json()["id"])
    done = (await api.get(progress)).json()
    assert (done["state"], done["problem"]) == ("done", None)
    assert done["rows"] == {
        "done": 2, "accepted": 2, "updated": 0, "duplicate": 0, "rejected": 0,
    }  # fmt: skip
    people = (await api.get(url.replace("/imports", "/contacts"))).json()["data"]
    assert [each["firstName"] for each in people] == ["Ana", "Bruno"]


async def test_columns_country_and_duplicates_can_be_told(
    api: httpx.AsyncClient, engine_context: Context, url: str
) -> None:
    content = b"Tel;Vorname\n(202) 555-0142;Ana\n"
    told = {
        "mapping": json.dumps({"phone": "Tel", "first_name": "Vorname"}),
        "defaultCountry": "US",
        "duplicates": "update",
    }
    taken = await upload(api, url, content, **told)
    assert (taken.json()["defaultCountry"], taken.json()["duplicates"]) == ("US", "update")
    await imports.run(engine_context, import_id=taken.json()["id"])
    [ana] = (await api.get(url.replace("/imports", "/contacts"))).json()["data"]
    assert (ana["phone"], ana["firstName"]) == ("+12025550142", "Ana")


async def test_what_is_wrong_with_the_form_is_named_at_once(
    api: httpx.AsyncClient, url: str
) -> None:
    fields = {"duplicates": "merge", "defaultCountry": "usa", "surprise": "1"}
    wrong = codes(await upload(api, url, GOOD, **fields))
    assert wrong.keys() == {"/duplicates", "/defaultCountry", "/surprise"}
    assert codes(await upload(api, url, GOOD, defaultCountry="ZZ")).keys() == {"/defaultCountry"}
    for mapping in ("{", "[]", '{"phone": 1}', '{"phone": ""}'):
        assert any("/mapping" in name for name in codes(await upload(api, url, mapping=mapping)))
    assert codes(await upload(api, url, mapping='{"phone":"Tel"}')).keys() == {"/mapping/phone"}


async def test_a_form_needs_its_file_and_only_one(api: httpx.AsyncClient, url: str) -> None:
    part = ("people.csv", GOOD, "text/csv")
    for files, pointer in (
        ([("other", part)], "/file"),
        ([("file", (None, b"text"))], "/file"),
        ([("file", part), ("file", part)], "/file"),
        ([("file", part), ("mapping", part)], "/mapping"),
    ):
        answer = await api.post(url, files=files)  # pyright: ignore[reportArgumentType]
        assert answer.status_code == 400
        assert pointer in codes(answer), files


async def test_a_file_that_cannot_be_read_is_refused_at_once(
    api: httpx.AsyncClient, url: str
) -> None:
    for content in (b"", b"phone\n", b"name\nAna\n", b"\x00\x01\x02"):
        answer = await upload(api, url, content)
        assert answer.status_code == 400, content
        assert any(name.startswith(("/file", "/mapping")) for name in codes(answer))


NO_FORMS = [
    ("application/json", b"{}", 415),
    ("text/csv", GOOD, 415),
    ("multipart/form-data", b"", 400),
    ("multipart/form-data; boundary=x", b"", 400),
    ("multipart/form-data; boundary=x", b"no form at all", 400),
    ("multipart/form-data; boundary=x", b"--x\r\n", 400),
    ("multipart/form-data; boundary=x",
     b'--x\r\ncontent-disposition: form-data; name="mapping"\r\n\r\n\xff\r\n--x--\r\n', 400),
    ("multipart/form-data; boundary=x",
     b'--x\r\ncontent-disposition: form-data; name="mapping"\r\n'
     b"content-type: text/plain; charset=klingon\r\n\r\nx\r\n--x--\r\n", 400),
]  # fmt: skip


async def test_what_is_no_form_is_refused(api: httpx.AsyncClient, url: str) -> None:
    for media_type, body, status in NO_FORMS:
        answer = await api.post(url, content=body, headers={"content-type": media_type})
        assert answer.status_code == status, (media_type, body)
        assert codes(answer) or status == 415, (media_type, body)


async def test_a_file_larger_than_any_is_refused_before_it_is_read(
    api: httpx.AsyncClient, url: str
) -> None:
    answer = await api.post(
        url,
        content=b"",
        headers={
            "content-type": "multipart/form-data; boundary=x",
            "content-length": str(FILE_LIMIT + 1),
        },
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


async def test_refused_rows_come_as_csv_that_no_spreadsheet_runs(
    api: httpx.AsyncClient, engine_context: Context, url: str
) -> None:
    evil = '=HYPERLINK("http://x"),"a",b'
    rows = [["phone", "first_name"], [evil, "Ana"], ["+12025550142", "Bruno"], ["-1+1", "Carla"]]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    taken = await upload(api, url, text.getvalue().encode())
    await imports.run(engine_context, import_id=taken.json()["id"])
    answer = await api.get(f"{taken.headers['location']}/errors")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment;")
    header, first, second = csv.reader(io.StringIO(answer.text))
    assert header[:2] == ["phone", "first_name"]
    assert header[2:] == [
        "Campana row",
        "Campana column",
        "Campana value",
        "Campana reason",
        "Campana suggestion",
    ]
    assert first[:5] == ["'" + evil, "Ana", "1", "phone", "'" + evil]
    assert second[:5] == ["'-1+1", "Carla", "3", "phone", "'-1+1"]
    assert all([*first, *second])


async def test_all_refused_rows_come_however_many(
    api: httpx.AsyncClient, engine_context: Context, url: str
) -> None:
    content = b"phone\n" + b"".join(b"x%d\n" % n for n in range(2_500))
    taken = await upload(api, url, content)
    await imports.run(engine_context, import_id=taken.json()["id"])
    answer = await api.get(f"{taken.headers['location']}/errors")
    rows = list(csv.reader(io.StringIO(answer.text)))[1:]
    assert [int(row[1]) for row in rows] == list(range(1, 2_501))


def test_cells_a_spreadsheet_would_run_are_defused() -> None:
    for cell in ("=1", "+1", "-1", "@x", "\tx", "\rx"):
        assert defused(cell) == "'" + cell
        assert restored(defused(cell)) == cell
    for cell in ("1", "a=1", "", "Ana", "'tis", "'"):
        assert defused(cell) == restored(cell) == cell
    assert restored(defused("'=1")) == "'=1"
    assert defused(None) == ""
