"""What an attempt may cost, what it did cost, and whether that is still within the limits.

Prices are decimal amounts in the one currency of a workspace. A minute that has begun is paid for;
a call nobody answered costs nothing, a message costs its price unless it was never sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from math import ceil
from zoneinfo import ZoneInfo

from campana.domain.disposition import Disposition

_LONGEST_PREFIX = 15
ANYWHERE = "*"
"""The price of what no other entry of the table is about."""
_FREE = Decimal(0)


class Per(StrEnum):
    """What a price is the price of."""

    MINUTE = "minute"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    amount: Decimal
    per: Per


def keys_of(address: str, country: str | None) -> list[str]:
    """The entries of a price table that may be about an address, the most particular first."""
    longest = min(len(address) - 1, _LONGEST_PREFIX) if address.startswith("+") else 0
    prefixes = [address[: length + 1] for length in range(longest, 0, -1)]
    return [*prefixes, *([country] if country else []), ANYWHERE]


def price_of(address: str, country: str | None, prices: Mapping[str, Price]) -> Price | None:
    """The price of the longest prefix, else of the country, else of anywhere."""
    keys = keys_of(address, country)
    return next((prices[key] for key in keys if key in prices), None)


def worst_case(price: Price, *, longest: timedelta) -> Decimal:
    """The most one attempt can cost when no conversation lasts longer than `longest`."""
    return (
        price.amount * _minutes(longest.total_seconds())
        if price.per is Per.MINUTE
        else price.amount
    )


def cost(
    price: Price, *, disposition: Disposition, talk_seconds: float | None, reserved: Decimal
) -> Decimal:
    """What an attempt that ended so did cost; while nobody knows how, all that was reserved."""
    if disposition is Disposition.UNKNOWN:
        return reserved
    if disposition is Disposition.NOT_SENT:
        return _FREE
    if price.per is Per.MESSAGE:
        return price.amount
    return price.amount * _minutes(talk_seconds or 0)


def _minutes(seconds: float) -> int:
    return ceil(seconds / 60)


@dataclass(slots=True, kw_only=True)
class Purse:
    """One limit, and what is spent and promised of it. `limit` None is no limit."""

    limit: Decimal | None
    spent: Decimal
    reserved: Decimal

    def has(self, amount: Decimal) -> bool:
        """Does it still hold `amount`, should everything promised be needed?"""
        return self.limit is None or self.spent + self.reserved + amount <= self.limit

    def reserve(self, amount: Decimal) -> None:
        """Promise it to an attempt."""
        self.reserved += amount


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The day whose budget an attempt begun at `moment` is paid from."""
    return moment.astimezone(zone).date()


def next_day(moment: datetime, zone: ZoneInfo) -> datetime:
    """When the next day's budget opens, there."""
    tomorrow = day_of(moment, zone) + timedelta(days=1)
    return datetime.combine(tomorrow, time.min, tzinfo=zone).astimezone(UTC)
