"""Where simulations run: an embedded PostgreSQL of their own, and on it a database for each."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from campana.store.embedded import attach
from campana.store.throwaway import relax, throwaway


@contextmanager
def ground(folder: Path) -> Generator[str]:
    """A migrated, empty database; the server in `folder` holds nothing that is to last.

    Raises:
        SetupError: the folder or the server cannot be used.
    """
    embedded = attach(folder)
    try:
        relax(embedded.conninfo)
        with throwaway(embedded.conninfo) as conninfo:
            yield conninfo
    finally:
        embedded.close()
