"""What was spoken before, for all calls of a process: in memory, and in a directory when it says
nothing personal, so that "Goodbye." is made once and "Hello Ana." leaves nothing on the disk.

The same sound is made once however many calls ask for it at the same time.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)

MEMORY_BYTES = 32 << 20

Make = Callable[[Path | None], asyncio.Future[bytes]]
"""Begins to make a sound; it may lie in a file already, and is to be put there."""


class KeptSounds:
    """Sounds by what they say, in whose voice, at which rate."""

    def __init__(self, directory: Path | None) -> None:
        """Without a `directory` nothing outlives the process."""
        self._directory = directory
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._kept_bytes = 0
        self._making: dict[str, asyncio.Future[bytes]] = {}

    async def sound(self, *named: object, make: Make, is_personal: bool) -> bytes:
        """The sound of this name, made if need be.

        What `make` fails with is raised, and asked for anew the next time.
        """
        key = hashlib.sha256("|".join(map(str, named)).encode()).hexdigest()
        if (kept := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return kept
        making = self._making.get(key)
        if making is None:
            file = None if self._directory is None else self._directory / f"{key}.pcm"
            making = make(None if is_personal else file)
            self._making[key] = making
            making.add_done_callback(lambda made: self._keep(key, made))
        # Another call may be waiting for the same sound: our end must not take it from them.
        return await asyncio.shield(making)

    def _keep(self, key: str, made: asyncio.Future[bytes]) -> None:
        del self._making[key]
        if made.cancelled() or made.exception() is not None:
            return
        self._kept[key] = made.result()
        self._kept_bytes += len(made.result())
        while self._kept_bytes > MEMORY_BYTES:
            _, dropped = self._kept.popitem(last=False)
            self._kept_bytes -= len(dropped)


def put(file: Path, content: bytes) -> None:
    """All of it or nothing, whoever else writes the same file; blocks."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f"{file.name}.{id(content):x}.part")
        part.write_bytes(content)
        part.replace(file)
    except OSError as error:
        log.warning("speech is not kept: %s", error)
