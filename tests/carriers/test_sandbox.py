"""The sandbox's adapter against a real sandbox, by the contract every carrier keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from campana.carriers.base import Carrier, CarrierError, NotSent, Unknowable
from campana.carriers.sandbox import KIND, OUTCOMES, REFUSALS, SIGNATURE, STATUSES, Config
from campana.domain.attempt import EventType
from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from campana.domain.ids import attempt_text
from campana.sandbox import plan, wire
from tests.carriers import contract
from tests.carriers.contract import ATTEMPT, NOW, Contract, SendCase, StatusCase, outbound
from tests.support.sandbox import SECRET, Sandboxed, sandbox

pytestmark = pytest.mark.timeout(180)

TOLD = NOW - timedelta(seconds=3)


def status(word: str, outcome: str | None = None, **changes: Any) -> bytes:
    told = {"attempt": attempt_text(ATTEMPT), "id": "3", "status": word, "at": TOLD, **changes}
    return msgspec.json.encode({**told, "outcome": outcome})


def sign(body: bytes, at: datetime, _: str = "") -> dict[str, str]:
    """As the sandbox does it: by its own code, not the adapter's."""
    return {SIGNATURE: wire.sign(SECRET, body, at=at)}


CONTRACT = Contract(
    kind=KIND,
    config={"url": "http://127.0.0.1:9", "secret": SECRET, "senders": ["+12025550100"]},
    secrets=[SECRET],
    sign=sign,
    statuses=[
        StatusCase(name="queued", body=status("queued"), events=[(EventType.ACCEPTED, None)]),
        StatusCase(name="ringing", body=status("ringing"), events=[(EventType.RINGING, None)]),
        StatusCase(name="answered", body=status("answered"), events=[(EventType.ANSWERED, None)]),
        *(
            StatusCase(
                name=outcome,
                body=status("finished", outcome),
                events=[(EventType.ENDED, disposition)],
            )
            for outcome, disposition in OUTCOMES.items()
        ),
        StatusCase(
            name="a word of tomorrow",
            body=status("finished", "teleported"),
            events=[(EventType.ENDED, Disposition.CARRIER_ERROR)],
        ),
        StatusCase(
            name="several at once",
            body=b"[" + status("ringing") + b"," + status("finished", "busy") + b"]",
            events=[(EventType.RINGING, None), (EventType.ENDED, Disposition.BUSY)],
        ),
    ],
    nonsense=[
        b"",
        b"{}",
        b"[[]]",
        b"\xff\x00",
        b"[" * 100_000,
        status("dancing"),
        status("queued", at="yesterday"),
        status("queued", at="2026-03-10T15:00:00"),
        status("queued", attempt="somebody else's"),
        status("finished", "busy", answeredAt=7),
    ],
)

SENDS = [
    SendCase(name="taken", expects=None, is_taken=True),
    SendCase(
        name="error",
        peer={"faults": {"error": 1}},
        expects=Disposition.CARRIER_ERROR,
        retryable=True,
        is_taken=False,
    ),
    SendCase(
        name="congestion",
        peer={"faults": {"refuse": 1}, "refusal": "congestion"},
        expects=Disposition.CONGESTION,
        retryable=True,
        retry_after=timedelta(seconds=1),
        is_taken=False,
    ),
    *(
        SendCase(
            name=refusal,
            peer={"faults": {"refuse": 1}, "refusal": refusal},
            expects=disposition,
            retryable=False,
            is_taken=False,
        )
        for refusal, disposition in (
            ("invalid_number", Disposition.INVALID_NUMBER),
            ("blocked", Disposition.BLOCKED),
            ("busy", Disposition.BUSY),
        )
    ),
    SendCase(
        name="garbage",
        peer={"faults": {"garbage": 1}},
        expects=Disposition.UNKNOWN,
        retryable=True,
        is_taken=True,
    ),
    SendCase(
        name="silent", peer={"faults": {"silent": 1}}, expects=Disposition.UNKNOWN, is_taken=True
    ),
    SendCase(
        name="lost", peer={"faults": {"lost": 1}}, expects=Disposition.UNKNOWN, is_taken=False
    ),
    SendCase(
        name="slow",
        peer={"faults": {"slow": 1}, "seconds": {"slow": [20, 20]}},
        expects=Disposition.UNKNOWN,
        is_taken=True,
    ),
]
UNANSWERED = {"silent", "lost", "slow"}
"""Those of which no answer comes that is worth waiting for."""


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandboxed]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
async def carrier(peer: Sandboxed) -> AsyncIterator[Carrier]:
    peer.change(faults={}, refusal="congestion", seconds={})
    made = CONTRACT.carrier(url=peer.url, timeoutSeconds=15)
    yield made
    await made.aclose()


def attempt(name: str) -> UUID:
    """An attempt of the case's own: one sandbox serves them all."""
    return UUID(bytes=name.encode().ljust(16, b"-")[:16])


@pytest.mark.parametrize("case", SENDS, ids=lambda case: case.name)
async def test_a_send_ends_in_a_fact(case: SendCase, carrier: Carrier, peer: Sandboxed) -> None:
    peer.change(**case.peer)
    message = outbound(ChannelType.VOICE, attempt_id=attempt(f"send {case.name}"))
    if case.name not in UNANSWERED:
        await contract.check_send(carrier, case, message)
        return
    impatient = CONTRACT.carrier(url=peer.url, timeoutSeconds=1.5)
    await contract.check_send(impatient, case, message)
    await impatient.aclose()


@pytest.mark.parametrize("channel_type", ChannelType)
async def test_every_channel_type_is_spoken(
    channel_type: ChannelType, carrier: Carrier, peer: Sandboxed
) -> None:
    message = outbound(channel_type, attempt_id=attempt(f"type {channel_type}"))
    await contract.check_send(carrier, SENDS[0], message)
    [line] = [x for x in peer.lines("send") if x["attempt"] == attempt_text(message.attempt_id)]
    assert (line["to"], line["channelType"], line["sender"]) == (
        message.to,
        channel_type,
        "+12025550100",
    )


async def test_the_same_attempt_sent_again_is_taken_once(carrier: Carrier, peer: Sandboxed) -> None:
    message = outbound(ChannelType.SMS, attempt_id=attempt("again"))
    assert await carrier.send(message) == await carrier.send(message)
    lines = [x for x in peer.lines("send") if x["attempt"] == attempt_text(message.attempt_id)]
    assert [line["is_repeat"] for line in lines] == [False, True]


async def test_nothing_listens_is_not_sent() -> None:
    carrier = CONTRACT.carrier(url="http://127.0.0.1:9")
    with pytest.raises(CarrierError) as caught:
        await carrier.send(outbound(ChannelType.VOICE))
    assert caught.value.disposition is Disposition.NOT_SENT
    assert isinstance(await carrier.lookup(ATTEMPT), Unknowable)
    await carrier.aclose()


async def test_what_is_too_late_when_it_has_a_connection_is_not_sent(
    carrier: Carrier, peer: Sandboxed
) -> None:
    message = replace(
        outbound(ChannelType.VOICE, attempt_id=attempt("late")), may_send=lambda: False
    )
    with pytest.raises(CarrierError) as caught:
        await carrier.send(message)
    assert (caught.value.disposition, caught.value.retryable) == (Disposition.NOT_SENT, False)
    assert not [x for x in peer.lines("send") if x["attempt"] == attempt_text(message.attempt_id)]
    # Its connection is given up, the account is not.
    assert await carrier.send(outbound(ChannelType.VOICE, attempt_id=attempt("after late")))


async def test_a_wrong_secret_is_the_accounts_fault(tmp_path: Path) -> None:
    with sandbox(tmp_path, secret="another-secret-altogether") as running:
        carrier = CONTRACT.carrier(url=running.url)
        with pytest.raises(CarrierError) as caught:
            await carrier.send(outbound(ChannelType.VOICE))
        assert (caught.value.disposition, caught.value.retryable) == (
            Disposition.CARRIER_ERROR,
            False,
        )
        assert isinstance(await carrier.lookup(ATTEMPT), Unknowable)
        assert running.lines("send") == []
        await carrier.aclose()


async def test_what_was_never_sent_is_unknown_to_it(carrier: Carrier) -> None:
    assert await carrier.lookup(attempt("never")) == NotSent()


@pytest.mark.parametrize("case", CONTRACT.statuses, ids=lambda case: case.name)
def test_a_status_becomes_events(case: StatusCase) -> None:
    contract.check_status(CONTRACT, case)


def test_an_end_says_when_it_was_answered() -> None:
    body = status("finished", "completed", answeredAt=TOLD)
    [report] = CONTRACT.carrier().parse_callback(CONTRACT.callback(body))
    assert report.event.detail["answered_at"] == TOLD.isoformat()  # pyright: ignore[reportAttributeAccessIssue]


def test_only_the_right_signature_counts() -> None:
    contract.check_signatures(CONTRACT)


@pytest.mark.parametrize("body", CONTRACT.nonsense, ids=lambda body: repr(body[:40]))
def test_nonsense_is_told_from_forgery(body: bytes) -> None:
    contract.check_nonsense(CONTRACT, body)


def test_a_part_nobody_understands_takes_no_other_with_it() -> None:
    ringing, busy = status("ringing"), status("finished", "busy")
    body = b"[" + ringing + b',7,{"inbound":"in-1"},' + busy + b"]"
    told = CONTRACT.carrier().parse_callback(CONTRACT.callback(body))
    alone = [CONTRACT.carrier().parse_callback(CONTRACT.callback(one)) for one in (ringing, busy)]
    assert told == [each for one in alone for each in one]


async def test_its_secret_is_nowhere(
    carrier: Carrier, peer: Sandboxed, caplog: pytest.LogCaptureFixture
) -> None:
    away = CONTRACT.carrier(url="http://127.0.0.1:9")
    await contract.check_secrets(
        CONTRACT,
        [
            lambda: carrier.send(outbound(ChannelType.VOICE, attempt_id=attempt("secret"))),
            lambda: carrier.lookup(ATTEMPT),
            lambda: away.send(outbound(ChannelType.VOICE)),
            lambda: away.lookup(ATTEMPT),
        ],
        caplog,
    )
    await away.aclose()
    assert SECRET not in peer.log.read_text()


def test_the_adapter_knows_every_word_of_the_sandbox() -> None:
    assert set(OUTCOMES) == set(plan.Outcome.__args__)
    assert set(plan.Refusal.__args__) < set(REFUSALS)
    assert set(STATUSES) == {"queued", "ringing", "answered", "finished"}


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1:8090",
        "http://localhost:8090",
        "https://127.0.0.1:8090",
        "http://127.0.0.1",
        "http://127.0.0.1:99999",
        "http://127.0.0.256:80",
        "http://127.0.0.1:80@192.0.2.1:80",
        "http://127.0.0.1:80/path",
    ],
)
def test_it_cannot_be_told_to_leave_this_machine(url: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"url": url, "secret": SECRET}, Config)


def test_it_stays_on_this_machine() -> None:
    for url in ("http://127.0.0.1:8090", "http://[::1]:8090"):
        assert KIND.is_loopback_only(msgspec.convert({"url": url, "secret": SECRET}, Config))
