"""Examples of `/v1/analytics`, which the description shows and the tests check."""

from __future__ import annotations

from typing import Any

from campana.web.examples import CAMPAIGN, CHANNEL

Json = dict[str, Any]

_SUMS: Json = {"attempts": 59, "reached": 44, "share": 0.7458, "talkSeconds": 473.0, "cost": 1.18}
_PERIOD: Json = {
    "dateFrom": "2024-01-15",
    "dateTo": "2024-01-15",
    "timeZone": "America/New_York",
    "total": _SUMS,
}

CAMPAIGNS: Json = {
    **_PERIOD,
    "data": [{"campaignId": CAMPAIGN["id"], "name": CAMPAIGN["name"], **_SUMS}],
    "campaigns": 1,
}

TRENDS: Json = {
    **_PERIOD,
    "people": {"tried": 50, "reached": 41, "completed": 38},
    "days": [{"date": "2024-01-15", **_SUMS}],
    "hours": [
        {"hour": hour, "attempts": 59 * (hour == 15), "reached": 44 * (hour == 15)}
        for hour in range(24)
    ],
    "bestHour": 15,
    "channels": [{"channelId": CHANNEL["id"], "name": CHANNEL["name"], **_SUMS}],
    "outcomes": {"completed": 38, "no_answer": 15, "hung_up": 6},
}
