"""Meta's side of the contract: what it accepts, answers and reports."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from campana.carriers.whatsapp_cloud import KIND
from campana.carriers.whatsapp_cloud.codes import CODES
from campana.carriers.whatsapp_cloud.webhooks import STATUSES
from campana.domain.attempt import EventType
from campana.domain.content import (
    Media,
)
from campana.domain.disposition import Disposition
from campana.domain.ids import attempt_text
from tests.carriers.contract import (
    ATTEMPT,
    Contract,
    InboundCase,
    SendCase,
    StatusCase,
)
from tests.support.http_peer import (
    CUT_OFF,
    ENDLESS,
    GARBAGE,
    HTML,
    LISTS,
    Asked,
    Given,
    Invalid,
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
        b'{"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages",'
        b' "value": ' + b"[" * 100_000,
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
            "lists in lists": LISTS,
            "cut off": CUT_OFF,
            "no message in it": Given(body={"messages": []}),
        }.items()
    ),
]
