"""A SIP server on TLS that answers every call and hangs up a second later, in a process of its own.

    python tests/voice/secure_peer.py PORT CERTIFICATE.pem [account parameter ...]

It listens on the port after PORT. What happens is told as JSON, one object a line.
"""

from __future__ import annotations

import asyncio
import json
import sys

import baresip

LOOPBACK = "127.0.0.1"


def tell(what: str, text: str | None = None) -> None:
    sys.stdout.write(json.dumps({"what": what, "text": text}) + "\n")
    sys.stdout.flush()


async def answer(call: baresip.Call) -> None:
    await call.answer()
    await asyncio.sleep(1)
    sound = call.audio.read(65_536)
    tell("heard", str(len(sound)))
    await call.hangup()


async def main(port: str, certificate: str, *parameters: str) -> None:
    runtime = baresip.Runtime(command_timeout=15)
    await runtime.start(
        baresip.Config(
            net_interface=LOOPBACK,
            max_concurrent_calls=None,
            extra_config_text=f"sip_listen {LOOPBACK}:{port}\nsip_certificate {certificate}\n",
        )
    )
    encrypted = baresip.Event.CALL_MENC
    runtime.subscribe(lambda e: tell("encrypted", e.text) if e.event is encrypted else None)
    account = baresip.Account(
        user="+12025550101",
        domain=f"{LOOPBACK}:{port}",
        password="",
        transport="tls",
        reg_interval=0,
        audio_codecs=("pcmu",),
        extra_params=parameters,
    )
    agent = await baresip.UserAgent.create(runtime, account)
    answering: set[asyncio.Task[None]] = set()

    def on_incoming(call: baresip.Call) -> None:
        task = asyncio.ensure_future(answer(call))
        answering.add(task)
        task.add_done_callback(answering.discard)

    agent.on_incoming(on_incoming)
    tell("ready")
    await asyncio.to_thread(sys.stdin.read)  # until whoever started it has enough
    await runtime.close()


asyncio.run(main(*sys.argv[1:]))
