"""What was done, told once: on the page that is shown next, and not again when it is loaded anew.

The words travel in a cookie that the next page takes away. They are sealed with the visitor's own
cookie, so that nobody else puts words into this server's mouth.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import unquote, urlsplit

from litestar import Response
from litestar.datastructures import Cookie

from campana.web.console.cookies import Cookies

_LONGEST = 500
"""Characters; a browser keeps 4,096 bytes of a cookie."""
_SECONDS = 60
"""How long a page may take to be asked for."""


class Noted(Response[None]):
    """See other, with a note for whoever comes there."""

    def __init__(self, path: str, said: str) -> None:
        super().__init__(
            None, status_code=303, headers={"location": path, "cache-control": "no-store"}
        )
        self.path, self.said = path, said

    def carried(self, cookies: Cookies, *, of: str) -> Response[Any]:
        """Itself, the note in a cookie for the holder of the cookie `of`."""
        text = f"{unquote(urlsplit(self.path).path)}\n{self.said[:_LONGEST]}".encode()
        value = base64.urlsafe_b64encode(_seal(text, of) + text).rstrip(b"=").decode()
        self.set_cookie(_cookie(cookies, value, seconds=_SECONDS))
        return self


def brought(header: str | None, cookies: Cookies, *, of: str, path: str) -> str | None:
    """The note in a Cookie header that is for this visitor and this page."""
    try:
        found = SimpleCookie(header or "").get(_name(cookies))
        sealed = base64.urlsafe_b64decode(found.value + "===") if found else b""
    except (CookieError, binascii.Error, ValueError):
        return None
    seal, text = sealed[:32], sealed[32:]
    if not text or not hmac.compare_digest(seal, _seal(text, of)):
        return None
    place, _, said = text.decode().partition("\n")
    return said if place == path else None


def taken(cookies: Cookies) -> Cookie:
    """The cookie once its note was shown."""
    return _cookie(cookies, "", seconds=0)


def _seal(text: bytes, of: str) -> bytes:
    return hmac.new(of.encode(), b"campana note" + text, hashlib.sha256).digest()


def _name(cookies: Cookies) -> str:
    return f"{cookies.name}_note"


def _cookie(cookies: Cookies, value: str, *, seconds: int) -> Cookie:
    return Cookie(
        key=_name(cookies),
        value=value,
        path="/",
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=cookies.is_secure,
    )
