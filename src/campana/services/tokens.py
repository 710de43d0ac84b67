"""What opens something by being known: a cookie, a link, an API key.

256 random bits; only their SHA-256 is stored, so that no dump opens anything.
"""

from __future__ import annotations

import base64
import hashlib

from campana.services.context import Context


def new_token(context: Context) -> str:
    """256 random bits as text fit for cookies and links."""
    return base64.urlsafe_b64encode(context.entropy(32)).rstrip(b"=").decode()


def hash_of(token: str) -> bytes:
    """What is stored of one."""
    return hashlib.sha256(token.encode()).digest()
