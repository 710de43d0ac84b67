"""The WhatsApp adapter against a server that judges its requests, by the contract of carriers."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
import pytest

from campana.carriers.base import (
    Carrier,
    CarrierError,
    Challenge,
    ForgedCallback,
    UnreadableCallback,
)
from campana.carriers.whatsapp_cloud import KIND, messages
from campana.carriers.whatsapp_cloud.codes import CODES
from campana.carriers.whatsapp_cloud.config import Config
from campana.carriers.whatsapp_cloud.webhooks import STATUSES
from campana.domain.attempt import EventType
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
from tests.carriers import contract
from tests.carriers.contract import (
    ATTEMPT,
    NOW,
    Contract,
    InboundCase,
    SendCase,
    StatusCase,
    outbound,
)
from tests.support.http_peer import (
    CUT_OFF,
    ENDLESS,
    GARBAGE,
    HTML,
    LISTS,
    SLOW,
    Asked,
    Given,
    Invalid,
    Peer,
    serving,
)

PHONE, ACCOUNT = "106540352242922", "102290129340398"
TOKEN, SECRET, VERIFY = "token-of-a-system-user", "secret-of-the-app", "token-for-the-question"
WAMID = "wamid.HBgLMTIxMjU1NTAxMDEVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA"
TYPES = {"text", "template", "interactive", "image", "video", "audio", "document", "sticker"}


def problem(code: int, details: str = "no", *, status: int = 400, **headers: str) -> Given:
    error = {
        "message": f"(#{code}) no",
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": details},
        "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam",
    }
    return Given(status=status, body={"error": error}, headers=headers)


def judge(asked: Asked) -> Given:
    """As the Graph API does: the token, the path, then the message's shape."""
    if asked.headers.get("authorization") != f"Bearer {TOKEN}":
        raise Invalid(problem(190, "Session has expired", status=401))
    if asked.method == "GET":
        return look(asked)
    if asked.path != f"/v23.0/{PHONE}/messages":
        raise Invalid(problem(33, "no such object"))
    message = json.loads(asked.body)
    kind = message.get("type")
    expected = {"messaging_product", "recipient_type", "to", "biz_opaque_callback_data", "type"}
    if set(message) != {*expected, kind} or kind not in TYPES:
        raise Invalid(problem(100, f"unexpected: {sorted(message)}"))
    if message["messaging_product"] != "whatsapp" or not message["to"].startswith("+"):
        raise Invalid(problem(100, "whose message, and to whom?"))
    if len(message["biz_opaque_callback_data"]) > 512:
        raise Invalid(problem(100, "biz_opaque_callback_data is too long"))
    if why := wrong(kind, message[kind]):
        raise Invalid(problem(131009, why))
    answer = {
        "messaging_product": "whatsapp",
        "contacts": [{"input": message["to"], "wa_id": message["to"][1:]}],
        "messages": [{"id": WAMID, "message_status": "accepted"}],
    }
    return Given(body=answer, takes=True)


def wrong(kind: str, said: dict[str, Any]) -> str:
    """What Meta documents and this is not."""
    match kind:
        case "text":
            is_right = 0 < len(said["body"]) <= 4096 and set(said) <= {"body", "preview_url"}
        case "template":
            is_right = set(said) <= {"name", "language", "components"} and all(
                each["type"] in {"header", "body", "button"} and each["parameters"]
                for each in said.get("components", [])
            )
        case "interactive":
            buttons = said["action"].get("buttons", [])
            sections = said["action"].get("sections", [])
            rows = [row for section in sections for row in section["rows"]]
            is_right = (
                0 < len(said["body"]["text"]) <= 1024
                and (said["type"] == "button") == (1 <= len(buttons) <= 3)
                and (said["type"] == "list") == (1 <= len(rows) <= 10)
                and all(len(each["reply"]["title"]) <= 20 for each in buttons)
                and all(len(row["title"]) <= 24 for row in rows)
            )
        case _:
            is_right = ("id" in said) != ("link" in said)
            is_right &= set(said) <= {"id", "link", "caption", "filename"}
    return "" if is_right else f"not a {kind}: {said}"


def look(asked: Asked) -> Given:
    query = dict(parse_qsl(asked.query))
    if asked.path == f"/v23.0/{PHONE}":
        about = {"display_phone_number": "+1 202-555-0100", "verified_name": "Acme"}
        more = {"quality_rating": "GREEN", "throughput": {"level": "STANDARD"}, "id": PHONE}
        return Given(body={**about, **more})
    if asked.path == f"/v23.0/{ACCOUNT}/message_templates":
        page = int(query.get("after", "0"))
        found = {
            "id": str(page),
            "name": f"hello_{page}",
            "status": "APPROVED" if page else "REJECTED",
            "category": "MARKETING",
            "language": "en_US",
            "components": [{"type": "BODY", "text": "Hello {{1}}"}],
            "rejected_reason": "NONE" if page else "INVALID_FORMAT",
        }
        paging = {"cursors": {"before": "x", "after": str(page + 1)}}
        more = {"next": f"https://elsewhere.example/{page + 1}"} if page < 2 else {}
        return Given(body={"data": [found], "paging": {**paging, **more}})
    raise Invalid(problem(100, "unknown path"))


def sign(body: bytes, _: datetime, __: str = "") -> dict[str, str]:
    """As Meta writes it down."""
    mac = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"x-hub-signature-256": f"sha256={mac}"}


def hook(phone: str = PHONE, field: str = "messages", **value: Any) -> bytes:
    metadata = {"display_phone_number": "1 202 555 0100", "phone_number_id": phone}
    whole = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    entry = [{"id": ACCOUNT, "changes": [{"value": whole, "field": field}]}]
    return json.dumps({"object": "whatsapp_business_account", "entry": entry}).encode()


def one(word: str, *codes: int, **more: Any) -> dict[str, Any]:
    errors = [{"code": code, "title": "no", "error_data": {"details": "x"}} for code in codes]
    return {
        "id": WAMID,
        "status": word,
        "timestamp": "1773154800",
        "recipient_id": "12125550101",
        "biz_opaque_callback_data": attempt_text(ATTEMPT),
        **({"errors": errors} if errors else {}),
        **more,
    }


def status(word: str, *codes: int, **more: Any) -> bytes:
    return hook(statuses=[one(word, *codes, **more)])


def received(type_: str, said: Any = None, **more: Any) -> bytes:
    message = {"from": "12125550101", "id": "wamid.IN", "timestamp": "1773154800", "type": type_}
    contacts = [{"profile": {"name": "Ana 🌻"}, "wa_id": "12125550101"}]
    told = {**message, **({type_: said} if said is not None else {}), **more}
    return hook(contacts=contacts, messages=[told])


PRICED = {
    "conversation": {"id": "c", "origin": {"type": "utility"}},
    "pricing": {"billable": True, "pricing_model": "PMP", "category": "utility", "type": "regular"},
}

CONTRACT = Contract(
    kind=KIND,
    config={
        "phoneNumberId": PHONE,
        "accountId": ACCOUNT,
        "number": "+12025550100",
        "accessToken": TOKEN,
        "appSecret": SECRET,
        "verifyToken": VERIFY,
        "url": "http://127.0.0.1:9",
    },
    secrets=[TOKEN, SECRET, VERIFY],
    sign=sign,
    signs_time=False,
    can_be_asked=False,
    statuses=[
        *(
            StatusCase(name=word, body=status(word, **PRICED), events=[(event, disposition)])
            for word, (event, disposition) in STATUSES.items()
        ),
        *(
            StatusCase(
                name=f"failed {code}",
                body=status("failed", code),
                events=[(EventType.ENDED, meaning.disposition)],
            )
            for code, meaning in CODES.items()
        ),
        StatusCase(
            name="a code of tomorrow",
            body=status("failed", 139999),
            events=[(EventType.ENDED, Disposition.UNDELIVERED)],
        ),
        StatusCase(name="a word of tomorrow", body=status("warmed"), events=[]),
        StatusCase(
            name="another program's message",
            body=status("read", biz_opaque_callback_data="order-7"),
            events=[],
        ),
        StatusCase(
            name="several at once",
            body=hook(statuses=[one("sent"), one("delivered")]),
            events=[(EventType.ACCEPTED, None), (EventType.ENDED, Disposition.DELIVERED)],
        ),
        StatusCase(
            name="about something else",
            body=hook(field="message_template_status_update", event="APPROVED"),
            events=[],
        ),
    ],
    inbounds=[
        InboundCase(
            name="text",
            body=received("text", {"body": "hello"}, context={"from": "1202", "id": WAMID}),
            expects=[
                {
                    "key": "wamid.IN",
                    "sender": "+12125550101",
                    "to": "+12025550100",
                    "text": "hello",
                    "kind": "text",
                    "reply_to": WAMID,
                    "name": "Ana 🌻",
                }
            ],
        ),
        InboundCase(
            name="reply button",
            body=received(
                "interactive", {"type": "button_reply", "button_reply": {"id": "y", "title": "Yes"}}
            ),
            expects=[{"kind": "button", "text": "Yes", "payload": "y"}],
        ),
        InboundCase(
            name="row of a list",
            body=received(
                "interactive", {"type": "list_reply", "list_reply": {"id": "r1", "title": "Monday"}}
            ),
            expects=[{"kind": "list", "text": "Monday", "payload": "r1"}],
        ),
        InboundCase(
            name="button of a template",
            body=received("button", {"payload": "stop-it", "text": "Stop"}),
            expects=[{"kind": "button", "text": "Stop", "payload": "stop-it"}],
        ),
        InboundCase(
            name="picture",
            body=received("image", {"id": "77", "mime_type": "image/jpeg", "caption": "here"}),
            expects=[
                {
                    "kind": "media",
                    "text": "here",
                    "media": Media(kind="image", ref="77", mime_type="image/jpeg"),
                }
            ],
        ),
        InboundCase(
            name="reaction",
            body=received("reaction", {"message_id": WAMID, "emoji": "👍"}),
            expects=[{"kind": "reaction", "payload": "👍", "reply_to": WAMID}],
        ),
        InboundCase(
            name="reaction taken back",
            body=received("reaction", {"message_id": WAMID}),
            expects=[{"kind": "reaction", "payload": None, "text": ""}],
        ),
        InboundCase(
            name="place",
            body=received("location", {"latitude": 1, "longitude": 2}),
            expects=[{"kind": "location", "text": ""}],
        ),
        InboundCase(
            name="of tomorrow", body=received("hologram", {"x": 1}), expects=[{"kind": "other"}]
        ),
        InboundCase(
            name="from a name without a number",
            body=hook(
                messages=[
                    {
                        "id": "wamid.U",
                        "timestamp": "1773154800",
                        "type": "text",
                        "text": {"body": "hi"},
                        "from_user_id": "US.123",
                    }
                ]
            ),
            expects=[{"sender": "US.123", "text": "hi"}],
        ),
    ],
    nonsense=[
        b"",
        b"{}",
        b"[]",
        b"\xff\x00",
        b"[" * 100_000,
        b'{"object": "page", "entry": []}',
        hook(phone="1", statuses=[one("sent")]),
        hook(statuses=[one("sent", timestamp="yesterday")]),
        hook(statuses=[{"status": "sent"}]),
        hook(statuses=[one("sent", timestamp="9" * 30)]),
        hook(messages=[{"id": "wamid.N", "timestamp": "1", "type": "text"}]),
    ],
)

SENDS = [
    SendCase(name="taken", expects=None, is_taken=True),
    *(
        SendCase(
            name=f"{code}",
            peer={"answer": problem(code)},
            expects=meaning.disposition,
            retryable=meaning.rests,
            retry_after=meaning.rest if meaning.rests else None,
            is_taken=False,
        )
        for code, meaning in CODES.items()
    ),
    SendCase(
        name="it says how long to wait",
        peer={"answer": problem(130429, status=429, **{"retry-after": "30"})},
        expects=Disposition.CONGESTION,
        retryable=True,
        retry_after=timedelta(seconds=30),
        is_taken=False,
    ),
    SendCase(
        name="an unknown error in the middle",
        peer={"answer": problem(1, status=500)},
        expects=Disposition.UNKNOWN,
        retryable=True,
        is_taken=False,
    ),
    SendCase(
        name="a code of tomorrow",
        peer={"answer": problem(139999)},
        expects=Disposition.CARRIER_ERROR,
        retryable=False,
        is_taken=False,
    ),
    SendCase(
        name="a permission of tomorrow",
        peer={"answer": problem(234, status=403)},
        expects=Disposition.CARRIER_ERROR,
        retryable=True,
        is_taken=False,
    ),
    *(
        SendCase(
            name=name,
            peer={"answer": given},
            expects=Disposition.UNKNOWN,
            retryable=True,
            is_taken=True,
        )
        for name, given in {
            "HTML": HTML,
            "garbage": GARBAGE,
            "ten megabytes": ENDLESS,
            "slow": SLOW,
            "lists in lists": LISTS,
            "cut off": CUT_OFF,
            "no message in it": Given(body={"messages": []}),
        }.items()
    ),
]


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with serving(Peer(judge=judge)) as running:
        yield running


@pytest.fixture
async def carrier(peer: Peer) -> AsyncIterator[Carrier]:
    made = CONTRACT.carrier(url=peer.url, timeoutSeconds=1.5)
    yield made
    await made.aclose()


async def test_every_send_ends_in_a_fact(carrier: Carrier, peer: Peer) -> None:
    for case in SENDS:
        peer.answer = case.peer.get("answer")
        message = outbound(ChannelType.WHATSAPP)
        await contract.check_send(carrier, case, message, can_be_asked=False)
    assert not peer.refused
    assert len(peer.asked) == len(SENDS)


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


async def test_what_is_too_late_or_finds_nobody_is_not_sent(carrier: Carrier, peer: Peer) -> None:
    away = CONTRACT.carrier()
    for account, message in (
        (carrier, outbound(ChannelType.WHATSAPP, may_send=lambda: False)),
        (away, outbound(ChannelType.WHATSAPP)),
    ):
        with pytest.raises(CarrierError) as caught:
            await account.send(message)
        assert caught.value.disposition is Disposition.NOT_SENT
    assert not peer.asked
    await away.aclose()


def test_every_status_becomes_its_event() -> None:
    for case in CONTRACT.statuses:
        contract.check_status(CONTRACT, case)


def test_a_status_tells_its_price_and_why_it_failed() -> None:
    carrier = CONTRACT.carrier()
    [told] = carrier.parse_callback(CONTRACT.callback(status("delivered", **PRICED)))
    assert told.event.detail == {  # pyright: ignore[reportAttributeAccessIssue]
        "status": "delivered",
        "ref": WAMID,
        "billable": True,
        "pricing_category": "utility",
        "pricing_model": "PMP",
        "pricing_type": "regular",
        "disposition": "delivered",
        "reason": "delivered",
    }
    [told] = carrier.parse_callback(CONTRACT.callback(status("failed", 131026)))
    assert told.event.detail["code"] == 131026  # pyright: ignore[reportAttributeAccessIssue]
    assert str(told.event.detail["reason"]).startswith("131026: not on WhatsApp")  # pyright: ignore[reportAttributeAccessIssue]


def test_statuses_come_in_any_order() -> None:
    contract.check_every_order(CONTRACT, "sent", "delivered", "read")
    contract.check_every_order(CONTRACT, "sent", "failed 131026")


def test_what_people_send_is_read() -> None:
    for case in CONTRACT.inbounds:
        contract.check_inbound(CONTRACT, case)


def test_only_the_right_signature_counts() -> None:
    contract.check_signatures(CONTRACT)
    # Over the bytes as they came: the same JSON in other bytes is another body.
    body = received("text", {"body": "Grüße 🌻"})
    other = json.dumps(json.loads(body), ensure_ascii=False).encode()
    assert other != body
    with pytest.raises(ForgedCallback):
        CONTRACT.carrier().parse_callback(replace(CONTRACT.callback(body), body=other))


def test_metas_question_is_answered_to_who_knows_the_token() -> None:
    right = {"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "1158201444"}
    carrier = CONTRACT.carrier()
    asked = replace(CONTRACT.callback(b"", urlencode(right)), method="GET", headers={})
    assert carrier.parse_callback(asked) == [Challenge(body="1158201444")]
    for wrong_one in (
        {**right, "hub.verify_token": "guess"},
        {**right, "hub.verify_token": "é"},
        {**right, "hub.mode": "unsubscribe"},
        {"hub.challenge": "1"},
        {},
    ):
        with pytest.raises(ForgedCallback):
            carrier.parse_callback(replace(asked, query=wrong_one))


@pytest.mark.parametrize("body", CONTRACT.nonsense, ids=lambda body: repr(body[:40]))
def test_nonsense_is_told_from_forgery(body: bytes) -> None:
    contract.check_nonsense(CONTRACT, body)


def test_a_body_with_another_numbers_news_too_gives_ours() -> None:
    ours, others = (json.loads(hook(phone=x, statuses=[one("sent")])) for x in (PHONE, "1"))
    both = json.dumps({**ours, "entry": [*others["entry"], *ours["entry"]]}).encode()
    assert len(CONTRACT.carrier().parse_callback(CONTRACT.callback(both))) == 1
    with pytest.raises(UnreadableCallback, match="another number"):
        CONTRACT.carrier().parse_callback(CONTRACT.callback(json.dumps(others).encode()))


async def test_its_secrets_are_nowhere(
    carrier: Carrier, peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    peer.answer = problem(190, "Session has expired", status=401)
    away = CONTRACT.carrier()
    sends = [
        lambda: carrier.send(outbound(ChannelType.WHATSAPP)),
        lambda: away.send(outbound(ChannelType.WHATSAPP)),
        lambda: carrier.lookup(ATTEMPT),
    ]
    await contract.check_secrets(CONTRACT, sends, caplog)
    await away.aclose()


async def test_templates_are_fetched_page_by_page_from_here_alone(peer: Peer) -> None:
    assert KIND.templates is not None
    chosen = msgspec.convert({**CONTRACT.config, "url": peer.url}, Config)
    first, second, third = await KIND.templates(chosen)
    assert (first.name, first.status, first.rejected_because) == (
        "hello_0",
        "rejected",
        "INVALID_FORMAT",
    )
    assert (second.status, second.category, second.rejected_because) == (
        "approved",
        "marketing",
        None,
    )
    assert third.components == ({"type": "BODY", "text": "Hello {{1}}"},)
    for answer in (HTML, ENDLESS, LISTS, problem(190, status=401)):
        peer.answer = answer
        with pytest.raises(CarrierError):
            await KIND.templates(chosen)


async def test_a_number_can_be_checked(peer: Peer) -> None:
    assert KIND.check is not None
    chosen = msgspec.convert({**CONTRACT.config, "url": peer.url}, Config)
    assert await KIND.check(chosen) == ("+1 202-555-0100, Acme, quality GREEN, throughput STANDARD")
    peer.answer = problem(190, "Session has expired", status=401)
    with pytest.raises(CarrierError, match="190: the access token has expired"):
        await KIND.check(chosen)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://graph.example.com"},
        {"url": "https://graph.facebook.com/v23.0"},
        {"number": "12025550100"},
        {"throughput": 1001},
        {"portfolioLimit": 250},
        {"apiVersion": "latest"},
    ],
)
def test_a_config_that_could_not_work_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        CONTRACT.carrier(**changes)
    assert CONTRACT.callback(b"").received_at == NOW
