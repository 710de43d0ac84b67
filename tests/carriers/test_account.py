"""What kinds say of their accounts: no secret is forgotten, and none is shown."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import inspect

from campana import carriers


def test_every_field_that_sounds_secret_is_named_as_one() -> None:
    """In each carrier's config, and in the entries of its lists."""
    for name, kind in carriers.load_all().items():
        named = {(field.within, field.name) for field in kind.secrets}
        for within, field in _fields(kind.config):
            if any(word in field.lower() for word in ("secret", "password", "token")):
                assert (within, field) in named, f"{name}: {field} belongs in CarrierKind.secrets"


def _fields(shape: Any, within: str | None = None) -> list[tuple[str | None, str]]:
    found: list[tuple[str | None, str]] = []
    for field in msgspec.structs.fields(shape):
        found.append((within, field.encode_name))
        described = inspect.type_info(field.type)
        item = getattr(described, "item_type", None)
        if isinstance(item, inspect.StructType):
            found += _fields(item.cls, field.encode_name)
    return found
