"""Strong entity tags, and the two conditions on them.

A tag is `"v3-5f1c…"`: the version a change must name, then a hash of the bytes, because what is
shown also changes by the clock. What has no version has only the hash.
"""

from __future__ import annotations

import hashlib
import re

from campana.domain.errors import PreconditionRequired, VersionMismatch
from campana.web.request import ApiRequest

_TAG = re.compile(r'(?P<weak>W/)?"(?P<tag>[^"]*)"')
_VERSION = re.compile(r"v([0-9]{1,9})(-[0-9a-f]+)?", re.ASCII)


def tag_of(body: bytes, *, version: int | None = None) -> str:
    """The tag of an answer."""
    digest = hashlib.blake2b(body, digest_size=10).hexdigest()
    return f'"{digest}"' if version is None else f'"v{version}-{digest}"'


def is_unchanged(request: ApiRequest, tag: str) -> bool:
    """Whether If-None-Match names the tag (weak comparison, RFC 9110 section 13.1.2)."""
    asked = request.headers.get("if-none-match")
    if asked is None:
        return False
    return asked.strip() == "*" or any(f'"{m["tag"]}"' == tag for m in _TAG.finditer(asked))


def version_meant(request: ApiRequest) -> int | None:
    """The version If-Match names; None for `*`, any version.

    Raises:
        PreconditionRequired: there is no If-Match.
        VersionMismatch: it names no version of ours, or several.
    """
    asked = request.headers.get("if-match")
    if asked is None:
        raise PreconditionRequired
    if asked.strip() == "*":
        return None
    versions = {
        int(named[1])
        for match in _TAG.finditer(asked)
        # A weak tag never matches (RFC 9110 section 13.1.1).
        if not match["weak"] and (named := _VERSION.fullmatch(match["tag"]))
    }
    if len(versions) != 1:
        raise VersionMismatch
    return versions.pop()
