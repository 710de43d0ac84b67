"""10,000 campaigns as a workspace might have after two years; the same in every run.

Nothing is drawn by chance: each property goes round at its own prime pace. Only the time they are
placed around is the caller's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg

CAMPAIGNS = 10_000

_COLUMNS = (
    "id, workspace_id, name, description, type, channel_type, state, start_date, end_date,"
    " created_at, updated_at, document, launched_at, finished_at"
)
# Of a hundred campaigns so many are in each state: most of what a workspace has is over.
_STATES = (
    ["completed"] * 56
    + ["expired"] * 13
    + ["running"] * 12
    + ["cancelled"] * 7
    + ["paused"] * 6
    + ["draft"] * 5
    + ["tripped"]
)
_CHANNELS = ["Voice", "Voice", "WhatsApp", "SMS", "Voice", "Email", "SMS"]
_TOPICS = [
    "Appointment reminder", "Renewal offer", "Payment reminder", "Satisfaction survey",
    "Delivery window", "Welcome call", "Winback", "Event invitation", "Recall notice",
]  # fmt: skip
_PLACES = ["North", "South", "Coast", "Lakes", "Capital", "Valley", "Harbor"]
_OVER = {"completed", "cancelled", "expired"}


def fill(conninfo: str, *, workspace_id: int, now: datetime) -> None:
    """Copy the campaigns in, and let PostgreSQL know how they are spread."""
    with psycopg.connect(conninfo, options="-c search_path=campana", autocommit=True) as conn:
        with conn.cursor().copy(f"copy campaigns ({_COLUMNS}) from stdin") as copy:
            for row in _rows(workspace_id, now):
                copy.write_row(row)
        conn.execute("vacuum (analyze) campaigns")


def _rows(workspace_id: int, now: datetime) -> Iterator[tuple[Any, ...]]:
    for n in range(CAMPAIGNS):
        # Every seventh shares its moment with the one before: ties are decided by id.
        created = now - timedelta(minutes=105 * (n - (n % 7 == 1)) + 60)
        state = _STATES[n * 37 % 100]
        channel = _CHANNELS[n * 3 % 7]
        is_bot = channel == "Voice" and n % 5 != 0
        start, end = _dates(n, state, created, now)
        launched = None if state == "draft" else created + timedelta(hours=3)
        yield (
            f"camp_{n * 7_919 % 999_983:016x}",
            workspace_id,
            f"{_TOPICS[n % 9]} {_PLACES[n * 5 % 7]} {created:%b %Y} #{n}",
            _description(n),
            "VoiceBot" if is_bot else "Flow",
            channel,
            state,
            start,
            end,
            created,
            created,
            json.dumps(_document(n, channel)),
            launched,
            end if state in _OVER else None,
        )


def _dates(
    n: int, state: str, created: datetime, now: datetime
) -> tuple[datetime | None, datetime | None]:
    if state == "draft" and n % 2:
        return None, None
    start = (created + timedelta(days=1 + n % 4)).replace(hour=8 + n % 3, minute=0, second=0)
    if state in _OVER:
        end = start + timedelta(days=2 + n % 26)
        # What has expired is behind us; what was completed or cancelled may have meant to go on.
        return (start, end) if end < now else (created, now - timedelta(minutes=10 + n % 40))
    if n % 4 == 0:
        return start, None
    # Open campaigns end one after another over the coming three months.
    return start, now + timedelta(days=5, minutes=n * 13 % 120_000)


def _description(n: int) -> str | None:
    if n % 4 == 3:
        return None
    return f"Wave {n % 12 + 1}: people of segment {n * 11 % 97} who have not answered since spring."


def _document(n: int, channel: str) -> dict[str, Any]:
    """A configuration of ordinary size (about half a kilobyte), as it lies beside the nine keys."""
    return {
        "name": f"Campaign {n}",
        "type": "VoiceBot",
        "channelType": channel,
        "channel": "ch_0000000000000000",
        "window": {
            day: [{"from": "09:00", "to": "18:00"}] for day in ("mon", "tue", "wed", "thu", "fri")
        },
        "cadence": {"maxAttempts": 3, "busy": {"attempts": 3, "delaySeconds": 900}},
        "voiceBot": {
            "greeting": "Hello {{ contact.first_name }}, this is the office of your district.",
            "steps": [
                {"type": "end", "id": "thanks", "text": f"Your reference is {n:06d}. Goodbye."},
            ],
        },
    }
