"""One voice worker that registers and does nothing else; for tests that kill it.

python register_process.py INBOUND_PORT
"""

from __future__ import annotations

import asyncio
import sys

from campana import bootstrap, settings
from campana.carriers.voice_sip import VoiceSip
from campana.engine.runner import Loop, repeat, stop_on_signals
from campana.engine.voice_worker import VoiceWorker
from campana.store.db import Role
from campana.voice.sip import SipDriver
from campana.voice.speech import Speech


async def main(port: int) -> None:
    stop = stop_on_signals()
    given = settings.read()
    assert given.database_url is not None
    async with bootstrap.opened(
        given, given.database_url, role=Role.ENGINE, max_connections=4
    ) as context:
        driver = await SipDriver.open(interface="127.0.0.1", takes_calls=port > 0)
        speech = Speech(engine=None, reason="not needed")
        worker = VoiceWorker(
            context,
            carrier=VoiceSip(),
            driver=driver,
            speech=speech,
            lines=5,
            door=driver,
            inbound_port=port,
            registers=driver,
        )
        keeping = asyncio.create_task(worker.ownership.keep())
        loops = (
            Loop(name="calls in", step=worker.receive, rest=0.1),
            Loop(name="registrations", step=worker.register, rest=0.1),
        )
        try:
            await asyncio.gather(*(repeat(each, stop) for each in loops))
            await worker.drain(seconds=0)
        finally:
            await driver.aclose()
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            speech.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
