"""People of the sandbox who call: the call is played to the flow that waits for it."""

from __future__ import annotations

import pytest

from campana.domain.campaign import ChannelType
from tests.services.test_conducting import VOICE, TalkOf, talk_of
from tests.services.test_receiving import WAITS, waiting
from tests.support import hearing
from tests.support.campaign import ANA, BRUNO

__all__ = ["talk_of"]

SMS = ChannelType.SMS


@pytest.mark.parametrize(
    ("does", "target", "said"),
    [
        ("1", "completed", ["You called.", "Press one or two.", "1"]),
        ("", "completed", ["You called.", *(["Press one or two."] * 2), "Thank you."]),
    ],
)
async def test_a_call_is_played_to_the_session_that_waits_for_it(
    does: str, target: str, said: list[str], talk_of: TalkOf
) -> None:
    talk = await waiting(talk_of)
    channel, now = talk.channels[VOICE], talk.clock.now()
    calls = hearing.wrote(does, kind="call", sender=ANA, key="call", at=now)
    stranger = hearing.wrote(does, kind="call", sender=BRUNO, at=now)
    # Told twice it is one call: the second finds nobody who waits.
    assert await hearing.hear(talk.scene.engine, channel, stranger, calls, calls) == 3
    assert await talk.targets() == [("finished", target)]
    [[direction, disposition, caller, transcript]] = await talk.scene.rows(
        "select direction, disposition, from_number, transcript"
        " from attempts join voice_calls on attempt_id = id"
    )
    assert (direction, disposition, caller) == ("inbound", "completed", ANA)
    assert [each["text"] for each in transcript] == said
    assert await talk.scene.rows("select count(*) from messages") == [(0,)]


async def test_who_is_told_by_a_message_to_call_calls_the_voice_channel(talk_of: TalkOf) -> None:
    nodes = {
        **WAITS,
        "a": {"type": "send_message", "text": "Call us.", "next": "call"},
        "call": WAITS["a"],
    }
    talk = await talk_of(nodes, channel_types=(SMS, VOICE))
    assert await talk.send() == ["Call us."]
    calls = hearing.wrote("1", kind="call", sender=ANA, at=talk.clock.now())
    assert await hearing.hear(talk.scene.engine, talk.channels[SMS], calls) == 1
    assert await talk.targets() == [("finished", "completed")]
    attempts = await talk.scene.rows(
        "select direction, channel_id from attempts order by attempt_no"
    )
    assert attempts == [
        ("outbound", talk.channels[SMS].id),
        ("inbound", talk.channels[VOICE].id),
    ]
