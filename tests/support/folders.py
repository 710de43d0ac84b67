"""Directories that an unprivileged PostgreSQL can reach, and servers in them that leave nothing.

As root, pytest's own directories are closed to everybody else, and the server may not run as root:
its files would be put elsewhere and stay there.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from campana.domain.errors import SetupError
from campana.store.embedded import attach, discard


@contextmanager
def open_folder(name: str) -> Generator[Path]:
    """A directory others may pass through; made when absent, gone when nobody holds it."""
    folder = Path(tempfile.gettempdir(), name)
    folder.mkdir(mode=0o755, exist_ok=True)
    yield folder
    with suppress(OSError):
        folder.rmdir()


@contextmanager
def attached(data_dir: Path) -> Generator[str]:
    """The embedded server of a directory; the last to leave takes its files away."""
    embedded = attach(data_dir)
    try:
        yield embedded.conninfo
    finally:
        embedded.close()
        forget(data_dir)


def forget(data_dir: Path) -> None:
    """Remove a directory and the cluster that belongs to it, unless somebody uses it."""
    with suppress(SetupError):
        discard(data_dir)
        shutil.rmtree(data_dir, ignore_errors=True)


@contextmanager
def whole_folder() -> Generator[Path]:
    """An empty directory for a whole Campana, which leaves nothing behind."""
    path = Path(tempfile.mkdtemp(prefix="campana-test-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        for data_dir in (path / "data", path / "demo"):
            if data_dir.exists():
                forget(data_dir)
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def folder() -> Iterator[Path]:
    """One of a test's own."""
    with whole_folder() as path:
        yield path
