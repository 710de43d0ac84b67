"""What the programs answer that flows ask: made up, and nobody is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from campana.services.outbound import Answer, Outbound
from campana.simulation.document import WebhookAnswer

_UNREACHED = "nobody is asked in a simulation"


@dataclass(frozen=True, kw_only=True)
class Programs(Outbound):
    """By how their URL begins."""

    is_confined: bool = True
    answers: Mapping[str, WebhookAnswer] = field(default_factory=dict[str, WebhookAnswer])

    async def ask(
        self,
        method: str,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        seconds: float,
        most_bytes: int,
    ) -> Answer:
        """What is made up for the longest beginning of `url` that anything is."""
        del method, headers, body
        known = max((each for each in self.answers if url.startswith(each)), key=len, default=None)
        if known is None:
            return Answer(status=None, body=None, problem=_UNREACHED)
        told = self.answers[known]
        if told.seconds > seconds:
            await asyncio.sleep(seconds)
            return Answer(status=None, body=None, problem=f"no answer within {seconds:g} seconds")
        await asyncio.sleep(told.seconds)
        said = b"" if told.body is None else msgspec.json.encode(told.body)
        if len(said) > most_bytes:
            return Answer(status=None, body=None, problem=f"answered more than {most_bytes} bytes")
        return Answer(status=told.status, body=said, problem=None)
