"""What is sent goes where it may, comes back in bounded time, and tells nothing of our network."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from campana.domain.reach import REFUSAL
from campana.services import outbound
from campana.services.outbound import ANSWER_BYTES, Outbound, Outcome, Refused
from tests.support.receiver import (
    Behavior,
    answers,
    floods,
    hangs,
    hangs_up,
    receiver,
    talks_nonsense,
    trickles,
)

HERE = Outbound(allow_loopback=True, seconds=5)


async def post(sender: Outbound, url: str) -> Outcome:
    return await sender.post(url, body=b"{}", headers={"x-said": "this"})


def resolving(*answers: str | Sequence[str]) -> outbound.Resolve:
    """A resolver that gives these answers in turn, the last one for ever."""
    left = [[each] if isinstance(each, str) else each for each in answers]

    async def resolve(_: str) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of hooks.example.com, and of no other name."""
    file = tmp_path / "both.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=hooks.example.com", "-addext", "subjectAltName=DNS:hooks.example.com"),
            *("-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )
    file.write_bytes((tmp_path / "cert.pem").read_bytes() + (tmp_path / "key.pem").read_bytes())
    return file


async def test_a_message_arrives_as_it_was_sent() -> None:
    async with receiver() as peer:
        outcome = await HERE.post(peer.url, body=b'{"a":1}', headers={"x-said": "this"})
    assert outcome.is_delivered
    assert (outcome.status, outcome.answer, outcome.problem) == (204, "", None)
    [message] = peer.came
    assert message.body == b'{"a":1}'
    assert message.target == "/hook?a=b"
    assert message.headers["host"] == f"127.0.0.1:{peer.port}"
    assert message.headers["x-said"] == "this"
    assert message.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("status", [199, 300, 304, 400, 404, 410, 429, 500, 503])
async def test_only_a_2xx_is_taken_for_one(status: int) -> None:
    async with receiver(answers(status if status > 199 else 500, b"no thanks")) as peer:
        outcome = await post(HERE, peer.url)
    assert not outcome.is_delivered
    assert outcome.problem is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(status: int) -> None:
    async with (
        receiver() as inside,
        receiver(answers(status, location=inside.url)) as peer,
    ):
        outcome = await post(HERE, peer.url)
        assert (outcome.status, outcome.is_delivered) == (status, False)
        assert inside.came == []


@pytest.mark.parametrize(
    ("behavior", "problem"),
    [
        (hangs, "no answer"),
        (trickles, "answer"),
        (hangs_up, "not HTTP"),
        (talks_nonsense, "not HTTP"),
    ],
)
async def test_a_bad_receiver_is_an_outcome_in_bounded_time(
    behavior: Behavior, problem: str
) -> None:
    async with receiver(behavior) as peer:
        outcome = await post(replace(HERE, seconds=0.3), peer.url)
    assert not outcome.is_delivered
    assert problem in (outcome.problem or "")


async def test_a_port_nobody_listens_on_is_an_outcome() -> None:
    async with receiver() as peer:
        url = peer.url
    outcome = await post(HERE, url)
    assert not outcome.is_delivered
    assert "refused" in (outcome.problem or "")


async def test_a_connection_that_is_reset_as_it_opens_is_an_outcome(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Under uvloop the client lets its transport's own error out, one time in a hundred."""

    async def reset(*_: object) -> httpx.Response:
        raise AttributeError("'NoneType' object has no attribute 'getpeername'")

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", reset)
    outcome = await post(HERE, "http://127.0.0.1:9/hook")
    assert not outcome.is_delivered
    assert "refused" in (outcome.problem or "")
    asked = await HERE.ask(
        "GET", "http://127.0.0.1:9/", body=b"", headers={}, seconds=1, most_bytes=9
    )
    assert "refused" in (asked.problem or "")


async def test_only_the_beginning_of_an_answer_is_read() -> None:
    async with receiver(floods) as peer:
        outcome = await post(HERE, peer.url)
    assert outcome.is_delivered
    assert outcome.answer == "x" * ANSWER_BYTES


async def test_a_compressed_answer_is_not_unpacked() -> None:
    async with receiver(answers(200, b"\x1f\x8b\x00\xff" * 300, content_encoding="gzip")) as peer:
        outcome = await post(HERE, peer.url)
    assert outcome.is_delivered
    assert len(outcome.answer) <= ANSWER_BYTES
    assert outcome.answer.isprintable()


async def test_the_proxies_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with receiver() as proxy, receiver() as peer:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert (await post(HERE, peer.url)).is_delivered
        assert proxy.came == []


INSIDE = ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "64:ff9b::7f00:1", "2002:7f00:1::",
          "::ffff:127.0.0.1", "fe80::1%lo", "100.64.0.1"]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
async def test_a_name_of_an_inner_address_is_refused(address: str) -> None:
    for addresses in ([address], ["93.184.216.34", address], [address, "93.184.216.34"]):
        sender = Outbound(resolve=resolving(addresses))
        with pytest.raises(Refused, match=REFUSAL):
            await sender.check("https://hooks.example.com/")
        assert (await post(sender, "https://hooks.example.com/")).problem == REFUSAL


async def test_allowing_this_machine_does_not_allow_names_of_it() -> None:
    sender = replace(HERE, resolve=resolving("127.0.0.1"))
    with pytest.raises(Refused):
        await sender.check("https://hooks.example.com/")


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("https://10.0.0.1/", "93.184.216.34"),
        ("https://hooks.example.com/", "10.0.0.1"),
        ("https://hooks.example.com/", []),
        ("https://hooks.example.com/", "no address"),
        ("http://hooks.example.com/", "93.184.216.34"),
        ("https://127.1/", "93.184.216.34"),
    ],
)
async def test_every_refusal_says_the_same(url: str, answer: str | Sequence[str]) -> None:
    with pytest.raises(Refused) as refused:
        await Outbound(resolve=resolving(answer)).check(url)
    assert str(refused.value) == REFUSAL


async def test_a_resolver_that_hangs_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "_RESOLVE_SECONDS", 0.05)

    async def never(_: str) -> Sequence[str]:
        await asyncio.sleep(3600)
        return []

    with pytest.raises(Refused):
        await Outbound(resolve=never).check("https://hooks.example.com/")


async def test_the_checked_address_is_the_one_connected_to(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebinding: the name is public when it is checked and ours a moment later. It is asked once,
    and the connection goes to the address that was judged, under the name that was given."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    asked: list[str | None] = []
    server.sni_callback = lambda _, name, __: asked.append(name)
    client = ssl.create_default_context(cafile=str(certificate))
    async with receiver(tls=server) as peer:
        # 127.0.0.1 plays the public address here; any other is the trap.
        monkeypatch.setattr(
            outbound, "may_connect", lambda address, **_: str(address) == "127.0.0.1"
        )
        sender = Outbound(resolve=resolving("127.0.0.1", "127.0.0.2"), tls=client, seconds=5)
        outcome = await post(sender, f"https://hooks.example.com:{peer.port}/hook")
        assert outcome.is_delivered, outcome
        assert asked == ["hooks.example.com"]
        assert peer.came[0].headers["host"] == f"hooks.example.com:{peer.port}"
        # The second time the name leads elsewhere, and that is judged again.
        again = await post(sender, f"https://hooks.example.com:{peer.port}/hook")
        assert again.problem == REFUSAL
        assert len(peer.came) == 1


async def test_a_certificate_of_another_name_is_refused(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    client = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(outbound, "may_connect", lambda *_, **__: True)
    async with receiver(tls=server) as peer:
        sender = Outbound(resolve=resolving("127.0.0.1"), tls=client, seconds=5)
        outcome = await post(sender, f"https://other.example.com:{peer.port}/")
        assert not outcome.is_delivered
        assert "certificate" in (outcome.problem or "")
        untrusted = Outbound(resolve=resolving("127.0.0.1"), seconds=5)
        assert not (await post(untrusted, f"https://hooks.example.com:{peer.port}/")).is_delivered
        assert peer.came == []


async def test_a_name_with_two_addresses_is_reached_by_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[str] = []

    async def one_is_down(*args: object) -> tuple[int, bytes]:
        tried.append(str(args[2]))
        if len(tried) == 1:
            raise httpx.ConnectError("down")
        return 204, b""

    monkeypatch.setattr(Outbound, "_send_to", one_is_down)
    sender = Outbound(resolve=resolving(["2606:4700:4700::1111", "93.184.216.34"]))
    assert (await post(sender, "https://hooks.example.com/")).is_delivered
    assert tried == ["2606:4700:4700::1111", "93.184.216.34"]


async def test_a_rehearsal_leaves_this_machine_by_no_way() -> None:
    confined = Outbound(allow_loopback=True, is_confined=True, resolve=resolving("93.184.216.34"))
    for url in ("https://hooks.example.com/", "https://93.184.216.34/"):
        with pytest.raises(Refused):
            await confined.check(url)
    async with receiver() as peer:
        assert (await post(confined, peer.url)).is_delivered


async def test_the_resolver_of_the_system_is_asked() -> None:
    assert "127.0.0.1" in await outbound.resolve("localhost")
    assert await outbound.resolve("none.invalid") == []
