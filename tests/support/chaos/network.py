"""Hosts of their own for the work processes: network namespaces that can be cut off.

Each namespace has one wire to this machine and no loopback of its own: its 127.0.0.1 is this
machine's, over the wire. So a process in it reaches the database and the sandbox, which never leave
loopback, as another host would, and a wire that is cut loses packets as a network does. Linux and
root alone can have that.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

_WIRES = "10.77.{n}.{end}"
"""A private network for each wire; both of its ends are on this machine."""
PEERS = "10.77.0.0/16"
"""Where the database sees the namespaces come from."""


def is_allowed() -> bool:
    """Can namespaces be made here? Found by making one."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    name = f"campana-{uuid.uuid4().hex[:8]}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    if made.returncode != 0:
        return False
    _run("netns", "del", name)
    return True


class Host:
    """One namespace and the wire to it."""

    def __init__(self, n: int) -> None:
        """The `n`-th of this machine, from 1 on."""
        token = uuid.uuid4().hex[:6]
        self.name = f"campana-{token}"
        self._wire = f"cw{n}-{token}"
        here, there = (_WIRES.format(n=n, end=end) for end in (1, 2))
        _run("netns", "add", self.name)
        _run("link", "add", self._wire, "type", "veth", "peer", "name", "wire", "netns", self.name)
        _run("address", "add", f"{here}/30", "dev", self._wire)
        _run("link", "set", self._wire, "up")
        inside = ("-n", self.name)
        _run(*inside, "address", "add", f"{there}/30", "dev", "wire")
        _run(*inside, "link", "set", "wire", "up")
        # Both ends take packets of 127.0.0.1 off a wire, which the kernel refuses by default.
        _write_setting(self._wire)
        subprocess.run([*self.prefix, "sh", "-c", f"echo 1 > {_setting('wire')}"], check=True)
        _run(*inside, "route", "add", "127.0.0.1/32", "via", here, "dev", "wire", "src", there)

    @property
    def prefix(self) -> Sequence[str]:
        """Of a command line that is to run there."""
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        """Whatever is sent from now on is lost, in both directions."""
        _run("link", "set", self._wire, "down")

    def mend(self) -> None:
        """What is sent now arrives, and what the kernels still send again."""
        _run("link", "set", self._wire, "up")

    def close(self) -> None:
        """Gone, with its wire."""
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True, check=False)


@contextmanager
def hosts(count: int) -> Generator[list[Host]]:
    """So many, gone at the end."""
    made: list[Host] = []
    try:
        for n in range(count):
            made.append(Host(n + 1))  # noqa: PERF401 - one that fails leaves the others to close
        yield made
    finally:
        for host in made:
            host.close()


def _setting(device: str) -> str:
    return f"/proc/sys/net/ipv4/conf/{device}/route_localnet"


def _write_setting(device: str) -> None:
    Path(_setting(device)).write_text("1")


def _run(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
