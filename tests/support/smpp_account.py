"""An account at a message center, and whoever keeps what it hears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from campana.carriers.base import (
    CarrierError,
    Inbound,
    NamedReport,
    Report,
)
from campana.carriers.sms_smpp import KIND, Smpp
from campana.domain.attempt import EventType
from campana.domain.campaign import ChannelType
from campana.domain.content import Text
from campana.domain.errors import Unavailable
from tests.carriers.contract import NOW, Contract, outbound
from tests.support.smsc import PASSWORD, SYSTEM_ID, Smsc
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
        "answerSeconds": 15,
        "throttleSeconds": 0.05,
    },
    secrets=[PASSWORD],
    sign=lambda _body, _at, _url: {},
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
