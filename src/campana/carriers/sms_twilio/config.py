"""What a channel of kind `sms_twilio` is told: an account and its senders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from campana.carriers.account import SecretField
from campana.carriers.http import is_loopback

Sender = Annotated[str, Meta(pattern=r"^(\+[1-9][0-9]{6,14}|[0-9]{3,8}|[A-Za-z0-9 &+_-]{1,11})$")]
"""A number in E.164, a short code, or a name of up to 11 letters and digits."""
Secret = Annotated[str, Meta(pattern=r"^[!-~]{8,128}$")]


class Config(Struct, kw_only=True, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A channel of kind `sms_twilio`."""

    account_sid: Annotated[str, Meta(pattern=r"^AC[0-9a-fA-F]{32}$")]
    auth_token: Secret
    """Signs what Twilio reports; opens the account, unless an API key does."""
    api_key_sid: Annotated[str, Meta(pattern=r"^SK[0-9a-fA-F]{32}$")] | None = None
    api_key_secret: Secret | None = None
    senders: Annotated[tuple[Sender, ...], Meta(max_length=1000)] = ()
    messaging_service_sid: Annotated[str, Meta(pattern=r"^MG[0-9a-fA-F]{32}$")] | None = None
    """Chooses the sender where a campaign names none."""
    validity_seconds: Annotated[int, Meta(ge=1, le=36_000)] | None = None
    """How long Twilio may try to get a message out; then it fails."""
    url: Annotated[
        str,
        Meta(
            pattern=r"^(https://[A-Za-z0-9.-]{1,253}(:[1-9][0-9]{0,4})?"
            r"|http://(127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|\[::1\]):[1-9][0-9]{0,4})$"
        ),
    ] = "https://api.twilio.com"
    """Of the API; another for another region, or to try things out."""
    timeout_seconds: Annotated[float, Meta(gt=0, le=60)] = 15.0
    ask_after_seconds: Annotated[float, Meta(gt=0, le=30 * 86_400)] = 86_400.0
    give_up_after_seconds: Annotated[float, Meta(gt=0, le=60 * 86_400)] = 3 * 86_400.0
    """Without word of its end for this long, a message is unknown: some networks tell none."""

    def __post_init__(self) -> None:
        if not self.senders and self.messaging_service_sid is None:
            raise ValueError("needs senders or a messagingServiceSid")
        if (self.api_key_sid is None) != (self.api_key_secret is None):
            raise ValueError("apiKeySid and apiKeySecret go together")

    def __repr__(self) -> str:
        """Without the secrets: configs end up in logs."""
        return f"Config({self.account_sid} at {self.url})"


SECRETS = (
    SecretField("authToken", goes_to=("url",)),
    SecretField("apiKeySecret", goes_to=("url",)),
)


def masked(config: Config) -> Mapping[str, Any]:
    """The config without its secrets."""
    shown: dict[str, Any] = msgspec.to_builtins(config)
    for field in SECRETS:
        del shown[field.name]
    return shown


def is_loopback_only(config: Config) -> bool:
    """When its API is one on this machine."""
    return is_loopback(config.url)


def senders(config: Config) -> tuple[str, ...]:
    """The identities a campaign may show."""
    return config.senders
