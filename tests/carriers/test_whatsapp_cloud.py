"""The WhatsApp adapter against a server that judges its requests, by the contract of carriers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from campana.carriers.base import (
    Carrier,
    CarrierError,
    Challenge,
    ForgedCallback,
    Report,
    UnreadableCallback,
)
from campana.carriers.whatsapp_cloud import KIND
from campana.carriers.whatsapp_cloud.config import Config
from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from tests.carriers import contract
from tests.carriers.contract import (
    ATTEMPT,
    NOW,
    outbound,
)
from tests.carriers.meta import (
    CONTRACT,
    PHONE,
    PRICED,
    SENDS,
    VERIFY,
    WAMID,
    hook,
    judge,
    one,
    problem,
    received,
    status,
)
from tests.support.http_peer import (
    ENDLESS,
    HTML,
    LISTS,
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


async def test_every_send_ends_in_a_fact(carrier: Carrier, peer: Peer) -> None:
    for case in SENDS:
        peer.answer = case.peer.get("answer")
        message = outbound(ChannelType.WHATSAPP)
        await contract.check_send(carrier, case, message, can_be_asked=False)
    assert not peer.refused
    assert len(peer.asked) == len(SENDS)


async def test_who_takes_too_long_may_have_taken_it(peer: Peer) -> None:
    peer.answer = Given(after=60)
    slow = CONTRACT.carrier(url=peer.url, timeoutSeconds=0.3)
    with pytest.raises(CarrierError) as caught:
        await slow.send(outbound(ChannelType.WHATSAPP))
    assert caught.value.disposition in {Disposition.UNKNOWN, Disposition.NOT_SENT}
    assert peer.asked == [] or caught.value.disposition is Disposition.UNKNOWN
    await slow.aclose()


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


@pytest.mark.parametrize(
    "nonsense", [{**one("sent"), "timestamp": "soon"}, {"status": 5}, None], ids=repr
)
def test_a_part_nobody_understands_takes_no_other_with_it(nonsense: object) -> None:
    body = hook(statuses=[one("delivered"), nonsense, one("read")], messages=[{"id": 7}])
    told = CONTRACT.carrier().parse_callback(CONTRACT.callback(body))
    words = [each.event.detail["status"] for each in told if isinstance(each, Report)]
    assert words == ["delivered", "read"]


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
