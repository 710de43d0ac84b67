"""What a message says beyond its text, to JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from campana.domain.content import Content, Email, Media, Template, Text


def plain(content: Template | Email) -> dict[str, Any]:
    """As it is stored."""
    kind = "email" if isinstance(content, Email) else "template"
    return {"type": kind, **msgspec.to_builtins(content)}


def content_of(stored: Mapping[str, Any] | None, *, text: str) -> Content:
    """What is to be sent: free text where nothing more was stored."""
    if stored is None:
        return Text(body=text)
    rest = {key: value for key, value in stored.items() if key not in {"type", "header"}}
    if stored.get("type") == "email":
        return msgspec.convert(rest, Email)
    made, header = msgspec.convert(rest, Template), stored.get("header")
    if not header:
        return made
    # A picture or the values of a headline: which of the two a reader of JSON cannot tell.
    shape = Media if "kind" in header and ("link" in header or "ref" in header) else dict[str, str]
    return replace(made, header=msgspec.convert(header, shape))
