"""What the parts of the demo do with the API's answers, with processes and with their logs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import msgspec

from campana.domain.errors import SetupError

_STOP_SECONDS = 15.0


def body(answer: httpx.Response) -> dict[str, Any]:
    """The JSON of an answer.

    Raises:
        SetupError: the API refused; with what it said.
    """
    if answer.is_error:
        raise SetupError(f"{answer.request.method} {answer.request.url.path}: {answer.text}")
    return answer.json()


def mapping(value: object) -> dict[str, Any]:
    """What was read from a file, which holds an object."""
    return msgspec.convert(value, dict[str, Any])


def json_lines(log: Path) -> list[dict[str, Any]]:
    """What a process has written to its log, a line each."""
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


async def ended(process: asyncio.subprocess.Process) -> None:
    """End a process, and see it gone."""
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
