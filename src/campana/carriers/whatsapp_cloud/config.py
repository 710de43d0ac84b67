"""What a channel of kind `whatsapp_cloud` is told: one business number of one account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from campana.carriers.account import Portfolio, SecretField
from campana.carriers.http import is_loopback

Digits = Annotated[str, Meta(pattern=r"^[0-9]{1,32}$")]
Secret = Annotated[str, Meta(pattern=r"^[!-~]{8,1000}$")]


class Config(Struct, kw_only=True, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A channel of kind `whatsapp_cloud`."""

    phone_number_id: Digits
    """Meta's id of the number, not the number."""
    account_id: Digits
    """Id of the WhatsApp Business account: it holds the templates."""
    number: Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{6,14}$", description="E.164")]
    access_token: Secret
    """Of a system user, with `whatsapp_business_messaging` and `whatsapp_business_management`."""
    app_secret: Secret
    """Signs what Meta reports."""
    verify_token: Secret
    """Chosen by you, and given to Meta with the callback URL."""
    portfolio: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    """Channels that name the same one share its messaging limit, as Meta's portfolios do."""
    portfolio_limit: Annotated[int, Meta(ge=1, le=10_000_000)] | None = None
    """People who may be written to first in any 24 hours: 250, 2000, 10000, 100000; without it, as
    many as there are."""
    throughput: Annotated[int, Meta(ge=1, le=1000)] = 80
    """Messages a second Meta allows the number: the most its `rate` may be."""
    api_version: Annotated[str, Meta(pattern=r"^v[0-9]{1,3}\.[0-9]{1,2}$")] = "v23.0"
    url: Annotated[
        str,
        Meta(
            pattern=r"^(https://[A-Za-z0-9.-]{1,253}(:[1-9][0-9]{0,4})?"
            r"|http://(127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|\[::1\]):[1-9][0-9]{0,4})$"
        ),
    ] = "https://graph.facebook.com"
    """Of the Graph API; another only to try things out."""
    timeout_seconds: Annotated[float, Meta(gt=0, le=60)] = 15.0
    ask_after_seconds: Annotated[float, Meta(gt=0, le=30 * 86_400)] = 86_400.0
    give_up_after_seconds: Annotated[float, Meta(gt=0, le=60 * 86_400)] = 3 * 86_400.0
    """Without word of its end for this long, a message is unknown; Meta tries for up to 30 days."""

    def __post_init__(self) -> None:
        if self.portfolio_limit is not None and self.portfolio is None:
            raise ValueError("portfolioLimit needs a portfolio to count in")

    def __repr__(self) -> str:
        """Without the secrets: configs end up in logs."""
        return f"Config({self.phone_number_id} at {self.url})"


SECRETS = (
    SecretField("accessToken", goes_to=("url",)),
    SecretField("appSecret"),
    SecretField("verifyToken"),
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
    """The number: there is no other way to be seen."""
    return (config.number,)


def portfolio(config: Config) -> Portfolio | None:
    """Where its first messages are counted."""
    if config.portfolio is None or config.portfolio_limit is None:
        return None
    return Portfolio(name=config.portfolio, limit=config.portfolio_limit)


def most_a_second(config: Config) -> float:
    """As Meta allows."""
    return float(config.throughput)
