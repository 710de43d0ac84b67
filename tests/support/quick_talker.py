"""A talker as `campana talker` runs one, but with tones for a voice and no ears: quick to start."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

from campana.blobs import Blobs
from campana.carriers import load_all, voice_sip
from campana.engine.talker import Talker
from campana.services.context import Context
from campana.store.db import Database, Role
from campana.voice.media import PHONE_RATE, tone
from campana.voice.speech import Speech
from tests.support.sandbox import WallClock

COMMAND = (sys.executable, "-m", "tests.support.quick_talker")


class Tones:
    """Says anything as a quarter of a second of a tone."""

    rate = PHONE_RATE

    def sentences(self, text: str) -> list[str]:
        return [text]

    def speak(self, sentence: str) -> bytes:
        del sentence
        return tone(500, duration=0.25, rate=PHONE_RATE)


async def main(fd: int) -> None:
    context = Context(
        # No bot of a test has a model, so nothing is ever asked of it.
        db=Database("", role=Role.WEB, max_connections=1),
        clock=WallClock(),
        entropy=os.urandom,
        blobs=Blobs(root=Path()),
        carriers=load_all(),
    )
    speech = Speech(engine=Tones())
    talker = Talker(context, carrier=voice_sip.VoiceSip(), speech=speech, ears=None)
    try:
        await talker.serve(socket.socket(fileno=fd))
    finally:
        speech.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[2])))
