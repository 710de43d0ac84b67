"""What every carrier that takes sends by request has to keep, as tables of cases and one runner.

A test file of an adapter fills a Contract and hands its cases to these checks; its peer is a real
provider, or a stand-in that really listens.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
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
    NotSent,
    Outbound,
    Report,
    Unknowable,
    UnreadableCallback,
)
from campana.domain.attempt import EventType
from campana.domain.campaign import ChannelType
from campana.domain.content import Text
from campana.domain.disposition import Disposition

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
ATTEMPT = UUID("01957f00-0000-7000-8000-000000000001")

Sign = Callable[[bytes, datetime], Mapping[str, str]]
"""Headers a provider would send with this body at that time."""


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
    """What a look-up says afterwards."""


@dataclass(frozen=True, kw_only=True)
class StatusCase:
    """A body from the provider, and what it means."""

    name: str
    body: bytes
    events: Sequence[tuple[EventType, Disposition | None]]


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

    def carrier(self, **changes: Any) -> Carrier:
        """An account on the peer."""
        assert self.kind.open is not None
        return self.kind.open(msgspec.convert({**self.config, **changes}, self.kind.config))

    def callback(self, body: bytes, **changes: Any) -> Callback:
        """As it would come, rightly signed."""
        values = {
            "method": "POST",
            "headers": dict(self.sign(body, NOW)),
            "body": body,
            "received_at": NOW,
            **changes,
        }
        return Callback(**values)


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


async def check_send(carrier: Carrier, case: SendCase, message: Outbound) -> None:
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
    assert not isinstance(known, Unknowable), known.why
    assert isinstance(known, NotSent) is not case.is_taken
    if not isinstance(known, NotSent):
        assert {report.attempt_id for report in known} == {message.attempt_id}
        assert len({report.key for report in known}) == len(known)


def check_status(contract: Contract, case: StatusCase) -> None:
    """A body signed by the provider becomes these events, the same ones however often it comes."""
    carrier = contract.carrier()
    parsed = carrier.parse_callback(contract.callback(case.body))
    assert [event_of(each) for each in parsed] == list(case.events)
    assert carrier.parse_callback(contract.callback(case.body)) == parsed


def event_of(found: object) -> tuple[EventType, Disposition | None]:
    assert isinstance(found, Report)
    end = found.event.detail.get("disposition")
    return found.event.type, Disposition(str(end)) if end is not None else None


def check_signatures(contract: Contract) -> None:
    """A callback counts only with the provider's signature, on this very body, of this time."""
    body = contract.statuses[0].body
    right = contract.callback(body)
    carrier = contract.carrier()
    assert carrier.parse_callback(right)
    other_secret = {name: text[:-1] + _other(text[-1]) for name, text in right.headers.items()}
    old = NOW - timedelta(hours=1)
    forgeries = {
        "missing": contract.callback(body, headers={}),
        "empty": contract.callback(body, headers=dict.fromkeys(right.headers, "")),
        "wrong": contract.callback(body, headers=other_secret),
        "of another body": contract.callback(body + b" ", headers=right.headers),
        "replayed much later": contract.callback(body, received_at=NOW + timedelta(hours=1)),
        "signed long ago": contract.callback(body, headers=dict(contract.sign(body, old))),
        "not ASCII": contract.callback(body, headers=dict.fromkeys(right.headers, "t=1,v1=é")),
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
        contract.carrier().parse_callback(contract.callback(body))


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
