"""A person in a contact list, as imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContact:
    """A contact about to be stored. `zones` is its own zone if it has one, else those of the
    number."""

    external_id: str | None
    first_name: str | None
    last_name: str | None
    time_zone: str | None
    language: str | None
    attributes: Mapping[str, str]
    phone: str
    country: str
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFields:
    """What a script may say about a person: `first_name`, `last_name` and the list's own
    columns."""

    first_name: str | None
    last_name: str | None
    attributes: Mapping[str, str]

    def as_text(self) -> dict[str, str]:
        """`contact.first_name` and so on to text; the list's own columns cannot hide a name."""
        named = {"first_name": self.first_name or "", "last_name": self.last_name or ""}
        return {f"contact.{key}": value for key, value in {**self.attributes, **named}.items()}
