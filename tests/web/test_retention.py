"""`/v1/retention` over HTTP."""

from __future__ import annotations

import httpx

from tests.web.rows import codes


async def test_what_is_written_holds_and_what_is_left_out_has_its_default(
    api: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    plain = {
        "recordingDays": 30, "transcriptDays": 90, "attemptDays": 395, "messageDays": 395,
        "sessionDays": 395, "importRowDays": 90, "eventDays": 30,
    }  # fmt: skip
    assert (await api.get("/v1/retention")).json() == plain
    written = await api.put("/v1/retention", json={"recordingDays": None, "eventDays": 7})
    assert written.json() == {**plain, "recordingDays": None, "eventDays": 7}
    assert (await api.get("/v1/retention")).json() == written.json()
    assert (await stranger.get("/v1/retention")).json() == plain
    refused = await api.put("/v1/retention", json={"attemptDays": 30, "callDays": 1})
    assert codes(refused).keys() == {"/attemptDays", "/callDays"}
