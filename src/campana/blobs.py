"""Files that are too large for rows: recordings and imports. Here a directory; the key is what is
stored.

A blob appears whole or not at all: it is written beside its place and renamed into it.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from campana.domain.errors import NotFound, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Blobs:
    """A directory of blobs. Keys look like `recordings/2026/att_….wav`."""

    root: Path

    def path(self, key: str) -> Path:
        """Where a key lies.

        Raises:
            NotFound: the key would lead out of the directory.
        """
        root = self.root.resolve()
        path = (root / key).resolve()
        if not path.is_relative_to(root) or path == root:
            raise NotFound
        return path

    @contextmanager
    def writing(self, key: str) -> Generator[BinaryIO]:
        """A file to write; it takes its place when the block ends well, and is gone when it does
        not.

        Raises:
            Unavailable: the disk refuses (full, no permission).
        """
        path = self.path(key)
        part = path.with_name(path.name + ".part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            _discard(part)
            raise Unavailable(f"cannot write {path}: {error.strerror}") from error
        except BaseException:
            _discard(part)
            raise

    def opened(self, key: str) -> BinaryIO:
        """The blob for reading.

        Raises:
            NotFound: there is none.
        """
        try:
            return self.path(key).open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise NotFound from None

    def remove(self, key: str) -> None:
        """Take a blob away; there may be none.

        Raises:
            Unavailable: the disk refuses.
        """
        path = self.path(key)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise Unavailable(f"cannot remove {path}: {error.strerror}") from error

    def older_than(self, moment: datetime, *, within: str) -> list[str]:
        """Keys of what was written into a folder such as `imports` before `moment` (aware), parts
        that never took their place included."""
        folder = self.path(within)
        if not folder.is_dir():
            return []
        found: list[str] = []
        for path in folder.iterdir():
            # One that goes in between was not left behind.
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < moment.timestamp():
                    found.append(f"{within}/{path.name}")
        return sorted(found)


def _discard(part: Path) -> None:
    """What stopped the writing may stop this too; the first reason is the one to tell."""
    with suppress(OSError):
        part.unlink()
