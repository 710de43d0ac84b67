"""What every carrier that takes sends by request has to keep, as tables of cases and one runner.

A test file of an adapter fills a Contract and hands its cases to these checks; its peer is a real
provider, or a stand-in that really listens.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
import pytest

from campana.carriers.base import (
    Accepted,
    Callback,
    Carrier,
    CarrierError,
    CarrierKind,
    ForgedCallback,
    Inbound,
    NotSent,
    Outbound,
    Report,
    Unknowable,
    UnreadableCallback,
)
from campana.domain.attempt import AttemptState, EventType, apply
from campana.domain.campaign import ChannelType
from campana.domain.content import Text
from campana.domain.disposition import Disposition

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
ATTEMPT = UUID("01957f00-0000-7000-8000-000000000001")

URL = "https://campana.example/callbacks/chan_1"
"""Where the provider believes it reports to, without the query."""

Sign = Callable[[bytes, datetime, str], Mapping[str, str]]
"""Headers a provider would send with this body at that time to that address."""


@dataclass(frozen=True, kw_only=True)
class SendCase:
    """Put the peer into a state, send, and this is the fact that comes of it."""

    name: str
    peer: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """How the peer is to behave, in its own words; empty is well."""
    expects: Disposition | None
    """None is accepted."""
    retryable: bool | None = None
    retry_after: timedelta | None = None
    is_taken: bool
    """What a look-up says afterwards, where the provider can be asked."""


@dataclass(frozen=True, kw_only=True)
class StatusCase:
    """A body from the provider, and what it means."""

    name: str
    body: bytes
    events: Sequence[tuple[EventType, Disposition | None]]
    query: str = ""
    """Of the address it is reported to."""


@dataclass(frozen=True, kw_only=True)
class InboundCase:
    """A body from the provider with what people sent in it; `key` and `at` are the adapter's."""

    name: str
    body: bytes
    expects: Sequence[Mapping[str, Any]]
    """The fields of each that matter."""


@dataclass(frozen=True, kw_only=True)
class Contract:
    """One adapter."""

    kind: CarrierKind
    config: Mapping[str, Any]
    """Of an account, as a channel's document has it; the peer's address may be replaced."""
    secrets: Sequence[str]
    sign: Sign
    statuses: Sequence[StatusCase]
    nonsense: Sequence[bytes]
    """Bodies no adapter can read."""
    inbounds: Sequence[InboundCase] = ()
    signs_time: bool = True
    """Its signature carries a time, so that an old one is refused; else what keeps a replay
    harmless is that it says nothing new."""
    can_be_asked: bool = True
    """It knows attempts by our id."""

    def carrier(self, **changes: Any) -> Carrier:
        """An account on the peer."""
        assert self.kind.open is not None
        return self.kind.open(msgspec.convert({**self.config, **changes}, self.kind.config))

    def callback(self, body: bytes, query: str = "", **changes: Any) -> Callback:
        """As it would come, rightly signed."""
        url = f"{URL}?{query}" if query else URL
        values = {
            "method": "POST",
            "headers": dict(self.sign(body, NOW, url)),
            "body": body,
            "received_at": NOW,
            "url": url,
            "query": dict(parse_qsl(query)),
            **changes,
        }
        return Callback(**values)

    def told(self, case: StatusCase | InboundCase) -> Callback:
        """The callback of a case."""
        return self.callback(case.body, case.query if isinstance(case, StatusCase) else "")


def outbound(channel_type: ChannelType, **changes: Any) -> Outbound:
    """Something to send to Ana."""
    to = "ana@example.com" if channel_type is ChannelType.EMAIL else "+12125550101"
    values = {
        "attempt_id": ATTEMPT,
        "channel_type": channel_type,
        "to": to,
        "sender": None,
        "content": Text(body="Hello Ana."),
        "callback_url": "http://127.0.0.1:9/callbacks/chan_1",
        **changes,
    }
    return Outbound(**values)


async def check_send(
    carrier: Carrier, case: SendCase, message: Outbound, *, can_be_asked: bool = True
) -> None:
    """A send ends in the fact the case names, and a look-up afterwards tells the same story."""
    try:
        found: Accepted | CarrierError = await carrier.send(message)
    except CarrierError as error:
        found = error
    if case.expects is None:
        assert isinstance(found, Accepted), found
    else:
        assert isinstance(found, CarrierError), found
        assert found.disposition is case.expects, found.detail
        assert case.retryable is None or found.retryable is case.retryable
        assert found.retry_after == case.retry_after
        assert found.detail
    known = await carrier.lookup(message.attempt_id)
    if not can_be_asked:
        assert isinstance(known, Unknowable)
        assert known.why
        return
    assert not isinstance(known, Unknowable), known.why
    assert isinstance(known, NotSent) is not case.is_taken
    if not isinstance(known, NotSent):
        assert {report.attempt_id for report in known} == {message.attempt_id}
        assert len({report.key for report in known}) == len(known)


def check_status(contract: Contract, case: StatusCase) -> None:
    """A body signed by the provider becomes these events, the same ones however often it comes."""
    carrier = contract.carrier()
    parsed = carrier.parse_callback(contract.told(case))
    assert [event_of(each) for each in parsed] == list(case.events)
    assert {each.attempt_id for each in parsed if isinstance(each, Report)} <= {ATTEMPT}
    for each in parsed:
        assert isinstance(each, Report)
        said = each.event.body
        assert said, "the provider's own words are kept"
        assert said.replace("***", "").strip() != ""
        assert not [secret for secret in contract.secrets if secret in said]
    assert carrier.parse_callback(contract.told(case)) == parsed


def check_every_order(contract: Contract, *names: str) -> None:
    """However often and in whatever order these are told, they end in the same attempt, and each
    has a name of its own."""
    cases = {case.name: case for case in contract.statuses}
    carrier = contract.carrier()
    ends: set[AttemptState] = set()
    for order in permutations([*names, names[0]]):
        state, keys = AttemptState.SENDING, set[str]()
        for name in order:
            for each in carrier.parse_callback(contract.told(cases[name])):
                assert isinstance(each, Report)
                if each.key not in keys:
                    state = apply(state, each.event.type)
                keys.add(each.key)
        assert len(keys) == len(names)
        ends.add(state)
    assert len(ends) == 1


def check_inbound(contract: Contract, case: InboundCase) -> None:
    """A body becomes these messages, the same ones however often it comes."""
    carrier = contract.carrier()
    parsed = carrier.parse_callback(contract.told(case))
    for each, expected in zip(parsed, case.expects, strict=True):
        assert isinstance(each, Inbound)
        assert {name: getattr(each, name) for name in expected} == dict(expected)
        assert each.at.tzinfo is not None
    assert carrier.parse_callback(contract.told(case)) == parsed
    assert len({each.key for each in parsed if isinstance(each, Inbound)}) == len(parsed)


def event_of(found: object) -> tuple[EventType, Disposition | None]:
    assert isinstance(found, Report)
    end = found.event.detail.get("disposition")
    return found.event.type, Disposition(str(end)) if end is not None else None


def check_signatures(contract: Contract) -> None:
    """A callback counts only with the provider's signature, on this very body, of this time."""
    case = contract.statuses[0]
    body = case.body
    right = contract.told(case)
    carrier = contract.carrier()
    assert carrier.parse_callback(right)
    other_secret = {name: text[:-1] + _other(text[-1]) for name, text in right.headers.items()}
    old = NOW - timedelta(hours=1)
    forgeries = {
        "missing": replace(right, headers={}),
        "empty": replace(right, headers=dict.fromkeys(right.headers, "")),
        "wrong": replace(right, headers=other_secret),
        "of another body": replace(right, body=body + b" "),
        "of no body": replace(right, body=b""),
        "not ASCII": replace(right, headers=dict.fromkeys(right.headers, "t=1,v1=é")),
    }
    if contract.signs_time:
        forgeries |= {
            "replayed much later": replace(right, received_at=NOW + timedelta(hours=1)),
            "signed long ago": replace(right, headers=dict(contract.sign(body, old, right.url))),
        }
    for name, forgery in forgeries.items():
        try:
            carrier.parse_callback(forgery)
        except ForgedCallback:
            continue
        pytest.fail(f"a signature that is {name} was taken for right")
    # Told again at once is what providers do; what it says is the same report.
    assert carrier.parse_callback(right) == carrier.parse_callback(right)


def check_nonsense(contract: Contract, body: bytes) -> None:
    """What the provider signed and nobody understands says so, and nothing else happens."""
    with pytest.raises(UnreadableCallback):
        contract.carrier().parse_callback(contract.callback(body, contract.statuses[0].query))


async def check_secrets(
    contract: Contract, sends: Sequence[Callable[[], Awaitable[object]]], caplog: Any
) -> None:
    """No secret is in a repr, in the config that is shown, in an error or in a log."""
    config = msgspec.convert(contract.config, contract.kind.config)
    told = [repr(config), repr(contract.carrier()), repr(contract.kind.masked(config))]
    caplog.set_level(logging.DEBUG)
    for send in sends:
        try:
            told.append(repr(await send()))
        except CarrierError as error:
            told += [repr(error), error.detail, str(error.__cause__)]
    told.append(caplog.text)
    for secret in contract.secrets:
        assert not [text for text in told if secret in text]


def _other(character: str) -> str:
    return "1" if character != "1" else "2"
