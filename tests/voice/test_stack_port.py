"""The stack's port: one that was free a moment ago may be somebody else's when it starts."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PATIENCE = 60
# One stack a process, and not that of the tests.
PROGRAM = """
import asyncio, json, socket
from campana.voice import stack, stack_port

async def main():
    bs = stack.load()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1]])
        find = stack_port._free_port
        stack_port._free_port = lambda address: next(ports, None) or find(address)
        lines = "sip_listen 127.0.0.1:{}\\nrtp_ports 16384-32767\\n"
        runtime, port = await stack_port.started(bs, "127.0.0.1", lambda port: bs.Config(
            net_interface="127.0.0.1", max_concurrent_calls=None, rtp_timeout=30,
            extra_config_text=lines.format(port),
        ))
        print(json.dumps([taken.getsockname()[1], port]), flush=True)
        await runtime.close()

asyncio.run(main())
"""


@pytest.mark.voice
def test_a_port_that_somebody_took_in_between_is_let_go() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    taken, port = json.loads(done.stdout.splitlines()[-1])
    assert port not in {taken, 0}
