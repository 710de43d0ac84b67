"""The carrier both sides send through: 50 ms in which nothing happens, within the process."""

from __future__ import annotations

import asyncio

SECONDS = 0.05


async def nothing() -> str:
    """Take 50 ms; returns what became of it."""
    await asyncio.sleep(SECONDS)
    return "delivered"
