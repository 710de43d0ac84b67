"""A log of what happened outside Campana, one JSON object a line, written before it is answered.

It is what a campaign is judged by: nothing of Campana writes it, and a line is with the operating
system, in one piece, before the network sees what follows from it.
"""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import msgspec

from campana.domain.errors import SetupError


class Witness:
    """Appends to a log. `at` is in seconds of the machine's monotonic clock."""

    def __init__(self, path: Path) -> None:
        """Opens the log, keeping what it holds.

        Raises:
            SetupError: it cannot be written.
        """
        try:
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
            size = os.fstat(self._file).st_size
            # The machine stopped in the middle of a line: the next one is not to be lost in it.
            self._is_torn = bool(size) and os.pread(self._file, 1, size - 1) != b"\n"
        except OSError as error:
            raise SetupError(f"the log {path} cannot be written: {error.strerror}") from error

    def write(self, event: str, **detail: object) -> None:
        """One line.

        Raises:
            OSError: it is not in the log, or not whole: nothing may follow from it.
        """
        line = {"at": round(time.monotonic(), 4), "event": event, **detail}
        octets = b"\n" * self._is_torn + msgspec.json.encode(line) + b"\n"
        written = os.write(self._file, octets)
        self._is_torn = written < len(octets) and octets[written - 1 : written] != b"\n"
        if written < len(octets):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self) -> None:
        """No more lines."""
        os.close(self._file)
