"""The exchange of softphones as a process of its own, started and ended here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from campana.demo.beside import beside
from campana.demo.plan import Plan

READY_SECONDS = 180.0
"""To start: seconds, or minutes where others keep the machine busy."""


@asynccontextmanager
async def exchanging(
    directory: Path, plan: Plan, *, listens: bool = False
) -> AsyncGenerator[tuple[int, Path]]:
    """The called parties of `plan`: their port on loopback, and the log of what they saw.

    Args:
        directory: where the plan and the log are put.
        plan: who behaves how.
        listens: they understand words, for those who reply.

    Raises:
        SetupError: it does not start; its reason is on standard error.
    """
    written, log = directory / "exchange-plan.json", directory / "exchange.jsonl"
    await asyncio.to_thread(written.write_bytes, msgspec.json.encode(plan))
    words = ["-m", "campana.demo.exchange", "--port", "0", "--log", str(log)]
    words += ["--plan", str(written), *(["--ears"] if listens else [])]
    async with beside(words, name="the exchange of softphones", within=READY_SECONDS) as said:
        yield said["port"], log
