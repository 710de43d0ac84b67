"""Talking to a bot from a page: the port between whoever has the page and whoever runs the bot.

A talk is a trial. Nobody is called: there is no target and no attempt, nothing is recorded or
stored, an opt-out neither, and no program of the bot's is asked.

The two sides exchange sound (16-bit mono PCM at 8,000 samples a second) and messages (JSON objects
with a `type`). They may be two processes: then each travels behind five bytes, its kind and length.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol, cast

import msgspec
from msgspec import Struct

from campana.domain.errors import FieldProblem, InvalidParameter

LONGEST_SECONDS = 600
"""A talk ends after so long, whatever the bot allows."""
MOST_FIELDS, MOST_FIELD_LETTERS, MOST_WORDS = 50, 500, 500
KEYS = frozenset("0123456789*#ABCD")
SOUND, MESSAGE = b"S", b"M"
_LENGTH_BYTES = 4
_MOST_BYTES = 1 << 20

Message = Mapping[str, Any]


class Order(Struct, frozen=True, kw_only=True):
    """What is to be talked to: a bot as it is written, and values for the fields it names."""

    workspace_id: int
    definition: dict[str, Any]
    fields: dict[str, str]


class Talking(Protocol):
    """One talk, as the side of the page sees it."""

    async def receive(self) -> bytes | Message | None:
        """Sound of the bot, or what happened; None when nothing more comes."""
        ...

    async def send(self, told: bytes | Message) -> None:
        """Sound of the person, a key, words, or the hanging up. What comes too late is dropped."""
        ...

    def close(self) -> None:
        """Let go of it; a talk that goes on is hung up."""
        ...


class Talks(Protocol):
    """Those of one process."""

    async def open(self, order: Order) -> Talking:
        """Begin a talk.

        Raises:
            RateLimited: as many go on as may.
            Unavailable: this process is about to end, or nobody can run a bot.
        """
        ...

    async def aclose(self) -> None:
        """End every talk."""
        ...


def packed(told: bytes | Message) -> bytes:
    """Sound or a message as it travels."""
    body = told if isinstance(told, bytes) else msgspec.json.encode(told)
    kind = SOUND if isinstance(told, bytes) else MESSAGE
    return kind + len(body).to_bytes(_LENGTH_BYTES) + body


async def unpacked(reader: asyncio.StreamReader) -> bytes | Message | None:
    """The next that has travelled; None when the other side is gone."""
    try:
        head = await reader.readexactly(1 + _LENGTH_BYTES)
        length = int.from_bytes(head[1:])
        if length > _MOST_BYTES:
            return None
        body = await reader.readexactly(length)
    except (asyncio.IncompleteReadError, OSError):
        return None
    return body if head[:1] == SOUND else cast("Message", msgspec.json.decode(body))


def told_by_page(text: str) -> Message:
    """A message of a page, of those that may come while a talk goes on.

    Raises:
        InvalidParameter: it is none; names what is wrong.
    """
    found = _object(text)
    match found:
        case {"type": "key", "key": str(key)} if key in KEYS:
            return {"type": "key", "key": key}
        case {"type": "words", "text": str(words)} if 0 < len(words.strip()) <= MOST_WORDS:
            return {"type": "words", "text": " ".join(words.split())}
        case {"type": "hangUp"}:
            return {"type": "hangUp"}
        case _:
            raise _wrong("/type", "must be key, words or hangUp, with what belongs to it")


def fields_by_page(text: str) -> dict[str, str]:
    """The values of the first message of a page.

    Raises:
        InvalidParameter: it is another, or its fields are none.
    """
    found = _object(text)
    fields = found.get("fields", {})
    if found.get("type") != "start" or not isinstance(fields, dict):
        raise _wrong("/type", "the first message must be start, with fields")
    given = cast("dict[str, Any]", fields)
    if len(given) > MOST_FIELDS:
        raise _wrong("/fields", f"must not be more than {MOST_FIELDS}")
    for name, value in given.items():
        if not isinstance(value, str) or len(value) > MOST_FIELD_LETTERS or "\0" in value:
            raise _wrong(f"/fields/{name}"[:100], f"must be up to {MOST_FIELD_LETTERS} letters")
    return given


def _object(text: str) -> dict[str, Any]:
    try:
        found: object = msgspec.json.decode(text)
    except msgspec.DecodeError:
        raise _wrong("", "must be JSON") from None
    if not isinstance(found, dict):
        raise _wrong("", "must be an object")
    return cast("dict[str, Any]", found)


def _wrong(pointer: str, message: str) -> InvalidParameter:
    return InvalidParameter(problems=[FieldProblem(pointer=pointer, message=message)])
