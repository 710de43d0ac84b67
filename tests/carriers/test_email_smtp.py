"""The e-mail adapter against aiosmtpd, by the contract of carriers."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from campana.carriers.base import (
    Accepted,
    CarrierError,
    Listener,
    Outbound,
    Report,
    Unknowable,
)
from campana.carriers.email_smtp import KIND, SIGNATURE, Config, Smtp
from campana.domain.attempt import EventType
from campana.domain.campaign import ChannelType
from campana.domain.content import Email, Template, Text
from campana.domain.disposition import Disposition
from campana.mail.token import token_of
from tests.carriers import contract
from tests.carriers.contract import ATTEMPT, NOW, Contract, StatusCase, outbound
from tests.support.certificates import authority, server_context
from tests.support.letters import complaint, dsn
from tests.support.mailserver import PASSWORD, USERNAME, MailServer, mail_server

SECRET = "a-secret-that-signs-letters"
TOKEN = token_of(ATTEMPT, key=SECRET.encode())
LETTER = Email(
    subject="Your order", text="It is on its way.", html="<p>It is on its <b>way</b>.</p>"
)


def sign(body: bytes, at: datetime, _: str = "") -> dict[str, str]:
    """As docs/carriers/email.md tells the server's own script to."""
    stamp = str(int(at.timestamp()))
    mac = hmac.digest(SECRET.encode(), stamp.encode() + b"." + body, "sha256").hex()
    return {SIGNATURE: f"t={stamp},v1={mac}"}


def ends(disposition: Disposition) -> list[tuple[EventType, Disposition | None]]:
    return [(EventType.ENDED, disposition)]


CONTRACT = Contract(
    kind=KIND,
    config={
        "host": "127.0.0.1",
        "port": 9,
        "security": "none",
        "senders": ["The Shop <shop@shop.example>", "news@shop.example"],
        "returnAddress": "bounce@shop.example",
        "secret": SECRET,
        "username": USERNAME,
        "password": PASSWORD,
        "answerSeconds": 15,
    },
    secrets=[SECRET, PASSWORD],
    sign=sign,
    statuses=[
        *(
            StatusCase(name=f"failed {status}", body=dsn(TOKEN, "failed", status), events=ends(end))
            for status, end in (
                ("5.1.1", Disposition.INVALID_NUMBER),
                ("5.1.10", Disposition.INVALID_NUMBER),
                ("5.2.1", Disposition.INVALID_NUMBER),
                ("5.7.1", Disposition.BLOCKED),
                ("5.7.26", Disposition.BLOCKED),
                ("5.2.2", Disposition.UNDELIVERED),
                ("5.0.0", Disposition.UNDELIVERED),
                ("4.4.7", Disposition.UNDELIVERED),
                ("5.3.4", Disposition.CARRIER_ERROR),
            )
        ),
        StatusCase(
            name="delayed", body=dsn(TOKEN, "delayed", "4.4.1"), events=[(EventType.ACCEPTED, None)]
        ),
        StatusCase(
            name="delivered",
            body=dsn(TOKEN, "delivered", "2.0.0"),
            events=ends(Disposition.DELIVERED),
        ),
        StatusCase(name="relayed", body=dsn(TOKEN, "relayed", "2.0.0"), events=[]),
        StatusCase(
            name="known by the letter that is returned",
            body=dsn(TOKEN, "failed", "5.1.1", to="postmaster@shop.example"),
            events=ends(Disposition.INVALID_NUMBER),
        ),
        StatusCase(
            name="the code is in the diagnosis",
            body=dsn(TOKEN, "failed", "unknown", code="550 5.1.1"),
            events=ends(Disposition.INVALID_NUMBER),
        ),
        StatusCase(
            name="complaint", body=complaint(TOKEN, "abuse"), events=[(EventType.COMPLAINED, None)]
        ),
        StatusCase(name="no complaint", body=complaint(TOKEN, "not-spam"), events=[]),
        StatusCase(
            name="holiday",
            body=f"To: bounce+{TOKEN}@shop.example\r\nSubject: Away\r\n"
            "Auto-Submitted: auto-replied\r\n\r\n5.1.1 is my room number".encode(),
            events=[],
        ),
        StatusCase(
            name="somebody's own token",
            body=dsn(TOKEN, "failed", "5.1.1").replace(TOKEN.encode(), b"0" * 39),
            events=[],
        ),
    ],
    nonsense=[b"", b"\xff\x00\n", b"no header at all"],
)


@asynccontextmanager
async def account(server: MailServer, **changes: Any) -> AsyncIterator[Smtp]:
    made = CONTRACT.carrier(port=server.port, username=None, password=None, **changes)
    assert isinstance(made, Smtp)
    try:
        yield made
    finally:
        await made.aclose()


def letter(content: Any = LETTER, **changes: Any) -> Outbound:
    return outbound(ChannelType.EMAIL, content=content, **changes)


async def refusal(carrier: Smtp, message: Outbound) -> CarrierError:
    with pytest.raises(CarrierError) as caught:
        await carrier.send(message)
    assert caught.value.detail
    return caught.value


async def test_a_letter_arrives_as_it_should() -> None:
    async with mail_server() as server, account(server) as carrier:
        sent = letter(unsubscribe_url="https://shop.example/u/abc")
        assert await carrier.send(sent) == Accepted(ref=TOKEN, refs=(TOKEN,))
    [taken] = server.taken
    assert (taken.to, taken.sender) == ("ana@example.com", f"bounce+{TOKEN}@shop.example")
    message = taken.message
    assert message["From"] == "The Shop <shop@shop.example>"
    assert message["Message-ID"] == f"<{TOKEN}@shop.example>"
    assert message["List-Unsubscribe"] == "<https://shop.example/u/abc>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Date"]
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content() == "It is on its way.\r\n"
    assert html.get_content() == "<p>It is on its <b>way</b>.</p>\r\n"


async def test_other_letters_and_lines_with_a_dot_arrive_unchanged() -> None:
    text = "Grüße, 😀\n.\n..two\n" + "long " * 300
    async with mail_server() as server, account(server) as carrier:
        await carrier.send(letter(Email(subject="¿Qué tal, Zoë?", text=text)))
    [taken] = server.taken
    assert taken.message["Subject"] == "¿Qué tal, Zoë?"
    assert taken.message.get_content().replace("\r\n", "\n") == text + "\n"
    assert max(map(len, taken.octets.splitlines())) <= 998


@pytest.mark.parametrize(
    ("step", "reply", "disposition", "retryable"),
    [
        ("recipient", "550 5.1.1 No such user", Disposition.INVALID_NUMBER, False),
        ("recipient", "553 5.1.3 Bad address", Disposition.INVALID_NUMBER, False),
        ("recipient", "550 5.7.1 Blocked", Disposition.BLOCKED, False),
        ("recipient", "552 5.2.2 Mailbox full", Disposition.UNDELIVERED, False),
        ("recipient", "550 No", Disposition.UNDELIVERED, False),
        ("recipient", "452 4.2.2 Mailbox full", Disposition.CONGESTION, False),
        ("recipient", "450 4.7.1 Greylisted, come again", Disposition.NOT_SENT, False),
        ("letter", "554 5.7.1 This is spam", Disposition.BLOCKED, False),
        ("letter", "552 5.3.4 Too big", Disposition.CARRIER_ERROR, False),
        ("letter", "451 4.3.0 Try again", Disposition.CONGESTION, False),
        ("sender", "550 5.7.1 Not your address", Disposition.CARRIER_ERROR, False),
        ("sender", "451 4.3.2 Busy", Disposition.NOT_SENT, True),
        ("sender", "421 4.7.0 Too many connections", Disposition.NOT_SENT, True),
    ],
)
async def test_a_refusal_means_what_its_code_says(
    step: str, reply: str, disposition: Disposition, retryable: bool
) -> None:
    async with mail_server() as server:
        server.answers[step] = reply
        async with account(server) as carrier:
            error = await refusal(carrier, letter())
            assert (error.disposition, error.retryable) == (disposition, retryable)
            is_grey = "Greylisted" in reply
            assert error.retry_after == (timedelta(seconds=300) if is_grey else None)
            # The account is as good as before.
            server.answers.clear()
            assert (await carrier.send(letter())).ref
    assert len(server.taken) == 1


@pytest.mark.parametrize("how", ["silent_after_letter", "drops_after_letter"])
async def test_a_letter_that_left_without_an_answer_is_in_doubt(how: str) -> None:
    async with mail_server() as server:
        setattr(server, how, True)
        async with account(server, answerSeconds=1) as carrier:
            error = await refusal(carrier, letter())
            assert error.disposition is Disposition.UNKNOWN
            assert isinstance(await carrier.lookup(ATTEMPT), Unknowable)
    assert len(server.taken) == 1


async def test_without_a_server_nothing_is_sent() -> None:
    carrier = CONTRACT.carrier()
    with pytest.raises(CarrierError) as caught:
        await carrier.send(letter())
    assert (caught.value.disposition, caught.value.retryable) == (Disposition.NOT_SENT, True)
    await carrier.aclose()


async def test_what_is_too_late_when_a_connection_is_free_is_not_sent() -> None:
    async with mail_server() as server, account(server) as carrier:
        error = await refusal(carrier, letter(may_send=lambda: False))
        assert (error.disposition, error.retryable) == (Disposition.NOT_SENT, False)
    assert server.taken == []


async def test_connections_are_used_again_and_not_more_than_allowed() -> None:
    async with mail_server() as server, account(server, connections=3) as carrier:
        await asyncio.gather(*(carrier.send(letter()) for _ in range(20)))
        await carrier.send(letter())
    assert len(server.taken) == 21
    assert server.connections == 3


async def test_a_connection_that_was_closed_meanwhile_loses_no_letter() -> None:
    async with mail_server() as first, account(first) as carrier:
        await carrier.send(letter())
        server = next(iter(carrier._post._idle))[0]  # pyright: ignore[reportPrivateUsage]
        assert server.transport is not None
        server.transport.close()
        await asyncio.sleep(0)
        await carrier.send(letter())
    assert len(first.taken) == 2


async def test_a_domain_has_its_pace() -> None:
    async with (
        mail_server() as server,
        account(server, domainRates={"example.com": 1}) as carrier,
    ):
        await carrier.send(letter())
        waits: list[timedelta] = []
        for _ in range(2):
            error = await refusal(carrier, letter())
            assert (error.disposition, error.retryable) == (Disposition.NOT_SENT, False)
            assert error.retry_after is not None
            waits.append(error.retry_after)
        assert timedelta(seconds=50) < waits[0] <= timedelta(seconds=60) < waits[1]
        await carrier.send(letter(to="bruno@other.example"))
    assert [each.to for each in server.taken] == ["ana@example.com", "bruno@other.example"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_line_is_encrypted_and_its_certificate_checked(security: str) -> None:
    async with mail_server(tls=server_context(), starts_tls=security == "starttls") as server:
        trusted = {"security": security, "tlsAuthority": authority()}
        async with account(server, **trusted) as carrier:
            assert (await carrier.send(letter())).ref
        async with account(server, security=security) as stranger:
            error = await refusal(stranger, letter())
            assert error.disposition is Disposition.NOT_SENT
    assert [each.is_encrypted for each in server.taken] == [True]


async def test_without_starttls_nothing_is_sent_where_it_is_asked_for() -> None:
    async with mail_server() as server, account(server, security="starttls") as carrier:
        assert (await refusal(carrier, letter())).disposition is Disposition.NOT_SENT
    assert server.taken == []


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
async def test_it_logs_in(password: str) -> None:
    async with mail_server(auth_required=True, auth_require_tls=False) as server:
        carrier = CONTRACT.carrier(port=server.port, password=password)
        if password == PASSWORD:
            assert await carrier.send(letter())
        else:
            with pytest.raises(CarrierError) as caught:
                await carrier.send(letter())
            found = caught.value
            assert (found.disposition, found.retryable) == (Disposition.CARRIER_ERROR, False)
        await carrier.aclose()
    assert len(server.taken) == (1 if password == PASSWORD else 0)


@pytest.mark.parametrize(
    "content",
    [
        Template(name="hello", language="en"),
        Email(subject="a\r\nBcc: x@example.com", text="Hello"),
        Email(subject="Hello", text="Hello", headers={"Bcc": "x@example.com"}),
        Email(subject="Hello", text="Hello", headers={"X-A": "a\nBcc: x@example.com"}),
        Email(subject="Hello", text=" ", html="<script>1</script>"),
        Email(subject="Hello", text="a" * 2_000_000),
    ],
    ids=["template", "subject", "header", "header text", "empty", "large"],
)
async def test_what_is_no_letter_is_refused(content: Any) -> None:
    async with mail_server() as server, account(server) as carrier:
        error = await refusal(carrier, letter(content))
        assert (error.disposition, error.retryable) == (Disposition.CARRIER_ERROR, False)
    assert server.taken == []


async def test_a_plain_text_is_a_letter_too() -> None:
    async with mail_server() as server, account(server) as carrier:
        await carrier.send(letter(Text(body="Hello Ana.\nSee you.")))
    assert server.taken[0].message["Subject"] == "Hello Ana."


@pytest.mark.parametrize("case", CONTRACT.statuses, ids=lambda case: case.name)
def test_what_comes_back_becomes_events(case: StatusCase) -> None:
    contract.check_status(CONTRACT, case)


def test_only_the_right_signature_counts() -> None:
    contract.check_signatures(CONTRACT)


@pytest.mark.parametrize("body", CONTRACT.nonsense, ids=repr)
def test_nonsense_is_told_from_forgery(body: bytes) -> None:
    contract.check_nonsense(CONTRACT, body)


async def test_its_secrets_are_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    async with mail_server(auth_required=True, auth_require_tls=False) as server:
        carrier, away = CONTRACT.carrier(port=server.port), CONTRACT.carrier()
        await contract.check_secrets(
            CONTRACT,
            [
                lambda: carrier.send(letter()),
                lambda: away.send(letter()),
                lambda: away.lookup(ATTEMPT),
            ],
            caplog,
        )
        await carrier.aclose()


async def test_a_letter_that_nothing_came_back_about_is_delivered() -> None:
    carrier = CONTRACT.carrier()
    assert isinstance(carrier, Listener)
    found = await carrier.lookup_named(ATTEMPT, [TOKEN], now=NOW)
    assert isinstance(found, list)
    assert [contract.event_of(each) for each in found] == ends(Disposition.DELIVERED)
    assert isinstance(found[0], Report)


@pytest.mark.parametrize(
    "changes",
    [
        {"senders": ["nobody"]},
        {"senders": ["A <a@example.com>\nBcc: x"]},
        {"returnAddress": "no address"},
        {"secret": "short"},
        {"username": None},
        {"security": "none", "tlsAuthority": "x"},
        {"domainRates": {"nodot": 5}},
        {"domainRates": {"example.com": 0}},
    ],
)
def test_a_config_that_cannot_work_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**CONTRACT.config, **changes}, Config)
