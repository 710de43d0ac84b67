"""The campaigns of the demo while they run: numbers, live, until nothing is left to do today."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from campana.demo.api import body

POLL_SECONDS = 0.4


async def watch(
    api: httpx.AsyncClient, campaigns: Mapping[str, str], out: Console, *, seconds: float
) -> bool:
    """Show them until all are over; False when that takes longer than `seconds`.

    Args:
        api: the client.
        campaigns: what each does, and its id.
        out: where to.
        seconds: how long at most.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    with Live(console=out, auto_refresh=False, transient=True) as live:
        while loop.time() - began < seconds:
            stats = {
                doing: body(await api.get(f"/campaigns/{each}/stats"))
                for doing, each in campaigns.items()
            }
            live.update(Group(*(_progress(*each) for each in stats.items())), refresh=True)
            if all(map(_is_over, stats.values())):
                states = [body(await api.get(f"/campaigns/{each}")) for each in campaigns.values()]
                # The state follows the last outcome within moments.
                if all(
                    state["status"] == "Completed" or each["targets"]["waiting"]
                    for state, each in zip(states, stats.values(), strict=True)
                ):
                    return True
            await asyncio.sleep(POLL_SECONDS)
    return False


def _is_over(stats: Mapping[str, Any]) -> bool:
    """Is everybody done with, but for those who asked to be called another day?"""
    targets = stats["targets"]
    asked = stats["attempts"].get("callback_request", 0)
    left = targets["total"] - targets["finished"]
    return not stats["openAttempts"] and left == targets["waiting"] <= asked


def _progress(doing: str, stats: Mapping[str, Any]) -> Table:
    targets = stats["targets"]
    total = targets["total"] or 1
    table = Table(title=doing, show_header=False, min_width=60)
    table.add_column(width=16)
    table.add_column(justify="right", width=4)
    table.add_column(width=36)
    lines = [("waiting", targets["waiting"], "dim"), ("on the line", stats["openAttempts"], "cyan")]
    lines += [("talking", targets["talking"], "cyan")] if targets["talking"] else []
    lines += [(outcome, count, "green") for outcome, count in stats["dispositions"].items()]
    for word, count, style in lines:
        bar = "█" * round(36 * count / total)
        table.add_row(word.replace("_", " "), str(count), f"[{style}]{bar}[/]")
    return table
