"""The SMPP adapter against a message center that really listens, by the contract of carriers."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from campana.carriers.base import (
    Accepted,
    Callback,
    CarrierError,
    ForgedCallback,
    Listener,
    Unknowable,
)
from campana.carriers.sms_smpp import KIND, REFUSALS, Config, Smpp
from campana.domain.campaign import ChannelType
from campana.domain.content import Media, Template, Text
from campana.domain.disposition import Disposition
from tests.carriers import contract
from tests.carriers.contract import ATTEMPT, NOW, outbound
from tests.support.certificates import authority, server_context
from tests.support.smpp_account import CONTRACT, TO, Kept, bound, refusal, sms
from tests.support.smsc import Answer, Smsc, smsc
from tests.support.waiting import eventually


async def test_a_text_is_taken_under_a_name() -> None:
    async with smsc() as center, bound(center) as carrier:
        assert await carrier.send(sms()) == Accepted(ref="00000001", refs=("00000001",))
        [submit] = center.submits
        pdu = submit.pdu
        assert (pdu.destination_addr, pdu.dest_addr_ton, pdu.dest_addr_npi) == (TO, 1, 1)
        assert (pdu.source_addr, pdu.source_addr_ton) == ("12025550100", 1)
        assert (pdu.short_message, pdu.data_coding) == (b"Hello Ana.", 0)
        assert pdu.registered_delivery == 1


@pytest.mark.parametrize(
    ("sender", "ton", "npi"), [("Shop", 5, 0), ("2255", 3, 0), ("+12025550100", 1, 1)]
)
async def test_a_sender_is_written_as_what_it_is(sender: str, ton: int, npi: int) -> None:
    async with smsc() as center, bound(center) as carrier:
        await carrier.send(sms(sender=sender))
        pdu = center.submits[0].pdu
        assert (pdu.source_addr, pdu.source_addr_ton, pdu.source_addr_npi) == (
            sender.lstrip("+"),
            ton,
            npi,
        )


@pytest.mark.parametrize(("status", "meaning"), REFUSALS.items(), ids=lambda x: repr(x))
async def test_a_refusal_means_what_the_table_says(
    status: int, meaning: tuple[Disposition, bool]
) -> None:
    async with smsc(answer=lambda _: Answer(status=status)) as center, bound(center) as carrier:
        error = await refusal(carrier, sms())
        assert (error.disposition, error.retryable) == meaning
        asks_to_wait = status in (0x14, 0x58)
        assert error.retry_after == (timedelta(seconds=0.05) if asks_to_wait else None)


@pytest.mark.parametrize("status", [0x01, 0x33, 0x0400, 0x04FF])
async def test_any_other_refusal_is_an_error_of_the_message(status: int) -> None:
    async with smsc(answer=lambda _: Answer(status=status)) as center, bound(center) as carrier:
        error = await refusal(carrier, sms())
        assert (error.disposition, error.retryable) == (Disposition.CARRIER_ERROR, False)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(is_silent=True),
        Answer(drops=True),
        Answer(is_garbage=True),
        Answer(seconds=2),
        Answer(message_id=""),
    ],
    ids=["silent", "drops", "garbage", "slow", "nameless"],
)
async def test_what_nobody_answers_is_in_doubt(answer: Answer) -> None:
    async with (
        smsc(answer=lambda _: answer) as center,
        bound(center, answerSeconds=0.5) as carrier,
    ):
        error = await refusal(carrier, sms())
        assert error.disposition is Disposition.UNKNOWN
        assert len(center.submits) == 1
        assert isinstance(await carrier.lookup(ATTEMPT), Unknowable)


async def test_without_a_connection_nothing_is_sent() -> None:
    carrier = CONTRACT.carrier()
    assert carrier.most_at_once == 0
    with pytest.raises(CarrierError) as caught:
        await carrier.send(sms())
    assert (caught.value.disposition, caught.value.retryable) == (Disposition.NOT_SENT, True)


async def test_what_is_too_late_when_the_window_opens_is_not_sent() -> None:
    async with (
        smsc(answer=lambda _: Answer(seconds=0.2)) as center,
        bound(center, window=1) as carrier,
    ):
        first = asyncio.create_task(carrier.send(sms()))
        await eventually(lambda: center.submits)
        error = await refusal(carrier, sms(may_send=lambda: False))
        assert (error.disposition, error.retryable) == (Disposition.NOT_SENT, False)
        assert (await first).ref
        assert len(center.submits) == 1


async def test_nothing_leaves_before_it_is_written_down_and_only_in_the_window() -> None:
    left: list[int] = []

    async def leave() -> bool:
        left.append(len(center.submits))
        return len(left) < 2

    async with (
        smsc(answer=lambda _: Answer(seconds=0.2)) as center,
        bound(center, window=1) as carrier,
    ):
        first = asyncio.create_task(carrier.send(sms(leave=leave)))
        await eventually(lambda: center.submits)
        second = asyncio.create_task(carrier.send(sms(leave=leave)))
        await asyncio.sleep(0)
        # It waits for the window, and is an intent as long.
        assert left == [0]
        assert (await first).ref
        with pytest.raises(CarrierError) as caught:
            await second
        assert caught.value.disposition is Disposition.NOT_SENT
        assert (left, len(center.submits)) == ([0, 1], 1)


async def test_no_more_than_the_window_is_under_way() -> None:
    open_now = most = 0

    def answers(_: Any) -> Answer:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        asyncio.get_running_loop().call_later(0.05, closes)
        return Answer(seconds=0.05)

    def closes() -> None:
        nonlocal open_now
        open_now -= 1

    async with smsc(answer=answers) as center, bound(center, window=3) as carrier:
        await asyncio.gather(*(carrier.send(sms()) for _ in range(20)))
        assert len(center.submits) == 20
        assert most == 3


@pytest.mark.parametrize("how", ["udh", "sar", "payload"])
@pytest.mark.parametrize("text", ["a" * 200 + "€" * 40, "ñandú 😀 " * 30])
async def test_a_long_text_arrives_whole(how: str, text: str) -> None:
    async with smsc() as center, bound(center, longMessages=how) as carrier:
        accepted = await carrier.send(sms(text))
        assert len(accepted.refs) == len(center.submits)
        assert reassembled(center) == text


def reassembled(center: Smsc) -> str:
    """As a phone would read it: by numbers that travel beside the text, in any order."""
    parts: dict[int, bytes] = {}
    references = set[bytes]()
    for submit in center.submits:
        pdu = submit.pdu
        octets, options = pdu.short_message, {tlv.tag: tlv.value for tlv in pdu.tlvs}
        if 0x0424 in options:
            assert octets == b""
            parts[1] = options[0x0424]
        elif pdu.esm_class & 0x40:
            assert octets[:3] == b"\x05\x00\x03"
            assert octets[4] == len(center.submits)
            references.add(octets[3:4])
            parts[octets[5]] = octets[6:]
            assert len(octets) <= (159 if pdu.data_coding == 0 else 140)
        else:
            assert options[0x020E] == bytes((len(center.submits),))
            references.add(options[0x020C])
            parts[options[0x020F][0]] = octets
    assert len(references) <= 1
    whole = b"".join(parts[number] for number in sorted(parts))
    if center.submits[0].pdu.data_coding == 8:
        return whole.decode("utf-16-be")
    return whole.decode("ascii").replace("\x1be", "€")


async def test_a_later_part_is_asked_for_again_while_the_provider_is_busy() -> None:
    answers = iter([Answer(), Answer(status=0x58), Answer(status=0x14), Answer()])
    async with smsc(answer=lambda _: next(answers)) as center, bound(center) as carrier:
        accepted = await carrier.send(sms("a" * 200))
        assert len(accepted.refs) == 2
        assert len(center.submits) == 4


async def test_a_text_of_which_a_part_was_taken_is_in_doubt() -> None:
    answers = iter([Answer(), Answer(status=0x0A)])
    async with smsc(answer=lambda _: next(answers)) as center, bound(center) as carrier:
        error = await refusal(carrier, sms("a" * 200))
        assert error.disposition is Disposition.UNKNOWN


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (Text(body="a" * 2000), "segments"),
        (Text(body="  "), "no text"),
        (Text(body="See", media=Media(kind="image", link="https://example.com/a.png")), "text"),
        (Template(name="hello", language="en"), "text"),
    ],
)
async def test_what_cannot_be_said_by_sms_is_refused(content: Any, why: str) -> None:
    async with smsc() as center, bound(center) as carrier:
        error = await refusal(carrier, outbound(ChannelType.SMS, content=content))
        assert (error.disposition, error.retryable) == (Disposition.CARRIER_ERROR, False)
        assert why in error.detail
        assert center.submits == []


async def test_typographic_quotes_do_not_double_the_price() -> None:
    async with smsc() as center, bound(center) as carrier:
        await carrier.send(sms("It\u2019s \u201cready\u201d"))
        assert center.submits[0].pdu.short_message == b'It\'s "ready"'


async def test_a_line_is_encrypted_and_its_certificate_checked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with smsc(tls=server_context()) as center:
        async with bound(center, tls=True, tlsAuthority=authority()) as carrier:
            assert (await carrier.send(sms())).ref
        stranger = CONTRACT.carrier(port=center.port, tls=True)
        assert isinstance(stranger, Smpp)
        listening = asyncio.create_task(stranger.listen(Kept(), now=lambda: NOW))
        await eventually(lambda: "CERTIFICATE_VERIFY_FAILED" in caplog.text)
        assert (center.binds, stranger.most_at_once) == (1, 0)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_its_secret_is_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    async with smsc() as center, bound(center) as carrier:
        away = CONTRACT.carrier()
        await contract.check_secrets(
            CONTRACT,
            [lambda: carrier.send(sms()), lambda: away.send(sms()), lambda: away.lookup(ATTEMPT)],
            caplog,
        )


def test_no_callback_is_believed() -> None:
    callback = Callback(method="POST", headers={}, body=b"{}", received_at=NOW)
    with pytest.raises(ForgedCallback):
        CONTRACT.carrier().parse_callback(callback)


def test_it_is_a_listener() -> None:
    carrier = CONTRACT.carrier(maxBinds=3)
    assert isinstance(carrier, Listener)
    assert carrier.most_connections == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"host": "a b"},
        {"port": 0},
        {"systemId": "much-too-long-for-it"},
        {"senders": []},
        {"senders": ["TwelveLetters"]},
        {"window": 0},
        {"tlsAuthority": "no certificate", "tls": True},
        {"tlsAuthority": "x"},
        {"errorMeanings": {"001": "wonderful"}},
        {"unheardOf": 1},
    ],
)
def test_a_config_that_cannot_work_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**CONTRACT.config, **changes}, Config)


@pytest.mark.parametrize(
    ("host", "is_local"),
    [("127.0.0.1", True), ("::1", True), ("localhost", False), ("192.0.2.1", False)],
)
def test_only_an_address_says_that_it_stays_here(host: str, is_local: bool) -> None:
    config = msgspec.convert({**CONTRACT.config, "host": host}, Config)
    assert KIND.is_loopback_only(config) is is_local
    assert KIND.senders(config) == ("+12025550100", "Shop", "2255")
