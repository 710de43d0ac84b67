"""What a carrier said, laid out to be read; nothing is added and nothing left out."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import msgspec

_FORM = re.compile(r"[\w.%+\-\[\]]+=[^\s&]*(&[\w.%+\-\[\]]+=[^\s&]*)*")
_MOST_FIELDS = 500
_DEEPER = "\n    "
"""Before a further line of one field, so that it does not look like another."""


def laid_out(body: str) -> str:
    """JSON with its depth shown, a form a field a line; any other text as it came."""
    if body.lstrip()[:1] in {"{", "["}:
        try:
            return msgspec.json.format(body.encode(), indent=2).decode()
        except msgspec.DecodeError:  # cut off, or only like it
            return body
    if _FORM.fullmatch(body):
        try:
            fields = parse_qsl(body, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError:
            return body
        return "\n".join(f"{name}: {text.replace(chr(10), _DEEPER)}" for name, text in fields)
    return body
