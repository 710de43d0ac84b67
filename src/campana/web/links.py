"""Links that are their own permission: to one file, for a while, signed so none can be made up.

The key is this installation's (`services/signing.py`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime

from campana.domain.errors import NotFound

_SIGNATURE = 32
_INSTANT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Makes and opens links with one key."""

    key: bytes

    def make(self, blob: str, *, until: datetime) -> str:
        """A text fit for a URL that opens `blob` up to `until`."""
        plain = int(until.timestamp()).to_bytes(_INSTANT, "big") + blob.encode()
        return base64.urlsafe_b64encode(plain + self._sign(plain)).rstrip(b"=").decode()

    def open(self, link: str, *, now: datetime) -> str:
        """The blob a link opens.

        Raises:
            NotFound: it is none of ours, was changed, or has expired.
        """
        try:
            whole = base64.b64decode(link + "=" * (-len(link) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise NotFound from None
        plain, signature = whole[:-_SIGNATURE], whole[-_SIGNATURE:]
        if not hmac.compare_digest(signature, self._sign(plain)) or len(plain) < _INSTANT:
            raise NotFound
        if now >= datetime.fromtimestamp(int.from_bytes(plain[:_INSTANT], "big"), tz=UTC):
            raise NotFound("this link has expired")
        return plain[_INSTANT:].decode()

    def _sign(self, plain: bytes) -> bytes:
        return hmac.new(self.key, plain, hashlib.sha256).digest()
