"""A process of the demo's own, which says in one line when it is ready."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from campana.demo.api import ended
from campana.domain.errors import SetupError


@asynccontextmanager
async def beside(
    words: Sequence[str], *, name: str, within: float
) -> AsyncGenerator[dict[str, Any]]:
    """What `python WORDS` says when it is ready, in JSON; it is ended afterwards.

    Args:
        words: of the command, without the interpreter.
        name: what it is, for people.
        within: seconds that it may take to say so.

    Raises:
        SetupError: it does not start; its reason is on standard error.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdout=asyncio.subprocess.PIPE
    )
    try:
        if process.stdout is None:
            raise SetupError(f"{name} has no output")
        try:
            line = await asyncio.wait_for(process.stdout.readline(), within)
        except TimeoutError:
            line = b""
        if not line:
            raise SetupError(f"{name} did not start: see `campana doctor`")
        yield json.loads(line)
    finally:
        await ended(process)
