"""A bare loop over the library, as its documentation writes one. Runs in .venv.bench.

    python bench/messages/rival.py smpp|smtp PORT COUNT

Prints seconds from the first submit to the last receipt, or letter taken.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from email.message import EmailMessage

import aiosmpplib
import aiosmpplib.broker
import aiosmpplib.hook
import aiosmpplib.log
import aiosmtplib

CONNECTIONS = 10


async def smpp(port: int, count: int) -> float:
    """Submits and receipts, one session, as fast as it goes."""
    over, receipts = asyncio.Event(), 0

    class Hook(aiosmpplib.hook.SimpleHook):
        async def received(self, smpp_message: object, _: bytes, __: str) -> None:
            nonlocal receipts
            if isinstance(smpp_message, aiosmpplib.DeliverSm) and smpp_message.is_receipt():
                receipts += 1
                if receipts == count:
                    over.set()

    broker = aiosmpplib.broker.SimpleBroker(maxsize=count)
    esme = aiosmpplib.ESME(
        smsc_host="127.0.0.1",
        smsc_port=port,
        system_id="campana",
        password="s3cr3t-8",  # noqa: S106 - of a peer in a benchmark
        hook=Hook(aiosmpplib.log.StructuredLogger("bare", logging.ERROR)),
        broker=broker,
        log_level=logging.ERROR,
    )
    for number in range(count):
        await broker.enqueue(
            aiosmpplib.SubmitSm(
                short_message="Hello Dana, your order is on its way.",
                source=aiosmpplib.PhoneNumber("12025550100"),
                destination=aiosmpplib.PhoneNumber("12125550101"),
                registered_delivery=1,
                auto_message_payload=True,
                log_id=str(number),
            )
        )
    begun = time.perf_counter()
    running = asyncio.create_task(esme.start())
    await asyncio.wait_for(over.wait(), 120)
    took = time.perf_counter() - begun
    await esme.stop()
    running.cancel()
    return took


async def smtp(port: int, count: int) -> float:
    """Letters over connections that are kept."""
    numbers = iter(range(count))

    async def work() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
            for number in numbers:
                message = EmailMessage()
                message["From"] = "The Shop <news@shop.example>"
                message["To"] = "dana@example.com"
                message["Subject"] = "Your order"
                message["Message-ID"] = f"<{number}@shop.example>"
                message.set_content("Hello Dana, your order is on its way.")
                message.add_alternative(
                    "<p>Hello Dana, your order is <b>on its way</b>.</p>", subtype="html"
                )
                await client.send_message(message)

    begun = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return time.perf_counter() - begun


if __name__ == "__main__":
    kind, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    print(asyncio.run((smpp if kind == "smpp" else smtp)(port, count)))
