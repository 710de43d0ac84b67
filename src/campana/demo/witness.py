"""A log of what happened outside Campana, one JSON object a line, written before it is answered.

It is what a campaign is judged by: nothing of Campana writes it, and a line is with the operating
system, in one piece, before the network sees what follows from it.
"""

from __future__ import annotations

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
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError as error:
            raise SetupError(f"the log {path} cannot be written: {error.strerror}") from error

    def write(self, event: str, **detail: object) -> None:
        """One line."""
        line = {"at": round(time.monotonic(), 4), "event": event, **detail}
        os.write(self._file, msgspec.json.encode(line) + b"\n")

    def close(self) -> None:
        """No more lines."""
        os.close(self._file)
