"""SMS over SMPP and letters over SMTP, beside bare loops over aiosmpplib and aiosmtplib.

    .venv/bin/python bench/messages/run.py [--count 2000] [--rounds 5]

In each round both sides take turns against the same peer, a process of its own. Ours is the adapter
as a work process has it: each receipt is durable in a real PostgreSQL before it is acknowledged,
each letter is cleaned, signed and written. The bare loops keep nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from uuid import UUID

import msgspec
import uvloop

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)

from bench.environment import PYTHON, install  # noqa: E402
from campana import bootstrap  # noqa: E402
from campana.carriers import email_smtp, sms_smpp  # noqa: E402
from campana.carriers.base import Carrier, Inbound, NamedReport, Outbound, Report  # noqa: E402
from campana.domain.campaign import ChannelType  # noqa: E402
from campana.domain.content import Email, Text  # noqa: E402
from campana.services import named_reports  # noqa: E402
from campana.services.context import Context  # noqa: E402
from campana.services.group_commit import GroupCommit  # noqa: E402
from campana.settings import Settings  # noqa: E402
from campana.store import migrations  # noqa: E402
from campana.store.db import Role  # noqa: E402
from campana.store.embedded import attach, discard  # noqa: E402
from campana.store.named_reports import Named  # noqa: E402
from tests.support.smsc import PASSWORD, SYSTEM_ID  # noqa: E402
from tests.support.waiting import eventually  # noqa: E402

_MESSAGES = Path(__file__).parent
_WINDOW = 50
_LETTER = Email(
    subject="Your order",
    text="Hello Dana, your order is on its way.",
    html="<p>Hello Dana, your order is <b>on its way</b>.</p>",
)


@contextlib.contextmanager
def peer(kind: str) -> Generator[int]:
    """A peer while the block lasts; its port."""
    command = [sys.executable, str(_MESSAGES / "peers.py"), kind]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield int(process.stdout.readline() if process.stdout else 0)
    finally:
        process.terminate()
        process.wait(10)


def rival(kind: str, count: int) -> float:
    """Messages a second of the bare loop."""
    with peer(kind) as port:
        command = [str(PYTHON), str(_MESSAGES / "rival.py"), kind, str(port), str(count)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=150)
        return count / float(done.stdout)


def outbound(number: int, kind: str) -> Outbound:
    """One message."""
    is_letter = kind == "smtp"
    return Outbound(
        attempt_id=UUID(int=number + 1),
        channel_type=ChannelType.EMAIL if is_letter else ChannelType.SMS,
        to="dana@example.com" if is_letter else "+12125550101",
        sender=None,
        content=_LETTER if is_letter else Text(body="Hello Dana, your order is on its way."),
        callback_url="",
    )


async def send_all(carrier: Carrier, kind: str, count: int) -> None:
    """As many at once as the adapter takes."""
    numbers = iter(range(count))

    async def work() -> None:
        for number in numbers:
            await carrier.send(outbound(number, kind))

    await asyncio.gather(*(work() for _ in range(carrier.most_at_once)))


async def ours_smpp(context: Context, count: int) -> float:
    """Messages a second: submitted, their receipts durable and acknowledged."""
    over, kept = asyncio.Event(), 0

    async def store(named: Sequence[Named]) -> None:
        nonlocal kept
        await named_reports.keep(context, named)
        kept += len(named)
        if kept >= count:
            over.set()

    commit = GroupCommit[Named](store)

    async def keep(heard: Sequence[NamedReport | Report | Inbound]) -> None:
        now = context.clock.now()
        await commit.add(
            [
                Named(
                    workspace_id=1,
                    channel_id="chan_1",
                    ref=each.ref,
                    address=each.address,
                    key=each.key,
                    event=each.event,
                    received_at=now,
                )
                for each in heard
                if isinstance(each, NamedReport)
            ]
        )

    with peer("smpp") as port:
        config = {
            "host": "127.0.0.1",
            "port": port,
            "systemId": SYSTEM_ID,
            "password": PASSWORD,
            "senders": ["+12025550100"],
            "window": _WINDOW,
        }
        carrier = sms_smpp.Smpp(msgspec.convert(config, sms_smpp.Config))
        begun = time.perf_counter()
        listening = asyncio.create_task(carrier.listen(keep, now=context.clock.now))
        await eventually(lambda: carrier.most_at_once)
        await send_all(carrier, "smpp", count)
        await over.wait()
        took = time.perf_counter() - begun
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    return count / took


async def ours_smtp(_: Context, count: int) -> float:
    """Letters a second."""
    with peer("smtp") as port:
        config = {
            "host": "127.0.0.1",
            "port": port,
            "security": "none",
            "senders": ["The Shop <news@shop.example>"],
            "returnAddress": "bounce@shop.example",
            "secret": "a-secret-of-the-benchmark",
            "connections": 10,
        }
        carrier = email_smtp.Smtp(msgspec.convert(config, email_smtp.Config))
        begun = time.perf_counter()
        await send_all(carrier, "smtp", count)
        took = time.perf_counter() - begun
        await carrier.aclose()
    return count / took


async def main(count: int, rounds: int) -> None:
    """Both kinds, round after round."""
    install()
    with tempfile.TemporaryDirectory() as folder:
        embedded = attach(Path(folder) / "data")
        try:
            migrations.migrate(embedded.conninfo)
            settings = Settings(data_dir=Path(folder) / "data")
            async with bootstrap.opened(settings, embedded.conninfo, role=Role.ENGINE) as context:
                for kind, ours in (("smpp", ours_smpp), ("smtp", ours_smtp)):
                    rates: list[tuple[float, float]] = []
                    for _ in range(rounds):
                        bare = await asyncio.to_thread(rival, kind, count)
                        rates.append((bare, await ours(context, count)))
                        print(f"{kind}: bare {rates[-1][0]:,.0f}/s, ours {rates[-1][1]:,.0f}/s")
                    share = statistics.median(own / bare for bare, own in rates)
                    print(f"{kind}: {share:.0%} of the bare loop (median of {rounds})")
        finally:
            embedded.close()
            discard(Path(folder) / "data")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    uvloop.run(main(given.count, given.rounds))
