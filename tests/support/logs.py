"""A log of JSON lines, read while another process writes to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def json_lines(log: Path) -> list[dict[str, Any]]:
    """Its whole lines: what follows the last line break is still being written."""
    *whole, _unfinished = log.read_bytes().split(b"\n")
    return [json.loads(line) for line in whole]
