"""What a channel answers to STOP, START and HELP is read and replaced whole."""

from __future__ import annotations

import httpx

from campana.services.context import Context
from tests.support.campaign import add_channel
from tests.web.rows import codes


async def test_defaults_are_shown_and_replaced(
    api: httpx.AsyncClient, stranger: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id)
    path = f"/v1/channels/{channel.id}/keywords"
    shown = (await api.get(path)).json()
    assert shown == {
        "languages": ["en", "es", "pt", "fr", "de", "it"], "confirmedBy": "campana",
        "stopAnswer": None, "startAnswer": None, "helpAnswer": None,
    }  # fmt: skip
    kept = await api.put(path, json={"languages": ["es"], "helpAnswer": "Llame."})
    assert kept.json() == {**shown, "languages": ["es"], "helpAnswer": "Llame."}
    assert (await api.get(path)).json() == kept.json()
    wrong = await api.put(path, json={"languages": [], "confirmedBy": "me", "x": 1})
    assert set(codes(wrong)) == {"/languages", "/confirmedBy", "/x"}
    assert (await stranger.get(path)).status_code == 404
    assert (await stranger.put(path, json={})).status_code == 404
