"""What is said over WhatsApp, in the words Meta takes, and what it would refuse."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from campana.carriers.base import (
    Carrier,
    CarrierError,
)
from campana.carriers.whatsapp_cloud import messages
from campana.domain.campaign import ChannelType
from campana.domain.content import (
    Button,
    Choices,
    Content,
    Email,
    Media,
    Row,
    Section,
    Template,
    TemplateButton,
    Text,
)
from campana.domain.disposition import Disposition
from campana.domain.ids import attempt_text
from tests.carriers.contract import (
    ATTEMPT,
    outbound,
)
from tests.carriers.meta import (
    CONTRACT,
    WAMID,
    judge,
)
from tests.support.http_peer import (
    Peer,
    serving,
)


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with serving(Peer(judge=judge)) as running:
        yield running


@pytest.fixture
async def carrier(peer: Peer) -> AsyncIterator[Carrier]:
    made = CONTRACT.carrier(url=peer.url, timeoutSeconds=15)
    yield made
    await made.aclose()


LINK = "https://x.example/a"
PICTURE, PAPER = Media(kind="image", link=LINK), Media(kind="document", ref="9", filename="a.pdf")
YES_NO = (Button(id="y", title="Yes"), Button(id="n", title="No"))
DAYS = Choices(
    button="Choose",
    sections=(
        Section(title="Soon", rows=(Row(id="1", title="Monday", description="from nine"),)),
        Section(title="Later", rows=(Row(id="2", title="Friday"),)),
    ),
)
SAID: list[tuple[Content, dict[str, Any]]] = [
    (
        Text(body="See https://x.example", preview_url=True),
        {"type": "text", "text": {"body": "See https://x.example", "preview_url": True}},
    ),
    (
        Text(body="Look", media=PICTURE),
        {"type": "image", "image": {"link": LINK, "caption": "Look"}},
    ),
    (
        Text(body="", media=PAPER),
        {"type": "document", "document": {"id": "9", "filename": "a.pdf"}},
    ),
    (
        Text(body="", media=Media(kind="audio", link=LINK)),
        {"type": "audio", "audio": {"link": LINK}},
    ),
    (
        Text(body="Well?", buttons=YES_NO, header="Hello", footer="Acme"),
        {
            "type": "interactive",
            "interactive": {
                "type": "button",
                "body": {"text": "Well?"},
                "header": {"type": "text", "text": "Hello"},
                "footer": {"text": "Acme"},
                "action": {
                    "buttons": [
                        {"type": "reply", "reply": {"id": "y", "title": "Yes"}},
                        {"type": "reply", "reply": {"id": "n", "title": "No"}},
                    ]
                },
            },
        },
    ),
    (
        Text(body="When?", list=DAYS),
        {
            "type": "interactive",
            "interactive": {
                "type": "list",
                "body": {"text": "When?"},
                "action": {
                    "button": "Choose",
                    "sections": [
                        {
                            "rows": [{"id": "1", "title": "Monday", "description": "from nine"}],
                            "title": "Soon",
                        },
                        {"rows": [{"id": "2", "title": "Friday"}], "title": "Later"},
                    ],
                },
            },
        },
    ),
    (
        Template(
            name="renewal",
            language="en_US",
            variables={"2": "Friday", "1": "Ana"},
            header=PICTURE,
            buttons=(
                TemplateButton(index=1, kind="quick_reply", value="later"),
                TemplateButton(index=0, kind="url", value="ana-7"),
            ),
        ),
        {
            "type": "template",
            "template": {
                "name": "renewal",
                "language": {"code": "en_US"},
                "components": [
                    {
                        "type": "header",
                        "parameters": [{"type": "image", "image": {"link": LINK}}],
                    },
                    {
                        "type": "body",
                        "parameters": [
                            {"type": "text", "text": "Ana"},
                            {"type": "text", "text": "Friday"},
                        ],
                    },
                    {
                        "type": "button",
                        "sub_type": "url",
                        "index": "0",
                        "parameters": [{"type": "text", "text": "ana-7"}],
                    },
                    {
                        "type": "button",
                        "sub_type": "quick_reply",
                        "index": "1",
                        "parameters": [{"type": "payload", "payload": "later"}],
                    },
                ],
            },
        },
    ),
    (
        Template(
            name="code",
            language="es",
            variables={"first_name": "Ana"},
            header={"day": "Monday"},
            buttons=(TemplateButton(index=0, kind="copy_code", value="SAVE"),),
        ),
        {
            "type": "template",
            "template": {
                "name": "code",
                "language": {"code": "es"},
                "components": [
                    {
                        "type": "header",
                        "parameters": [{"type": "text", "parameter_name": "day", "text": "Monday"}],
                    },
                    {
                        "type": "body",
                        "parameters": [
                            {"type": "text", "parameter_name": "first_name", "text": "Ana"}
                        ],
                    },
                    {
                        "type": "button",
                        "sub_type": "copy_code",
                        "index": "0",
                        "parameters": [{"type": "coupon_code", "coupon_code": "SAVE"}],
                    },
                ],
            },
        },
    ),
    (
        Template(name="plain", language="en"),
        {"type": "template", "template": {"name": "plain", "language": {"code": "en"}}},
    ),
]


async def test_what_is_said_goes_in_its_words_and_with_our_id(carrier: Carrier, peer: Peer) -> None:
    for content, expected in SAID:
        peer.asked.clear()
        accepted = await carrier.send(outbound(ChannelType.WHATSAPP, content=content))
        assert accepted.ref == WAMID
        [asked] = peer.asked
        assert json.loads(asked.body) == {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "+12125550101",
            "biz_opaque_callback_data": attempt_text(ATTEMPT),
            **expected,
        }
    assert not peer.refused


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (Text(body=""), "there is no text"),
        (Text(body="x" * 4097), "4097 characters, at most 4096"),
        (Text(body="x" * 1025, media=PICTURE), "at most 1024"),
        (Text(body="x", media=Media(kind="audio", link=LINK)), "audio goes alone"),
        (Text(body="x", buttons=YES_NO, list=DAYS), "exclude each other"),
        (Text(body="x", buttons=YES_NO * 2), "at most 3 buttons; two of its buttons"),
        (Text(body="x", buttons=(Button(id="1", title="y" * 21),)), "at most 20"),
        (Text(body="x", list=Choices(button="", sections=())), "1 to 10 rows"),
        (Text(body="x", list=DAYS, media=PICTURE), "a list has no media"),
        (Text(body="x", footer="y"), "has a footer"),
        (Text(body="x", header="y"), "has a headline"),
        (Template(name="t", language="en", variables={"1": "a", "3": "b"}), "without a gap"),
        (Template(name="t", language="en", variables={"1": " "}), "variable 1 is empty"),
        (Template(name="t", language="en", variables={"1": "a\nb"}), "line break"),
        (Template(name="t", language="en", header=Media(kind="audio", ref="1")), "no audio"),
        (Email(subject="x", text="y"), "a letter"),
    ],
)
async def test_what_meta_would_refuse_never_leaves(
    content: Content, why: str, carrier: Carrier, peer: Peer
) -> None:
    with pytest.raises(CarrierError) as caught:
        await carrier.send(outbound(ChannelType.WHATSAPP, content=content))
    assert why in caught.value.detail
    assert (caught.value.disposition, caught.value.retryable) == (Disposition.CARRIER_ERROR, False)
    assert not peer.asked


def test_every_reason_is_given_at_once() -> None:
    with pytest.raises(messages.Unsayable) as caught:
        messages.message(Text(body="", buttons=YES_NO * 2, footer="y" * 61))
    assert len(str(caught.value).split("; ")) == 4
