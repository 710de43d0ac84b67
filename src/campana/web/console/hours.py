"""Hours as seven short texts, one a weekday, and the window they are in a document."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from campana.domain.window import DEFAULT, WEEKDAYS
from campana.web.console.language import marked

FIELDS = ("always", *WEEKDAYS, "holidays", "closed_dates")
_SPAN = re.compile(r"(\d|[01]\d|2[0-3]):([0-5]\d)\s*[-\N{EN DASH}]\s*(\d|[01]\d|2[0-4]):([0-5]\d)")
_LIKE = marked("write hours such as 08:00-12:00, 13:00-20:00; nothing where it is closed")


def shown(window: Mapping[str, Any] | None, *, unsaid: Mapping[str, Any]) -> dict[str, str]:
    """A window's texts; those of `unsaid` where there is none."""
    window = unsaid if window is None else window
    texts = {
        day: ", ".join(f"{each.get('from')}-{each.get('to')}" for each in _spans(window, day))
        for day in WEEKDAYS
    }
    return {
        "always": "on" if window.get("always") else "",
        **texts,
        "holidays": ", ".join(map(str, window.get("holidays") or [])),
        "closed_dates": ", ".join(map(str, window.get("closedDates") or [])),
    }


def read(given: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The window of the texts, and what cannot be read, by field."""
    if given.get("always"):
        return {"always": True}, {}
    window: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for day in WEEKDAYS:
        spans: list[dict[str, str]] = []
        for part in _parts(given.get(day, "")):
            found = _SPAN.fullmatch(part)
            if found is None:
                problems[day] = _LIKE
                continue
            spans.append({"from": f"{found[1]:0>2}:{found[2]}", "to": f"{found[3]:0>2}:{found[4]}"})
        if spans:
            window[day] = spans
    for field, key in (("holidays", "holidays"), ("closed_dates", "closedDates")):
        if parts := _parts(given.get(field, "")):
            window[key] = [each.upper() if key == "holidays" else each for each in parts]
    return window, problems


ORDINARY: Mapping[str, Any] = {
    day: [{"from": f"{span.start:%H:%M}", "to": f"{span.end:%H:%M}"} for span in spans]
    for day, spans in zip(WEEKDAYS, DEFAULT.days, strict=True)
}
"""What a campaign without hours of its own keeps to."""


def _spans(window: Mapping[str, Any], day: str) -> Sequence[Mapping[str, Any]]:
    return window.get(day) or ()


def _parts(text: str) -> list[str]:
    return [each.strip() for each in re.split(r"[,;\n]", text) if each.strip()]
