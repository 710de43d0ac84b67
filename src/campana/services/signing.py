"""Keys of this installation for links that are their own permission.

They lie beside the files, so that every process that can read a recording can check a link.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from campana.blobs import Blobs
from campana.domain.errors import SetupError


def signing_key(blobs: Blobs, entropy: Callable[[int], bytes], *, name: str = "links") -> bytes:
    """The key of that name, made by whichever process comes first.

    Raises:
        SetupError: the directory of blobs cannot be used.
    """
    path = blobs.path(f"keys/{name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mine = path.with_name(f"{path.name}.{entropy(8).hex()}")
        with open(os.open(mine, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(entropy(32))
        try:
            # A link appears whole, and only if there is none: all processes end up with one key.
            os.link(mine, path)
        except FileExistsError:
            pass
        finally:
            mine.unlink()
        return path.read_bytes()
    except OSError as error:
        raise SetupError(f"cannot keep a key in {path.parent}: {error.strerror}") from error
