"""The Twilio adapter against a server that judges its requests, by the contract of carriers."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
import pytest

from campana.carriers.base import Carrier, CarrierError, ForgedCallback, Inbound, UnreadableCallback
from campana.carriers.sms_twilio import KIND, check
from campana.carriers.sms_twilio.config import Config
from campana.domain.campaign import ChannelType
from campana.domain.content import Button, Email, Media, Template, Text
from campana.domain.disposition import Disposition
from tests.carriers import contract
from tests.carriers.contract import (
    ATTEMPT,
    NOW,
    URL,
    outbound,
)
from tests.carriers.twilio import (
    CONTRACT,
    QUERY,
    SENDS,
    TOKEN,
    judge,
    problem,
    received,
    sign,
)
from tests.support.http_peer import (
    HTML,
    Given,
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


def sent(peer: Peer) -> dict[str, str]:
    """The fields of the only request."""
    [asked] = peer.asked
    return dict(parse_qsl(asked.body.decode()))


async def test_every_send_ends_in_a_fact(carrier: Carrier, peer: Peer) -> None:
    for case in SENDS:
        peer.answer = case.peer.get("answer")
        await contract.check_send(carrier, case, outbound(ChannelType.SMS), can_be_asked=False)
    assert not peer.refused
    assert len(peer.asked) == len(SENDS)


async def test_our_id_travels_in_the_address_of_the_callback(carrier: Carrier, peer: Peer) -> None:
    await carrier.send(outbound(ChannelType.SMS))
    assert sent(peer) == {
        "To": "+12125550101",
        "From": "+12025550100",
        "Body": "Hello Ana.",
        "StatusCallback": f"http://127.0.0.1:9/callbacks/chan_1?{QUERY}",
    }


async def test_a_service_chooses_the_sender_unless_a_campaign_does(peer: Peer) -> None:
    service = f"MG{'0' * 32}"
    carrier = CONTRACT.carrier(url=peer.url, messagingServiceSid=service, validitySeconds=600)
    for sender, expected in ((None, None), ("+12025550101", "+12025550101")):
        peer.asked.clear()
        await carrier.send(outbound(ChannelType.SMS, sender=sender))
        assert (sent(peer)["MessagingServiceSid"], sent(peer).get("From")) == (service, expected)
        assert sent(peer)["ValidityPeriod"] == "600"
    await carrier.aclose()


async def test_an_api_key_opens_the_account_and_the_token_still_checks(peer: Peer) -> None:
    key = {"apiKeySid": f"SK{'0' * 32}", "apiKeySecret": "secret-of-the-key"}
    carrier = CONTRACT.carrier(url=peer.url, **key)
    with pytest.raises(CarrierError):
        await carrier.send(outbound(ChannelType.SMS))
    basic = peer.asked[0].headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(basic).decode() == f"SK{'0' * 32}:secret-of-the-key"
    assert carrier.parse_callback(CONTRACT.told(CONTRACT.statuses[0]))
    await carrier.aclose()


async def test_a_picture_goes_by_its_link(carrier: Carrier, peer: Peer) -> None:
    media = Media(kind="image", link="https://x.example/a.png")
    await carrier.send(outbound(ChannelType.SMS, content=Text(body="", media=media)))
    assert sent(peer)["MediaUrl"] == "https://x.example/a.png"
    assert "Body" not in sent(peer)


@pytest.mark.parametrize(
    "content",
    [
        Text(body=""),
        Text(body="x" * 1601),
        Text(body="x", buttons=(Button(id="1", title="Yes"),)),
        Text(body="x", footer="y"),
        Text(body="x", media=Media(kind="image", ref="1")),
        Template(name="hello", language="en_US"),
        Email(subject="x", text="y"),
    ],
    ids=lambda content: repr(content)[:50],
)
async def test_what_an_sms_has_no_words_for_never_leaves(
    content: Any, carrier: Carrier, peer: Peer
) -> None:
    with pytest.raises(CarrierError) as caught:
        await carrier.send(outbound(ChannelType.SMS, content=content))
    assert caught.value.disposition is Disposition.CARRIER_ERROR
    assert (caught.value.retryable, peer.asked) == (False, [])


async def test_who_takes_too_long_may_have_taken_it(peer: Peer) -> None:
    peer.answer = Given(after=60)
    slow = CONTRACT.carrier(url=peer.url, timeoutSeconds=0.3)
    with pytest.raises(CarrierError) as caught:
        await slow.send(outbound(ChannelType.SMS))
    assert caught.value.disposition in {Disposition.UNKNOWN, Disposition.NOT_SENT}
    assert peer.asked == [] or caught.value.disposition is Disposition.UNKNOWN
    await slow.aclose()


async def test_what_is_too_late_or_finds_nobody_is_not_sent(carrier: Carrier, peer: Peer) -> None:
    away = CONTRACT.carrier()
    for account, message in (
        (carrier, outbound(ChannelType.SMS, may_send=lambda: False)),
        (away, outbound(ChannelType.SMS)),
    ):
        with pytest.raises(CarrierError) as caught:
            await account.send(message)
        assert caught.value.disposition is Disposition.NOT_SENT
    assert not peer.asked
    await away.aclose()


def test_every_status_becomes_its_event() -> None:
    for case in CONTRACT.statuses:
        contract.check_status(CONTRACT, case)


def test_statuses_come_in_any_order() -> None:
    contract.check_every_order(CONTRACT, "queued", "sent", "delivered")
    contract.check_every_order(CONTRACT, "sent", "undelivered 30003", "queued")


def test_what_people_send_is_read() -> None:
    for case in CONTRACT.inbounds:
        contract.check_inbound(CONTRACT, case)


def test_only_the_right_signature_counts() -> None:
    contract.check_signatures(CONTRACT)
    case = CONTRACT.statuses[0]
    for changed in ({"url": URL}, {"url": f"{URL}?{QUERY}x"}, {"method": "GET"}):
        with pytest.raises(ForgedCallback):
            CONTRACT.carrier().parse_callback(replace(CONTRACT.told(case), **changed))


@pytest.mark.parametrize(
    ("seen", "signed"),
    [
        ("https://campana.example/c?a=1", "https://campana.example:443/c?a=1"),
        ("https://campana.example:443/c?a=1", "https://campana.example/c?a=1"),
        ("https://campana.example:8443/c?a=1", "https://campana.example:8443/c?a=1"),
        ("http://[::1]/c?a=1", "http://[::1]:80/c?a=1"),
    ],
)
def test_a_port_that_goes_without_saying_may_be_said(seen: str, signed: str) -> None:
    body = received(Body="hello")
    callback = replace(CONTRACT.callback(body), url=seen, headers=sign(body, NOW, signed))
    [told] = CONTRACT.carrier().parse_callback(callback)
    assert isinstance(told, Inbound)


def test_a_field_that_stands_twice_is_signed_once_for_each_value() -> None:
    body = received(Body="hello") + b"&Tag=b&Tag=a&Tag=a"
    text = URL + "".join(
        name + value for name, value in sorted(set(parse_qsl(body.decode(), True)))
    )
    mac = base64.b64encode(hmac.digest(TOKEN.encode(), text.encode(), "sha1")).decode()
    headers = {**sign(body, NOW, URL), "x-twilio-signature": mac}
    assert CONTRACT.carrier().parse_callback(replace(CONTRACT.callback(body), headers=headers))


def test_a_body_that_is_no_form_is_signed_by_its_hash() -> None:
    body = b'{"MessageStatus":"delivered"}'
    right = hashlib.sha256(body).hexdigest()
    for mark, error in ((right, UnreadableCallback), ("0" * 64, ForgedCallback)):
        query = urlencode({"bodySHA256": mark})
        headers = {**sign(b"", NOW, f"{URL}?{query}"), "content-type": "application/json"}
        callback = replace(CONTRACT.callback(body, query), headers=headers)
        with pytest.raises(error):
            CONTRACT.carrier().parse_callback(callback)


@pytest.mark.parametrize("body", CONTRACT.nonsense, ids=lambda body: repr(body[:40]))
def test_nonsense_is_told_from_forgery(body: bytes) -> None:
    contract.check_nonsense(CONTRACT, body)


@pytest.mark.parametrize("body", [b"\xff\x00", b"&".join(b"a=1" for _ in range(2000))])
def test_what_no_form_of_twilio_looks_like_is_not_its(body: bytes) -> None:
    with pytest.raises(ForgedCallback):
        CONTRACT.carrier().parse_callback(CONTRACT.callback(body, QUERY))


async def test_its_secret_is_nowhere(
    carrier: Carrier, peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    peer.answer = problem(20003, "Authenticate", status=401)
    away = CONTRACT.carrier()
    sends = [
        lambda: carrier.send(outbound(ChannelType.SMS)),
        lambda: away.send(outbound(ChannelType.SMS)),
        lambda: carrier.lookup(ATTEMPT),
    ]
    await contract.check_secrets(CONTRACT, sends, caplog)
    await away.aclose()


async def test_an_account_can_be_checked(peer: Peer) -> None:
    chosen = msgspec.convert({**CONTRACT.config, "url": peer.url}, Config)
    assert await check(chosen) == "Ops, Full, active"
    peer.answer = Given(body={"status": "suspended"})
    with pytest.raises(CarrierError, match="the account is suspended"):
        await check(chosen)
    peer.answer = HTML
    with pytest.raises(CarrierError):
        await check(chosen)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://twilio.example"},
        {"url": "https://api.twilio.com/path"},
        {"accountSid": "AC1"},
        {"senders": [], "messagingServiceSid": None},
        {"apiKeySid": f"SK{'0' * 32}"},
        {"senders": ["not a sender at all"]},
    ],
)
def test_a_config_that_could_not_work_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        CONTRACT.carrier(**changes)


def test_it_is_loopback_only_on_loopback() -> None:
    chosen = msgspec.convert(CONTRACT.config, Config)
    assert KIND.is_loopback_only(chosen)
    away = msgspec.structs.replace(chosen, url="https://api.twilio.com")
    assert not KIND.is_loopback_only(away)
