"""Secrets that must be used again, kept so that the database alone gives none of them away.

What only has to be recognised (API keys) is hashed. What has to be spoken (signing secrets of
webhooks, passwords of channels) is sealed with a key that is not in the database:
`CAMPANA_SECRET_KEY`, or a file of the data directory made by whichever process comes first. Several
keys may be given while they rotate: the first seals, each opens.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from campana.domain.errors import SetupError

KEY_FILE = "secret.key"


class Unreadable(Exception):
    """It was sealed with a key we do not have, or was changed."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Seals and opens."""

    _fernet: MultiFernet | None
    _first: Fernet | None = None
    """The one that seals."""

    @classmethod
    def of(cls, keys: Sequence[str]) -> Secrets:
        """With these keys, the first of which seals.

        Raises:
            SetupError: one is no key, or there is none.
        """
        try:
            fernets = [Fernet(key.strip()) for key in keys]
        except ValueError:
            raise SetupError(
                "CAMPANA_SECRET_KEY must be 32 bytes in URL-safe base 64, or several with commas"
            ) from None
        if not fernets:
            raise SetupError("CAMPANA_SECRET_KEY has no key in it")
        return cls(MultiFernet(fernets), fernets[0])

    @property
    def _keys(self) -> MultiFernet:
        if self._fernet is None:
            raise SetupError("secrets cannot be kept here: no key was given")
        return self._fernet

    def seal(self, secret: str) -> str:
        """The text to store; different each time."""
        return self._keys.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """The secret again.

        Raises:
            Unreadable: none of the keys opens it.
        """
        try:
            return self._keys.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise Unreadable("it was sealed with another key") from None

    def sealed_anew(self, sealed: str) -> str | None:
        """The same secret under the first key; None when that sealed it already.

        Raises:
            Unreadable: none of the keys opens it.
        """
        secret = self.open(sealed)
        try:
            if self._first is not None:
                self._first.decrypt(sealed.encode())
                return None
        except InvalidToken:
            pass
        return self.seal(secret)


NO_SECRETS = Secrets(None)
"""For those who need none: every use is an error."""


def open_secrets(given: str | None, *, data_dir: Path) -> Secrets:
    """With the keys given, or with the one of the data directory.

    Raises:
        SetupError: a key is malformed, or the file cannot be made or read.
    """
    if given is not None:
        return Secrets.of(given.split(","))
    path = data_dir / KEY_FILE
    try:
        return Secrets.of([_kept(path)])
    except OSError as error:
        raise SetupError(f"cannot keep a key in {path}: {error.strerror}") from error


def _kept(path: Path) -> str:
    """The key in the file, made when there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        mine = path.with_name(f"{path.name}.{os.urandom(8).hex()}")
        with open(os.open(mine, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link appears whole, and only if there is none: all processes end up with one key.
            os.link(mine, path)
        except FileExistsError:
            pass
        finally:
            mine.unlink()
    return path.read_text("ascii").strip()
