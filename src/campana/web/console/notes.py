"""What was done, told once: on the page that is shown next, and not again when it is loaded anew.

The words travel in a cookie that the next page takes away. They are sealed with the visitor's own
cookie, so that nobody else puts words into this server's mouth.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from litestar import Response
from litestar.datastructures import Cookie

from campana.web.console.cookies import Cookies

_LONGEST = 500
"""Characters of what was done."""
_MOST_BYTES = 2_800
"""Of a whole note; a browser keeps 4,096 of a cookie, and this is sealed and written in base64."""
_SECONDS = 60
"""How long a page may take to be asked for."""


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """What a press of the note's button sends, and where to."""

    action: str
    fields: Sequence[tuple[str, str]]


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What was done."""

    said: str
    lines: Sequence[str] = ()
    """What is to be said of single ones, the first of them if there are many."""
    undo: Form | None = None
    """How it is taken back."""
    is_done: bool = True
    """No is what was asked for and not done."""


class _Placed(msgspec.Struct, frozen=True):
    place: str
    note: Note


class Noted(Response[None]):
    """See other, with a note for whoever comes there."""

    def __init__(self, path: str, note: Note) -> None:
        super().__init__(
            None, status_code=303, headers={"location": path, "cache-control": "no-store"}
        )
        self.path, self.note = path, note

    def carried(self, cookies: Cookies, *, of: str) -> Response[Any]:
        """Itself, the note in a cookie for the holder of the cookie `of`."""
        text = _encoded(unquote(urlsplit(self.path).path), self.note)
        value = base64.urlsafe_b64encode(_seal(text, of) + text).rstrip(b"=").decode()
        self.set_cookie(_cookie(cookies, value, seconds=_SECONDS))
        return self


def brought(header: str | None, cookies: Cookies, *, of: str, path: str) -> Note | None:
    """The note in a Cookie header that is for this visitor and this page."""
    try:
        found = SimpleCookie(header or "").get(_name(cookies))
        sealed = base64.urlsafe_b64decode(found.value + "===") if found else b""
    except (CookieError, binascii.Error, ValueError):
        return None
    seal, text = sealed[:32], sealed[32:]
    if not text or not hmac.compare_digest(seal, _seal(text, of)):
        return None
    try:
        placed = msgspec.json.decode(text, type=_Placed)
    except msgspec.DecodeError:
        # Of the server before this one.
        return None
    return placed.note if placed.place == path else None


def _encoded(place: str, note: Note) -> bytes:
    """As many of its lines as there is room for."""
    lines = list(note.lines)
    said = note.said[:_LONGEST]
    while True:
        shown = lines if len(lines) == len(note.lines) else [*lines, "…"]
        kept = msgspec.structs.replace(note, said=said, lines=shown)
        text = msgspec.json.encode(_Placed(place, kept))
        if len(text) <= _MOST_BYTES or not lines:
            return text
        lines.pop()


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
