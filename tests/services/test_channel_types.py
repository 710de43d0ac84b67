"""What a channel is: as it says, where its kind leaves a choice."""

from __future__ import annotations

from typing import Any

import pytest

from campana.domain.campaign import ChannelType
from campana.domain.errors import InvalidParameter
from campana.services import channels
from campana.services.context import Context

SANDBOX: dict[str, Any] = {
    "name": "trial",
    "kind": "sandbox",
    "config": {"url": "http://127.0.0.1:8090", "secret": "a-secret-of-the-sandbox"},
}
NO_PORT = "http://127.0.0.1:99999"

SIP: dict[str, Any] = {
    "name": "line",
    "kind": "voice_sip",
    "config": {"trunks": [{"host": "127.0.0.1"}], "callerIds": ["+12025550100"]},
}


@pytest.mark.parametrize("channel_type", ChannelType)
async def test_a_sandbox_channel_is_what_it_says(
    channel_type: ChannelType, context: Context, workspace_id: int
) -> None:
    raw = {**SANDBOX, "channelType": channel_type}
    made = await channels.create(context, workspace_id=workspace_id, raw=raw)
    assert made.channel_type == channel_type
    assert made.is_loopback
    assert "secret" not in channels.shown_config(context, made)


async def test_a_kind_with_one_type_need_not_say_it(context: Context, workspace_id: int) -> None:
    made = await channels.create(context, workspace_id=workspace_id, raw=SIP)
    assert made.channel_type == ChannelType.VOICE
    again = {**SIP, "name": "other", "channelType": "Voice"}
    assert (await channels.create(context, workspace_id=workspace_id, raw=again)).id


@pytest.mark.parametrize(
    ("raw", "pointers"),
    [
        (SANDBOX, ["/channelType"]),
        ({**SIP, "channelType": "SMS"}, ["/channelType"]),
        ({**SANDBOX, "channelType": "Fax"}, ["/channelType"]),
        (
            {**SANDBOX, "config": {"url": "http://x"}},
            ["/channelType", "/config/secret", "/config/url"],
        ),
        (
            {**SANDBOX, "channelType": "SMS", "config": {**SANDBOX["config"], "url": NO_PORT}},
            ["/config"],
        ),
    ],
)
async def test_everything_wrong_is_named_at_once(
    raw: dict[str, Any], pointers: list[str], context: Context, workspace_id: int
) -> None:
    with pytest.raises(InvalidParameter) as caught:
        await channels.create(context, workspace_id=workspace_id, raw=raw)
    assert sorted(p.pointer or "" for p in caught.value.problems) == pointers
