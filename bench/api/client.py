"""The load: connections kept open, one request at a time on each, as fast as answers come.

A program of its own, started several times so that no single core holds the servers back. It reads
one JSON line, says `ready` when its connections are open and warm, begins at the next line, and
ends with one JSON line of what it saw. Sockets and an event loop by hand, because a general HTTP
client costs more than the servers that are measured.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice

_BEFORE_ALL = datetime(2020, 1, 1, tzinfo=UTC)
_PATIENCE = 10


class Connection:
    """One socket and the answer that is coming in on it."""

    __slots__ = ("asked_at", "missing", "sock")

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        # Blocking from here on: with a time limit each call would be two into the kernel.
        self.sock.settimeout(None)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.asked_at = 0.0
        self.missing = 0
        """Bytes of the body still to come; 0 between answers."""

    def ask(self, request: bytes) -> None:
        self.asked_at = time.perf_counter()
        self.sock.sendall(request)

    def is_answered(self) -> bool:
        """Read what there is; True when an answer is complete."""
        chunk = self.sock.recv(262_144)
        if not self.missing:
            while (end := chunk.find(b"\r\n\r\n")) < 0:
                chunk += _some(self.sock)
            if not chunk.startswith(b"HTTP/1.1 200 "):
                raise SystemExit(f"not the answer that was wanted: {chunk[:300]!r}")
            at = chunk.find(b"content-length: ") + 16
            length = int(chunk[at : chunk.find(b"\r", at)])
            self.missing = end + 4 + length - len(chunk)
        else:
            self.missing -= len(chunk)
        if not chunk or self.missing < 0:
            raise SystemExit("the server ended the connection or sent more than it said")
        return self.missing == 0


def _some(sock: socket.socket) -> bytes:
    chunk = sock.recv(65_536)
    if not chunk:
        raise SystemExit("the server ended the connection")
    return chunk


def requests(targets: list[str], key: str, *, first: int, is_unique: bool) -> Iterator[bytes]:
    """Requests for the targets, round and round from the `first`; unique ones name a moment."""
    wire = [
        f"GET {target} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\n\r\n"
        for target in targets
    ]
    begun = islice(cycle(wire), first % len(wire), None)
    if not is_unique:
        for request in begun:
            yield request.encode()
    for n, request in enumerate(begun, start=first):
        moment = _BEFORE_ALL + timedelta(microseconds=n)
        yield (request % f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}").encode()


def press(
    connections: list[Connection], coming: Iterator[bytes], seconds: float, *, least: int = 0
) -> tuple[int, float, list[float]]:
    """Ask for `seconds`, and `least` times; answers counted, seconds in all, and of each."""
    latencies: list[float] = []
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection.sock, selectors.EVENT_READ, connection)
        began = time.perf_counter()
        until = began + seconds
        for connection in connections:
            connection.ask(next(coming))
        waiting = len(connections)
        while waiting:
            ready = selector.select(_PATIENCE)
            if not ready:
                raise SystemExit(f"no answer within {_PATIENCE} s")
            for each, _ in ready:
                connection: Connection = each.data
                if not connection.is_answered():
                    continue
                now = time.perf_counter()
                latencies.append(now - connection.asked_at)
                if now < until or len(latencies) < least:
                    connection.ask(next(coming))
                else:
                    waiting -= 1
        return len(latencies), time.perf_counter() - began, latencies


def main() -> None:
    told = json.loads(sys.stdin.readline())
    coming = requests(told["targets"], told["key"], first=told["first"], is_unique=told["isUnique"])
    connections: list[Connection] = []
    for _ in range(told["connections"]):
        # One after another, each with an answer: of servers that share a socket all get their part.
        connection = Connection(told["port"])
        press([connection], coming, 0)
        connections.append(connection)
    press(connections, coming, told["warmSeconds"], least=told["warmRequests"])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    count, seconds, latencies = press(connections, coming, told["seconds"])
    latencies.sort()
    print(
        json.dumps(
            {
                "count": count,
                "seconds": seconds,
                "p50": latencies[count // 2],
                "p99": latencies[count * 99 // 100],
            }
        )
    )


if __name__ == "__main__":
    main()
