"""Speaking HTTP with a provider: what left, what may have, and what is never read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from campana.carriers.base import CarrierError
from campana.carriers.http import Answer, NoAnswer, Provider, is_loopback, not_understood
from campana.domain.disposition import Disposition
from tests.support.http_peer import CUT_OFF, ENDLESS, Asked, Given, Peer, serving
from tests.support.waiting import eventually


def well(_: Asked) -> Given:
    return Given(body=b"taken")


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with serving(Peer(judge=well)) as running:
        yield running


async def send(provider: Provider, *, may_send: bool = True) -> Answer | CarrierError:
    try:
        return await provider.send("/x", content=b"y", headers={}, may_send=lambda: may_send)
    except CarrierError as error:
        return error
    finally:
        await provider.aclose()


@pytest.mark.parametrize("given", [ENDLESS, CUT_OFF, Given(after=60)], ids=["10 MB", "cut", "slow"])
async def test_an_answer_that_does_not_come_whole_is_none(given: Given, peer: Peer) -> None:
    peer.answer = given
    seconds = 0.5 if given.after else 15
    found = await send(Provider(peer.url, timeout_seconds=seconds))
    assert isinstance(found, CarrierError)
    assert found.disposition is Disposition.UNKNOWN
    asking = Provider(peer.url, timeout_seconds=15)
    with pytest.raises((NoAnswer, CarrierError)):
        await asking.ask("/x", seconds=seconds)
    await asking.aclose()


async def test_what_is_under_way_when_an_account_is_given_up_goes_on(peer: Peer) -> None:
    peer.answer = Given(body=b"taken", after=0.3)
    provider = Provider(peer.url, timeout_seconds=15)

    async def sent() -> Answer:
        return await provider.send("/x", content=b"y", headers={}, may_send=lambda: True)

    sending = [asyncio.create_task(sent()) for _ in range(2)]
    await eventually(lambda: len(peer.asked) == 2)
    await provider.aclose()
    # And whoever was about to send has an account still.
    assert [each.status for each in [*await asyncio.gather(*sending), await sent()]] == [200] * 3
    # What the answers came over is closed after the last of them.
    assert provider.is_closed


async def test_what_is_too_late_never_leaves(peer: Peer) -> None:
    found = await send(Provider(peer.url, timeout_seconds=15), may_send=False)
    assert isinstance(found, CarrierError)
    assert (found.disposition, peer.asked) == (Disposition.NOT_SENT, [])


async def test_what_waited_in_vain_for_a_connection_has_not_left(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campana.carriers.http._CONNECTIONS", 1)
    peer.answer = Given(body=b"taken", after=1)
    provider = Provider(peer.url, timeout_seconds=0.2)
    first = asyncio.create_task(provider.ask("/x", seconds=15))
    await eventually(lambda: len(peer.asked) == 1)
    with pytest.raises(CarrierError) as caught:
        await provider.send("/x", content=b"y", headers={}, may_send=lambda: True)
    assert caught.value.disposition is Disposition.NOT_SENT
    assert (await first).status == 200
    assert len(peer.asked) == 1
    await provider.aclose()


@pytest.mark.parametrize("value", ["a\r\nx-more: b", "a\nb", "\0"])
async def test_a_header_that_would_be_another_line_is_not_sent(value: str, peer: Peer) -> None:
    found = await send(Provider(peer.url, headers={"x": value}, timeout_seconds=15))
    assert isinstance(found, CarrierError)
    assert (found.disposition, peer.asked) == (Disposition.NOT_SENT, [])
    assert value not in found.detail


@pytest.mark.parametrize("url", ["https://a..b", "https://example.com:99999", "nonsense"])
async def test_an_address_that_is_none_fails_the_request_and_not_the_account(url: str) -> None:
    found = await send(Provider(url, timeout_seconds=15))
    assert isinstance(found, CarrierError)
    assert (found.disposition, found.retryable) == (Disposition.NOT_SENT, False)
    asking = Provider(url, timeout_seconds=15)
    with pytest.raises(NoAnswer):
        await asking.ask("/x", seconds=15)
    await asking.aclose()


async def test_a_redirect_is_an_answer_and_nobody_follows_it(peer: Peer) -> None:
    peer.answer = Given(status=307, headers={"location": "http://192.0.2.1/elsewhere"})
    found = await send(
        Provider(peer.url, headers={"authorization": "Bearer secret"}, timeout_seconds=15)
    )
    assert isinstance(found, Answer)
    assert (found.status, found.is_success, len(peer.asked)) == (307, False, 1)
    assert not_understood(found).disposition is Disposition.UNKNOWN


@pytest.mark.parametrize(
    ("written", "expected"),
    [("7", 7), ("999999", 3600), ("Fri, 27 Nov 2026 10:00:00 GMT", None), ("-1", None), ("", None)],
)
def test_how_long_to_wait_is_read_in_seconds_and_bounded(
    written: str, expected: int | None
) -> None:
    answer = Answer(status=429, headers={"retry-after": written}, body=b"")
    wanted = timedelta(seconds=expected) if expected is not None else None
    assert answer.retry_after == wanted


def test_only_a_literal_address_is_loopback() -> None:
    assert is_loopback("http://127.0.0.1:9") and is_loopback("http://[::1]:9")  # noqa: PT018
    for url in ("http://localhost:9", "https://graph.facebook.com", "http://192.0.2.1", "nonsense"):
        assert not is_loopback(url)
