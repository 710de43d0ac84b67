"""Reference tables over the API: written as a whole, shown without rows, asked for one row."""

from __future__ import annotations

import httpx

URL = "/v1/reference-tables/branches"
DOCUMENT = {"key": "city", "rows": [{"city": "Lima", "phone": "+12025550124", "opens": 9}]}


async def test_a_table_is_written_shown_and_forgotten(api: httpx.AsyncClient) -> None:
    assert (await api.get(URL)).status_code == 404
    kept = await api.put(URL, json=DOCUMENT)
    assert kept.status_code == 200
    assert (kept.json()["name"], kept.json()["key"], kept.json()["rows"]) == ("branches", "city", 1)
    assert (await api.get(URL)).json() == kept.json()
    assert (await api.get("/v1/reference-tables")).json() == {"data": [kept.json()]}
    found = await api.get(f"{URL}/row", params={"key": "  LIMA"})
    assert found.json() == {"row": DOCUMENT["rows"][0]}
    assert (await api.get(f"{URL}/row", params={"key": "Oz"})).status_code == 404
    assert (await api.put(URL, json={"key": "city", "rows": []})).json()["rows"] == 0
    assert (await api.get(f"{URL}/row", params={"key": "Lima"})).status_code == 404
    assert (await api.delete(URL)).status_code == 204
    assert (await api.delete(URL)).status_code == 404


async def test_what_is_wrong_is_named(api: httpx.AsyncClient) -> None:
    answer = await api.put(URL, json={"key": "the city", "rows": [{"city": ["Lima"]}]})
    assert answer.status_code == 400
    assert {each["pointer"] for each in answer.json()["errors"]} >= {"/key"}
    assert (await api.get(f"{URL}/row")).status_code == 400
