"""The SMPP adapter against a message center that really listens, by the contract of carriers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from campana.carriers.base import (
    Accepted,
    Callback,
    CarrierError,
    ForgedCallback,
    Inbound,
    Listener,
    NamedReport,
    Report,
    Unknowable,
)
from campana.carriers.sms_smpp import KIND, OUTCOMES, REFUSALS, Config, Smpp
from campana.domain.attempt import EventType
from campana.domain.campaign import ChannelType
from campana.domain.content import Media, Template, Text
from campana.domain.disposition import Disposition
from campana.domain.errors import Unavailable
from campana.smpp.receipt import State
from tests.carriers import contract
from tests.carriers.contract import ATTEMPT, NOW, Contract, outbound
from tests.support.certificates import authority, server_context
from tests.support.smsc import PASSWORD, SYSTEM_ID, Answer, Smsc, smsc
from tests.support.waiting import eventually

TO = "12125550101"
CONTRACT = Contract(
    kind=KIND,
    config={
        "host": "127.0.0.1",
        "port": 9,
        "systemId": SYSTEM_ID,
        "password": PASSWORD,
        "senders": ["+12025550100", "Shop", "2255"],
        "answerSeconds": 0.5,
        "throttleSeconds": 0.05,
    },
    secrets=[PASSWORD],
    sign=lambda _body, _at: {},
    statuses=[],
    nonsense=[],
)


class Kept:
    """What was handed up; refuses while it is told to."""

    def __init__(self) -> None:
        self.heard: list[NamedReport | Report | Inbound] = []
        self.is_away = False
        self.refused = 0

    async def __call__(self, heard: Sequence[NamedReport | Report | Inbound]) -> None:
        if self.is_away:
            self.refused += 1
            raise Unavailable("no database")
        self.heard += heard

    @property
    def ends(self) -> dict[str, str]:
        """Dispositions by the provider's name."""
        return {
            each.ref: str(each.event.detail["disposition"])
            for each in self.heard
            if isinstance(each, NamedReport) and each.event.type is EventType.ENDED
        }


@asynccontextmanager
async def bound(center: Smsc, kept: Kept | None = None, **changes: Any) -> AsyncIterator[Smpp]:
    """An account that listens while the block lasts."""
    made = CONTRACT.carrier(port=center.port, **changes)
    assert isinstance(made, Smpp)
    listening = asyncio.create_task(made.listen(kept or Kept(), now=lambda: NOW))
    try:
        await eventually(lambda: made.most_at_once)
        yield made
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await made.aclose()


def sms(text: str = "Hello Ana.", **changes: Any) -> Any:
    return outbound(ChannelType.SMS, content=Text(body=text), **changes)


async def refusal(carrier: Smpp, message: Any) -> CarrierError:
    with pytest.raises(CarrierError) as caught:
        await carrier.send(message)
    assert caught.value.detail
    return caught.value


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
    async with smsc(answer=lambda _: answer) as center, bound(center) as carrier:
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


@pytest.mark.parametrize(
    ("stat", "state"),
    [
        ("DELIVRD", State.DELIVERED),
        ("EXPIRED", State.EXPIRED),
        ("DELETED", State.DELETED),
        ("UNDELIV", State.UNDELIVERABLE),
        ("ACCEPTD", State.ACCEPTED),
        ("ENROUTE", State.ENROUTE),
        ("UNKNOWN", State.UNKNOWN),
        ("REJECTD", State.REJECTED),
        ("PARDONED", State.UNKNOWN),
    ],
)
async def test_a_receipt_says_what_became_of_it(stat: str, state: State) -> None:
    kept = Kept()
    async with (
        smsc(answer=lambda _: Answer(receipt=stat)) as center,
        bound(center, kept) as carrier,
    ):
        accepted = await carrier.send(sms())
        await eventually(lambda: center.acknowledged)
        [report] = kept.heard
        assert isinstance(report, NamedReport)
        assert (report.ref, report.address) == (accepted.ref, f"+{TO}")
        assert report.event.detail.get("disposition") == OUTCOMES[state]
        assert (report.event.type is EventType.ENDED) == (OUTCOMES[state] is not None)


@pytest.mark.parametrize(
    ("err", "disposition"), [("001", "invalid_number"), ("7f", "blocked"), ("999", "undelivered")]
)
async def test_a_providers_own_codes_mean_what_the_channel_says(err: str, disposition: str) -> None:
    kept = Kept()
    answers = lambda _: Answer(receipt="UNDELIV", err=err)  # noqa: E731
    meanings = {"001": "invalid_number", "7f": "blocked"}
    async with smsc(answer=answers) as center, bound(center, kept, errorMeanings=meanings) as made:
        await made.send(sms())
        await eventually(lambda: center.acknowledged)
        assert list(kept.ends.values()) == [disposition]


async def test_ids_in_hexadecimal_and_decimal_are_the_same() -> None:
    kept = Kept()
    async with (
        smsc(
            answer=lambda _: Answer(message_id="00BC614E", receipt="DELIVRD"),
            receipt_id=lambda message_id: str(int(message_id, 16)),
        ) as center,
        bound(center, kept, messageIds="hexThenDecimal") as carrier,
    ):
        accepted = await carrier.send(sms())
        await eventually(lambda: center.acknowledged)
        assert kept.ends == {str(accepted.ref): "delivered"}


async def test_no_receipt_is_acknowledged_before_it_is_kept() -> None:
    kept = Kept()
    kept.is_away = True
    async with (
        smsc(answer=lambda _: Answer(receipt="DELIVRD")) as center,
        bound(center, kept) as carrier,
    ):
        await carrier.send(sms())
        await eventually(lambda: center.refused)
        assert center.acknowledged == []
        kept.is_away = False
        await eventually(lambda: center.acknowledged)
        assert len(kept.heard) == 1


async def test_a_receipt_may_overtake_the_answer() -> None:
    kept = Kept()
    async with (
        smsc(answer=lambda _: Answer(receipt="DELIVRD", receipt_first=True, seconds=0.1)) as center,
        bound(center, kept) as carrier,
    ):
        sending = asyncio.create_task(carrier.send(sms()))
        await eventually(lambda: kept.heard)
        assert not sending.done()
        assert kept.ends == {(await sending).ref: "delivered"}


async def test_it_binds_again_when_the_connection_ends() -> None:
    async with smsc() as center, bound(center) as carrier:
        center.hang_up()
        await eventually(lambda: carrier.most_at_once == 0)
        await eventually(lambda: carrier.most_at_once)
        assert (await carrier.send(sms())).ref
        center.send_away()
        await eventually(lambda: center.binds == 3)
        await eventually(lambda: carrier.most_at_once)
        assert (await carrier.send(sms())).ref
        assert len(center.submits) == 2


async def test_silence_is_asked_about_and_a_dead_provider_given_up() -> None:
    async with smsc() as center, bound(center, enquireLinkSeconds=0.05) as carrier:
        await eventually(lambda: center.enquiries >= 2)
        assert carrier.most_at_once
        center.is_deaf = True
        await eventually(lambda: carrier.most_at_once == 0)


async def test_it_says_goodbye() -> None:
    async with smsc() as center:
        async with bound(center):
            pass
        assert center.unbinds == 1


async def test_leaving_waits_for_the_answers_that_are_due() -> None:
    async with smsc(answer=lambda _: Answer(seconds=0.2)) as center:
        async with bound(center) as carrier:
            sending = asyncio.create_task(carrier.send(sms()))
            await eventually(lambda: center.submits)
        assert (await sending).ref


async def test_a_wrong_password_is_not_tried_again_and_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with smsc() as center:
        carrier = CONTRACT.carrier(port=center.port, password="wrong-pass")
        assert isinstance(carrier, Smpp)
        listening = asyncio.create_task(carrier.listen(Kept(), now=lambda: NOW))
        await eventually(lambda: "not let in" in caplog.text)
        assert (center.refused_binds, carrier.most_at_once) == (1, 0)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


@pytest.mark.parametrize(
    ("states", "end"),
    [
        ([2], Disposition.DELIVERED),
        ([2, 2], Disposition.DELIVERED),
        ([2, 5], Disposition.UNDELIVERED),
        ([2, 1], None),
        ([8], Disposition.BLOCKED),
    ],
)
async def test_the_provider_is_asked_where_it_can_be(
    states: list[int], end: Disposition | None
) -> None:
    refs = [str(number) for number, _ in enumerate(states)]
    async with (
        smsc(states=dict(zip(refs, states, strict=True))) as center,
        bound(center, canQuery=True) as carrier,
    ):
        found = await carrier.lookup_named(ATTEMPT, refs, now=NOW)
        assert isinstance(found, list)
        assert [contract.event_of(each)[1] for each in found] == ([end] if end else [])
        assert isinstance(await carrier.lookup_named(ATTEMPT, ["?"], now=NOW), Unknowable)


async def test_nobody_is_asked_who_does_not_answer() -> None:
    async with smsc() as center, bound(center) as carrier:
        found = await carrier.lookup_named(ATTEMPT, ["00000001"], now=NOW)
        assert isinstance(found, Unknowable)


async def test_what_a_person_writes_is_handed_up() -> None:
    kept = Kept()
    async with smsc() as center, bound(center, kept):
        center.write("STOP", source=TO, to="2255")
        center.write("", octets="¿Sí?".encode("utf-16-be"), source=TO, to="2255", data_coding=8)
        await eventually(lambda: len(center.acknowledged) == 2)
        found = [each for each in kept.heard if isinstance(each, Inbound)]
        assert {(each.sender, each.to, each.text) for each in found} == {
            (f"+{TO}", "2255", "STOP"),
            (f"+{TO}", "2255", "¿Sí?"),
        }
        assert len({each.key for each in found}) == 2


async def test_a_text_in_parts_is_handed_up_as_one() -> None:
    kept = Kept()
    async with smsc() as center, bound(center, kept):
        for number in (2, 1):
            header = bytes((5, 0, 3, 9, 2, number))
            octets = header + {1: b"Please ", 2: b"stop"}[number]
            center.write("", octets=octets, source=TO, to="2255", esm_class=0x40)
        await eventually(lambda: len(center.acknowledged) == 2)
        [found] = kept.heard
        assert isinstance(found, Inbound)
        assert found.text == "Please stop"


async def test_what_was_kept_and_could_not_be_answered_is_told_once() -> None:
    kept = Kept()
    async with smsc() as center:

        class Slow(Kept):
            async def __call__(self, heard: Sequence[NamedReport | Report | Inbound]) -> None:
                await super().__call__(heard)
                if len(self.heard) == 1:
                    center.hang_up()
                    await asyncio.sleep(0.1)

        kept = Slow()
        async with bound(center, kept):
            center.write("STOP", source=TO, to="2255")
            await eventually(lambda: center.acknowledged)
            center.write("STOP", source=TO, to="2255")
            await eventually(lambda: len(center.acknowledged) == 2)
        assert len(kept.heard) == 2


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
