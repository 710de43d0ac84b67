"""What comes back about letters: reports of delivery (RFC 3464) and of complaints (RFC 5965).

Which letter is meant is read from the address it came back to, or from the headers of the letter
that is returned with it; both hold a signed token. Whatever is no report (a holiday notice, a
person's answer) says nothing about delivery and is passed over.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.policy import default
from enum import StrEnum
from typing import Any
from uuid import UUID

from campana.mail.codes import Code, code_in
from campana.mail.token import attempt_in, without_tokens

LARGEST = 1_000_000
_MOST_PARTS = 50


class Kind(StrEnum):
    """What is told."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    COMPLAINED = "complained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """About one letter. `reason` is for people; `key` is the same in each repetition; `words` is
    the part of the report that machines read, without our tokens."""

    attempt_id: UUID
    kind: Kind
    code: Code | None
    reason: str
    key: str
    words: str


class NoLetter(ValueError):
    """These octets are no letter."""


def read_returns(octets: bytes, *, key: bytes) -> list[Return]:
    """What a letter reports of letters of ours; empty where it reports nothing.

    Raises:
        NoLetter: it has no header.
    """
    message = email.message_from_bytes(octets, policy=default)
    if not message.keys():
        raise NoLetter("there is no header in it")
    parts = list(_walk(message))
    attempt_id = _attempt(message, parts, key=key)
    if attempt_id is None:
        return []
    found: list[Return] = []
    for part in parts:
        match part.get_content_type():
            case "message/delivery-status" | "message/global-delivery-status":
                found += _deliveries(part, attempt_id, words=_words(part, key))
            case "message/feedback-report":
                found += _feedback(part, attempt_id, words=_words(part, key))
            case _:
                continue
    return found


def _walk(message: Message) -> Iterator[Message]:
    """The parts of a report; nothing inside of the letter that is returned with it."""
    waiting, count = [message], 0
    while waiting and count < _MOST_PARTS:
        part, count = waiting.pop(0), count + 1
        yield part
        if part.get_content_maintype() == "multipart":
            waiting += [each for each in part.get_payload() if isinstance(each, Message)]


def _attempt(message: Message, parts: list[Message], *, key: bytes) -> UUID | None:
    """The letter that is meant: by where this came to, else by what is returned with it."""
    where = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")
    for name in where:
        for text in message.get_all(name, []):
            if (found := attempt_in(str(text), key=key)) is not None:
                return found
    for part in parts:
        octets = part.as_bytes().decode("latin-1")
        match part.get_content_type():
            case "message/rfc822" | "text/rfc822-headers" | "message/rfc822-headers":
                lines = [found[0] for found in re.finditer(_NAMES, octets, _LINES)]
            case "message/feedback-report":
                lines = [octets]
            case _:
                continue
        for line in lines:
            if (found := attempt_in(line, key=key)) is not None:
                return found
    return None


_LINES = re.MULTILINE | re.IGNORECASE
_NAMES = r"^(?:message-id|return-path):.*(?:\n[ \t].*)*"


def _words(part: Message, key: bytes) -> str:
    """A part as it came."""
    text = part.as_bytes().decode("utf-8", "replace").strip()
    return without_tokens(text, key=key)


def _deliveries(part: Message, attempt_id: UUID, *, words: str) -> Iterator[Return]:
    for block in _blocks(part):
        action = block.get("action", "").split(None, 1)[0:1]
        kind = {"failed": Kind.FAILED, "delayed": Kind.DELAYED, "delivered": Kind.DELIVERED}.get(
            action[0].lower() if action else ""
        )
        if kind is None:
            continue
        code = code_in(block.get("status", "")) or code_in(block.get("diagnostic-code", ""))
        diagnostic = block.get("diagnostic-code", "").partition(";")[2].strip()
        yield Return(
            attempt_id=attempt_id,
            kind=kind,
            code=code,
            reason=" ".join(f"{code or ''} {diagnostic}".split())[:200] or str(kind),
            key=f"dsn:{kind}:{code or ''}",
            words=words,
        )


def _feedback(part: Message, attempt_id: UUID, *, words: str) -> Iterator[Return]:
    for block in _blocks(part):
        kind = block.get("feedback-type", "").lower()
        # `not-spam` is the opposite of a complaint, and the others are about forgery or viruses.
        if kind in {"abuse", "fraud", "opt-out"}:
            yield Return(
                attempt_id=attempt_id,
                kind=Kind.COMPLAINED,
                code=None,
                reason=f"feedback: {kind}",
                key=f"feedback:{kind}",
                words=words,
            )


def _blocks(part: Message) -> list[dict[str, str]]:
    """Groups of fields, names in small letters; the library reads each group as a message."""
    payload: Any = part.get_payload()
    groups: Any = payload
    if not isinstance(payload, list):
        text: Any = part.get_payload(decode=True) or b""
        pieces = re.split(rb"\r?\n\r?\n", text.strip())[:_MOST_PARTS]
        groups = [email.message_from_bytes(piece, policy=default) for piece in pieces]
    return [
        {name.lower(): " ".join(str(value).split()) for name, value in group.items()}
        for group in groups
    ]
