"""What a channel of kind `sms_smpp` is told: where the message center is, and how it behaves."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from campana.carriers.account import SecretField
from campana.smpp.parts import LongMessages
from campana.smpp.receipt import MessageIds
from campana.smpp.session import trusting

Secret = Annotated[str, Meta(pattern=r"^[!-~]{0,64}$")]
Meaning = Literal["invalid_number", "blocked", "undelivered"]

SECRETS = (SecretField("password", goes_to=("host", "port")),)


class Config(Struct, kw_only=True, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A channel of kind `sms_smpp`."""

    host: Annotated[str, Meta(pattern=r"^[A-Za-z0-9.:_-]{1,253}$", description="Name or address")]
    port: Annotated[int, Meta(ge=1, le=65535)] = 2775
    tls: bool = False
    """The certificate must be valid for `host`."""
    tls_authority: Annotated[str, Meta(max_length=20_000)] | None = None
    """Certificates in PEM to trust in place of the system's, for a provider with its own."""
    system_id: Annotated[str, Meta(pattern=r"^[!-~]{1,15}$")]
    password: Secret
    system_type: Annotated[str, Meta(pattern=r"^[ -~]{0,12}$")] = ""
    senders: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^(\+?[0-9]{3,15}|[A-Za-z0-9 ._-]{1,11})$")], ...],
        Meta(min_length=1, max_length=1000),
    ]
    """Numbers, short codes, or names of up to eleven characters."""
    max_binds: Annotated[int, Meta(ge=1, le=64)] | None = None
    """How many connections the provider allows at once; without it, each work process has one."""
    window: Annotated[int, Meta(ge=1, le=1000)] = 10
    """Submits of one connection that have no answer yet."""
    enquire_link_seconds: Annotated[float, Meta(gt=0, le=3600)] = 30.0
    answer_seconds: Annotated[float, Meta(gt=0, le=60)] = 10.0
    """How long a submit may go unanswered before it counts as in doubt."""
    throttle_seconds: Annotated[float, Meta(gt=0, le=3600)] = 1.0
    """How long the channel rests at least when the provider says that it is too fast."""
    long_messages: LongMessages = LongMessages.UDH
    max_segments: Annotated[int, Meta(ge=1, le=255)] = 10
    plain_characters: bool = True
    """Typographic quotes and dashes become plain ones where that makes a text cheaper."""
    message_ids: MessageIds = MessageIds.SAME
    can_query: bool = False
    """Whether the provider answers query_sm."""
    error_meanings: Annotated[
        Mapping[Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{1,10}$")], Meaning],
        Meta(max_length=200),
    ] = {}
    """What the provider's own `err:` codes of undelivered messages mean."""
    validity_minutes: Annotated[int, Meta(ge=1, le=60 * 24 * 7)] | None = None
    """How long the provider tries; without it, as long as it does by itself."""
    ask_after_seconds: Annotated[float, Meta(gt=0, le=7 * 86_400)] = 3_600.0
    """Without a receipt for this long, the provider is asked, where it can be."""
    give_up_after_seconds: Annotated[float, Meta(gt=0, le=30 * 86_400)] = 3 * 86_400.0
    """Without a receipt for this long, nobody will ever know."""

    def __post_init__(self) -> None:
        if self.tls_authority is not None:
            if not self.tls:
                raise ValueError("tlsAuthority needs tls")
            trusting(self.tls_authority)

    def __repr__(self) -> str:
        """Without the password: configs end up in logs."""
        return f"Config({self.host}:{self.port}, {self.system_id})"


def is_loopback_only(config: Config) -> bool:
    """Only an address says so for certain; a name may lead anywhere tomorrow."""
    try:
        return ipaddress.ip_address(config.host).is_loopback
    except ValueError:
        return False


def masked(config: Config) -> Mapping[str, Any]:
    """The config without its password."""
    shown: dict[str, Any] = msgspec.to_builtins(config)
    del shown["password"]
    return shown


def senders(config: Config) -> tuple[str, ...]:
    """What may be shown as the sender."""
    return config.senders
