"""What comes in over an SMPP connection, and that it holds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from campana.carriers.base import (
    Inbound,
    NamedReport,
    Report,
    Unknowable,
)
from campana.carriers.sms_smpp import OUTCOMES, Smpp
from campana.domain.attempt import EventType
from campana.domain.disposition import Disposition
from campana.smpp.receipt import State
from tests.carriers import contract
from tests.carriers.contract import ATTEMPT, NOW
from tests.support.smpp_account import CONTRACT, TO, Kept, bound, sms
from tests.support.smsc import Answer, smsc
from tests.support.waiting import eventually


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
        assert f"stat:{stat}" in (report.event.body or "")


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
    async with (
        smsc() as center,
        bound(center, enquireLinkSeconds=0.05, answerSeconds=0.5) as carrier,
    ):
        # Bound, though it may have to bind again on a machine that stands still.
        await eventually(lambda: center.enquiries >= 2 and carrier.most_at_once)
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
