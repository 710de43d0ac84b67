"""What a document is called by its content: two of one name are the same."""

from __future__ import annotations

import json
from hashlib import sha256


def content_hash(document: object) -> str:
    """`sha256:…` of a document; the order of its keys and how it was written do not matter."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
