"""An exchange of softphones on loopback: real SIP and RTP, any number can be called.

    python -m campana.demo.exchange --port 0 --log FILE --plan FILE

It is a process of its own and shares nothing with the one that calls. When it is ready it prints
one JSON line with its port; SIGTERM ends it. Its log is the witness of what the called parties saw.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import socket
import sys
from pathlib import Path

from campana.demo.plan import Plan, read_plan
from campana.demo.softphones import Read, Softphones
from campana.demo.switchboard import Switchboard
from campana.demo.witness import Witness
from campana.domain.errors import SetupError
from campana.voice.ears.hearing import Ears
from campana.voice.media import PHONE_RATE, seconds

LOOPBACK = "127.0.0.1"
READY_SECONDS, ASK_AGAIN_SECONDS = 20.0, 0.5


async def run(
    plan: Plan,
    witness: Witness,
    *,
    port: int,
    audio: Path | None,
    stop: asyncio.Event,
    read: Read | None = None,
) -> None:
    """Serve until `stop`; prints the port when ready.

    Raises:
        SetupError: a port is in use, or the voice packages are missing.
    """
    phones = await Softphones.open(witness=witness, audio=audio, read=read)
    try:
        inner = phones.port
        await _wait_ready(inner)
        loop = asyncio.get_running_loop()
        try:
            transport, switchboard = await loop.create_datagram_endpoint(
                lambda: Switchboard(plan, witness, phones=(LOOPBACK, inner), expect=phones.expect),
                local_addr=(LOOPBACK, port),
            )
        except OSError as error:
            raise SetupError(f"the port {LOOPBACK}:{port} cannot be used: {error}") from error
        _, public = transport.get_extra_info("sockname")
        sys.stdout.write(json.dumps({"port": public}) + "\n")
        sys.stdout.flush()
        await stop.wait()
        switchboard.close()
    finally:
        await phones.close()


async def _wait_ready(port: int) -> None:
    """Ask the softphones whether they listen: the stack does not say so itself."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.setblocking(False)
        probe.bind((LOOPBACK, 0))
        probe.connect((LOOPBACK, port))
        here = "{}:{}".format(*probe.getsockname())
        ask = (
            f"OPTIONS sip:phone@{LOOPBACK}:{port} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {here};branch=z9hG4bKready;rport\r\n"
            f"From: <sip:ready@{here}>;tag=1\r\nTo: <sip:phone@{LOOPBACK}:{port}>\r\n"
            f"Call-ID: ready\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 1\r\nContent-Length: 0\r\n\r\n"
        )
        try:
            async with asyncio.timeout(READY_SECONDS):
                while not await _answers(probe, ask.encode()):
                    pass
        except (TimeoutError, OSError) as error:
            raise SetupError(f"the softphones do not answer on {LOOPBACK}:{port}") from error


async def _answers(probe: socket.socket, ask: bytes) -> bool:
    """A datagram may be lost on a busy machine, as SIP over UDP knows: it is sent again."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(probe, ask)
    try:
        await asyncio.wait_for(loop.sock_recv(probe, 2048), ASK_AGAIN_SECONDS)
    except TimeoutError:
        return False
    return True


async def _serve(arguments: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    plan = read_plan(arguments.plan) if arguments.plan is not None else Plan()
    ears = await Ears.open() if arguments.ears else None
    witness = Witness(arguments.log)
    read = _reader(ears) if ears is not None else None
    try:
        await run(plan, witness, port=arguments.port, audio=arguments.audio, stop=stop, read=read)
    finally:
        witness.close()
        if ears is not None:
            ears.close()


def _reader(ears: Ears) -> Read:
    async def read(sound: bytes) -> str:
        spoken = seconds(sound, PHONE_RATE)
        return (await ears.read(sound, spoken_seconds=spoken, phrases=())).text

    return read


def main() -> None:
    """The program; exits with 1 and a sentence when it cannot start."""
    parser = argparse.ArgumentParser(prog="campana.demo.exchange", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="UDP port on 127.0.0.1; 0 picks one")
    parser.add_argument("--log", type=Path, required=True, help="the witness, appended to")
    parser.add_argument("--plan", type=Path, help="how each number behaves; all answer without it")
    parser.add_argument("--audio", type=Path, help="directory for what each called party heard")
    parser.add_argument("--ears", action="store_true", help="those who reply understand words")
    try:
        asyncio.run(_serve(parser.parse_args()))
    except SetupError as error:
        sys.exit(error.message)


if __name__ == "__main__":
    main()
