"""What is asked: one page, four hundred different ones, and pages nobody has asked for before."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product
from urllib.parse import urlencode

PATH = "/v1/campaigns"

ONE_PAGE = [f"{PATH}?status=Running&page=1&pageSize=25"]


def filters_and_pages(now: datetime) -> list[str]:
    """400 different queries: statuses, channels, spans of start dates and pages, all combined."""
    today = now.date()
    statuses = [{}, {"status": "Running"}, {"status": "Paused"}, {"status": "Completed"}]
    channels = [{}, *({"channelType": name} for name in ("Voice", "WhatsApp", "SMS", "Email"))]
    spans = [
        {},
        {"dateFrom": str(today - timedelta(days=30))},
        {"dateTo": str(today - timedelta(days=365))},
        {"dateFrom": str(today - timedelta(days=270)), "dateTo": str(today - timedelta(days=90))},
        {"dateFrom": f"{today - timedelta(days=500)}T08:30:00Z"},
    ]
    pages = [
        {"page": 1, "pageSize": 25},
        {"page": 2, "pageSize": 25},
        {"page": 1, "pageSize": 10},
        {"page": 5, "pageSize": 50},
    ]
    found = [
        f"{PATH}?{urlencode({**status, **channel, **span, **page})}"
        for status, channel, span, page in product(statuses, channels, spans, pages)
    ]
    # So that neighbors differ in every respect; 189 shares no divisor with 400.
    return [found[n * 189 % len(found)] for n in range(len(found))]


def never_asked(queries: list[str]) -> list[str]:
    """The same queries with a place for a moment that makes each request the only one of its kind.

    The moment lies before every start date, so that it narrows nothing but drafts without a date.
    """
    return [f"{query}&dateFrom=%s" for query in queries if "dateFrom" not in query]
