"""The campaigns of seeded trials: small, with short days, few lines and quick retries, and of every
limit a campaign can have some."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from campana.domain.campaign import ChannelType
from campana.domain.spend import Per, Price
from campana.services import accounts, prices
from campana.simulation.chance import Chance
from campana.simulation.document import ChannelLimits, ContactsDocument, Scenario
from campana.simulation.faults import draw_plan
from campana.simulation.people import COUNTRY
from campana.simulation.play import WORKSPACE
from campana.simulation.rules import PRICE
from campana.simulation.world import World
from campana.store.spend import Entry

_DAYS = 30
_SHORT = "09:00"
_WEST = "America/Los_Angeles"
"""Where there are hours left at midnight in UTC."""
_LATE = (1.8, 0.6, 0.3, 0.1)
_ZONES = {"America/New_York": 2.0, "America/Chicago": 1.0, _WEST: 1.0}


def draw_scenario(seed: int) -> Scenario:
    """What is to be done, and how the carrier behaves."""
    chance = Chance(seed, "scenario")
    # The hours of New York end while it is under way, or begin.
    day = chance.one_of([datetime(2026, 3, 6, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)])
    starts = day + timedelta(hours=chance.one_of([13.9, 15.0, 20.95, 21.95]))
    calendar = Chance(seed, "calendar")
    is_holiday, is_late = calendar.happens(0.15), calendar.happens(0.2)
    if is_holiday:
        # A day before a holiday, which falls on a Saturday and is had on the Friday too.
        starts = datetime(2026, 7, 2, tzinfo=UTC) + (starts - day)
    elif is_late:
        # The day of quotas ends while it is under way: with the first grant, or a moment after it.
        starts = day + timedelta(hours=24, seconds=-Chance(seed, "midnight").one_of(_LATE))
    weekdays = ["mon", "tue", "wed", "thu", "fri", *chance.one_of([[], ["sat", "sun"]])]
    hours = [{"from": _SHORT, "to": chance.one_of(["12:00", "17:00"])}]
    retry = chance.one_of([60, 600])
    campaign: dict[str, Any] = {
        "name": f"trial {seed}",
        "type": "VoiceBot",
        "channelType": "Voice",
        "window": dict.fromkeys(weekdays, hours),
        "cadence": {
            "maxAttempts": chance.whole(2, 5),
            "busy": {"attempts": chance.whole(1, 3), "delaySeconds": retry},
            "noAnswer": {"attempts": chance.whole(1, 3), "delaySeconds": retry},
            "congestion": {"attempts": 3, "delaySeconds": 60},
            "carrierError": {"attempts": 3, "delaySeconds": 60},
            "callbackRequest": {
                "attempts": Chance(seed, "asked again").whole(1, 3),
                "delaySeconds": retry,
            },
        },
        "voiceBot": {
            "greeting": "Hello {{ contact.first_name }}.",
            "steps": [{"type": "end", "id": "bye", "text": "Goodbye."}],
        },
        # Of so few people a breaker would make a campaign of its own.
        "breakers": {"maxFailureRate": None},
    }
    if chance.happens(0.4):
        per = chance.one_of(["number", "contact"])
        campaign["caps"] = [{"per": per, "attempts": chance.whole(1, 2), "days": 1}]
    if chance.happens(0.2):
        campaign["window"]["closedDates"] = ["2026-03-10"]
    if is_holiday:
        campaign["window"]["holidays"] = [COUNTRY]
    contacts = ContactsDocument(
        count=chance.whole(4, 14), zones={_WEST: 1.0} if is_late else _ZONES
    )
    elsewhere = Chance(seed, "other numbers")
    if elsewhere.happens(0.3):
        contacts = replace(contacts, numbers=elsewhere.whole(2, 3))
        campaign["cadence"] |= {
            name: {**campaign["cadence"].get(name, {}), "then": "next_address"}
            for name in ("busy", "noAnswer", "invalidNumber", "blocked")
            if elsewhere.happens(0.6)
        }
    campaign |= _limits(chance, starts)
    return Scenario(
        campaign=campaign,
        contacts=contacts,
        starts=starts,
        days=_DAYS,
        workers=1,
        channel=ChannelLimits(
            rate=chance.one_of([0.5, 2.0, 8.0]),
            lines=chance.whole(1, 8),
            daily_attempts=_quota(chance, is_late=is_late),
        ),
        plan=draw_plan(seed),
        # Shorter than what some carriers report late: then it is known after all.
        give_up_after=3_600 if calendar.happens(0.7) else 60,
    )


def _quota(chance: Chance, *, is_late: bool) -> int | None:
    if is_late:
        return chance.whole(2, 4)
    return chance.whole(5, 12) if chance.happens(0.2) else None


def another(campaign: Mapping[str, Any], *, seed: int) -> Mapping[str, Any] | None:
    """In some trials a second campaign, which has limits of its own."""
    chance = Chance(seed, "campaigns")
    if not chance.happens(0.3):
        return None
    if not chance.happens(0.5):
        return campaign
    limits = {"pacing", "requireConsent", "spendLimit", "endDate", "caps"}
    own = _limits(chance, datetime(2026, 3, 9, 20, tzinfo=UTC))
    return {**{key: each for key, each in campaign.items() if key not in limits}, **own}


def _limits(chance: Chance, starts: datetime) -> Mapping[str, Any]:
    """Those a campaign may have besides its channel's."""
    limits: dict[str, Any] = {}
    if chance.happens(0.4):
        limits["pacing"] = {"rate": chance.one_of([0.5, 2.0, 100.0]), "lines": chance.whole(1, 3)}
        if chance.happens(0.3):
            limits["pacing"]["dailyAttempts"] = chance.whole(3, 8)
    if chance.happens(0.25):
        limits["requireConsent"] = True
    if chance.happens(0.15):
        limits["spendLimit"] = PRICE * chance.whole(2, 20)
    if chance.happens(0.15):
        seconds = chance.one_of([4, 20, 90, 40_000])
        limits["endDate"] = (starts + timedelta(seconds=seconds)).isoformat()
    return limits


async def set_prices(made: World, campaigns: Iterable[Mapping[str, Any]]) -> None:
    """Each try costs something, where a campaign has a budget; before it is launched."""
    if any(each.get("spendLimit") for each in campaigns):
        price = Price(per=Per.MESSAGE, amount=Decimal(PRICE))
        entry = Entry(channel_type=ChannelType.VOICE, prefix=COUNTRY, price=price)
        workspace = await accounts.ensure_workspace(made.engine, WORKSPACE)
        await prices.replace(made.engine, workspace_id=workspace.workspace_id, entries=[entry])
