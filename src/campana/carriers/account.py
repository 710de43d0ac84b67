"""What a kind of carrier says of its channels' accounts: secrets, shared limits, templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class SecretField:
    """A field of a channel's config (in camelCase) that is stored sealed and never shown."""

    name: str
    within: str | None = None
    """The list whose entries have it; None: the config itself."""
    goes_to: tuple[str, ...] = field(default=(), kw_only=True)
    """The fields beside it that say where it is shown: whoever changes one gives the secret anew,
    or somebody who may not read it could have it sent to themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """Channels of a workspace that share a limit: people written to first in any 24 hours."""

    name: str
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderTemplate:
    """A text for approval, as its provider has it; words of status and category in lower case."""

    ref: str
    name: str
    language: str
    status: str
    category: str | None
    components: Sequence[Mapping[str, Any]]
    quality: str | None = None
    rejected_because: str | None = None
