"""Twilio's side of the contract: what it accepts, answers and reports."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode

from campana.carriers.sms_twilio import KIND
from campana.carriers.sms_twilio.codes import CODES
from campana.carriers.sms_twilio.webhooks import STATUSES
from campana.domain.attempt import EventType
from campana.domain.content import Media
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

SID, MESSAGE = f"AC{'0123456789abcdef' * 2}", f"SM{'fedcba9876543210' * 2}"
TOKEN = "auth-token-of-twilio"
QUERY = urlencode({"attempt": attempt_text(ATTEMPT)})
KNOWN = {"To", "From", "MessagingServiceSid", "Body", "MediaUrl", "StatusCallback"}


def judge(asked: Asked) -> Given:
    """As the Messages API does, in its order: who, what, to whom."""
    basic = base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
    if asked.headers.get("authorization") != f"Basic {basic}":
        raise Invalid(problem(20003, "Authenticate", status=401))
    if asked.method == "GET" and asked.path == f"/2010-04-01/Accounts/{SID}.json":
        return Given(body={"sid": SID, "status": "active", "friendly_name": "Ops", "type": "Full"})
    if asked.path != f"/2010-04-01/Accounts/{SID}/Messages.json" or asked.method != "POST":
        raise Invalid(problem(20404, "not found", status=404))
    if asked.headers["content-type"] != "application/x-www-form-urlencoded":
        raise Invalid(problem(21603, "no form"))
    fields = dict(parse_qsl(asked.body.decode(), strict_parsing=True))
    if set(fields) - KNOWN - {"ValidityPeriod"}:
        raise Invalid(problem(20001, f"unknown: {set(fields) - KNOWN}"))
    if not {"From", "MessagingServiceSid"} & set(fields):
        raise Invalid(problem(21603, "a 'From' is required"))
    if not {"Body", "MediaUrl"} & set(fields) or len(fields.get("Body", "")) > 1600:
        raise Invalid(problem(21619, "a text message body or media is required"))
    if not fields["To"].startswith("+") or not fields["StatusCallback"].startswith("http"):
        raise Invalid(problem(21211, "invalid 'To'"))
    taken = {"sid": MESSAGE, "status": "queued", "to": fields["To"], "error_code": None}
    return Given(status=201, body=taken, takes=True)


def problem(code: int, message: str = "no", *, status: int = 400, **headers: str) -> Given:
    body = {"code": code, "message": message, "more_info": "https://x.example", "status": status}
    return Given(status=status, body=body, headers=headers)


def sign(body: bytes, _: datetime, url: str) -> dict[str, str]:
    """As Twilio writes it down: the address, then each field's name and value, sorted."""
    fields = sorted(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    text = url + "".join(name + value for name, value in fields)
    mac = hmac.new(TOKEN.encode(), text.encode(), hashlib.sha1).digest()
    return {
        "x-twilio-signature": base64.b64encode(mac).decode(),
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
    }


def form(**fields: str) -> bytes:
    given = {"AccountSid": SID, "MessageSid": MESSAGE, "SmsSid": MESSAGE, **fields}
    return urlencode(given).encode()


def status(word: str, code: int | None = None) -> bytes:
    fields = {"MessageStatus": word, "SmsStatus": word, "To": "+12125550101"}
    return form(**fields, **({"ErrorCode": str(code)} if code else {}))


def received(**fields: str) -> bytes:
    written = {"From": "+12125550101", "To": "+12025550100", "SmsStatus": "received", **fields}
    return form(**written)


CONTRACT = Contract(
    kind=KIND,
    config={
        "accountSid": SID,
        "authToken": TOKEN,
        "senders": ["+12025550100", "+12025550101"],
        "url": "http://127.0.0.1:9",
    },
    secrets=[TOKEN],
    sign=sign,
    signs_time=False,
    can_be_asked=False,
    statuses=[
        *(
            StatusCase(name=word, body=status(word), query=QUERY, events=[(event, disposition)])
            for word, (event, disposition) in STATUSES.items()
        ),
        *(
            StatusCase(
                name=f"{word} {code}",
                body=status(word, code),
                query=QUERY,
                events=[(EventType.ENDED, meaning.disposition)],
            )
            for code, meaning in CODES.items()
            for word in ("undelivered", "failed")
        ),
        StatusCase(
            name="a code of tomorrow",
            body=status("undelivered", 39999),
            query=QUERY,
            events=[(EventType.ENDED, Disposition.UNDELIVERED)],
        ),
    ],
    inbounds=[
        InboundCase(
            name="text",
            body=received(Body="Yes, please ☎"),
            expects=[
                {
                    "sender": "+12125550101",
                    "to": "+12025550100",
                    "text": "Yes, please ☎",
                    "kind": "text",
                    "asks_to": None,
                }
            ],
        ),
        *(
            InboundCase(
                name=word,
                body=received(Body=word, OptOutType=word),
                expects=[{"text": word, "asks_to": word.lower()}],
            )
            for word in ("STOP", "START", "HELP")
        ),
        InboundCase(
            name="pictures",
            body=received(
                Body="look",
                NumMedia="2",
                MediaUrl0="https://api.example/0",
                MediaContentType0="image/jpeg",
                MediaUrl1="https://api.example/1",
                MediaContentType1="text/vcard",
            ),
            expects=[
                {
                    "kind": "media",
                    "text": "look",
                    "media": Media(
                        kind="image", link="https://api.example/0", mime_type="image/jpeg"
                    ),
                },
                {
                    "kind": "media",
                    "text": "",
                    "media": Media(
                        kind="document", link="https://api.example/1", mime_type="text/vcard"
                    ),
                },
            ],
        ),
    ],
    nonsense=[
        b"",
        b"{}",
        b"a=1",
        form(),
        form(MessageStatus="dancing"),
        urlencode({"AccountSid": f"AC{'0' * 32}", "MessageSid": MESSAGE}).encode(),
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
        peer={"answer": problem(20429, status=429, **{"retry-after": "7"})},
        expects=Disposition.CONGESTION,
        retryable=True,
        retry_after=timedelta(seconds=7),
        is_taken=False,
    ),
    SendCase(
        name="a code of tomorrow",
        peer={"answer": problem(29999)},
        expects=Disposition.CARRIER_ERROR,
        retryable=False,
        is_taken=False,
    ),
    SendCase(
        name="an error on its side",
        peer={"answer": problem(29999, status=500)},
        expects=Disposition.UNKNOWN,
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
        }.items()
    ),
]
