"""The page of a draft that says when and how fast, and the rest of it as YAML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from campana.domain.window import WEEKDAYS
from campana.web.console import hours, written
from campana.web.console.drafts import Document, Part, Step, Texts, line, number, plain
from campana.web.console.language import marked, say

MORE = ("breakers", "cadence", "canary", "caps", "pacing", "priority", "runIfWithin", "weight")
"""What the last field may say besides the fields above it."""
EXAMPLE_MORE = """\
breakers: {maxFailureRate: 0.5, minAnswerRate: 0.05}
canary: {percent: 2}
cadence:
  noAnswer: {dayPart: other, then: next_address}
priority: high"""

_NUMBERS = {
    "rate": ("pacing", "rate"),
    "lines": ("pacing", "lines"),
    "daily": ("pacing", "dailyAttempts"),
    "max_attempts": ("cadence", "maxAttempts"),
    "busy": ("cadence", "busy", "attempts"),
    "no_answer": ("cadence", "noAnswer", "attempts"),
    "voicemail": ("cadence", "voicemail", "attempts"),
}
_SPANS = {
    "ramp_up": ("pacing", "rampUpSeconds"),
    "busy_after": ("cadence", "busy", "delaySeconds"),
    "no_answer_after": ("cadence", "noAnswer", "delaySeconds"),
    "voicemail_after": ("cadence", "voicemail", "delaySeconds"),
}
_UNITS = {"d": 86400, "h": 3600, "min": 60, "s": 1}
_SPAN = re.compile(r"([0-9]{1,9})\s*(d|days?|h|hours?|m|min|minutes?|s|seconds?)?", re.ASCII)
_ELSEWHERE = frozenset(
    {
        "name", "description", "type", "channelType", "contactList", "enrollment", "channel",
        "callerId", "voiceBot", "flow", "channels", "voiceBots", "variants", "window", "startDate",
        "endDate", "keepOpen", "requireConsent", "spendLimit",
    }
)  # fmt: skip


def _show(document: Document) -> dict[str, str]:
    rest = {key: document[key] for key in MORE if document.get(key) not in (None, {}, [])}
    numbers: dict[str, str] = {}
    for field, path in (*_NUMBERS.items(), *_SPANS.items()):
        rest, value = _taken(rest, path)
        numbers[field] = span(value) if field in _SPANS else plain(value)
    return {
        "start": str(document.get("startDate") or ""),
        "end": str(document.get("endDate") or ""),
        **hours.shown(document.get("window"), unsaid=hours.ORDINARY),
        **numbers,
        "spend_limit": plain(document.get("spendLimit")),
        "more": written.shown(rest),
    }


def _read(given: Texts, document: Document) -> Part:
    window, problems = hours.read(given)
    said: dict[str, Any] = {}
    for field, path in _NUMBERS.items():
        _put(said, path, number(given[field]))
    for field, path in _SPANS.items():
        try:
            _put(said, path, _seconds(given[field]))
        except ValueError:
            problems[field] = say("write a time such as 15 min, 4 h or 1 d")
    values: dict[str, Any] = {
        "startDate": line(given["start"]),
        "endDate": line(given["end"]),
        "spendLimit": number(given["spend_limit"]),
    }
    if problems.keys().isdisjoint(hours.FIELDS):
        is_unsaid = window == hours.ORDINARY and "window" not in document
        values["window"] = None if is_unsaid else window
    try:
        more = _more(written.read(given["more"]), said)
    except written.Unreadable as error:
        return Part(values={**values, **said}, problems={**problems, "more": str(error)})
    whole = {**dict.fromkeys(MORE), **_joined(said, more)}
    return Part(values={**values, **whole}, problems=problems)


def _more(value: object, said: Mapping[str, Any]) -> dict[str, Any]:
    """What the last field says.

    Raises:
        Unreadable: it says what stands elsewhere.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise written.Unreadable(say("write names and values, such as priority: high"))
    more = cast("dict[str, Any]", value)
    told = [say("%(name)s has a field of its own", name=key) for key in more if key in _ELSEWHERE]
    told += [
        say("%(name)s is not known here", name=key)
        for key in more
        if key not in {*MORE, *_ELSEWHERE}
    ]
    told += [say("%(name)s has a field of its own above", name=path) for path in _both(said, more)]
    if told:
        raise written.Unreadable("\n".join(told))
    return more


def _both(one: Mapping[str, Any], other: Mapping[str, Any], at: str = "") -> list[str]:
    """Places that both speak of."""
    found: list[str] = []
    for key in one.keys() & other.keys():
        mine, theirs = one[key], other[key]
        if isinstance(mine, dict) and isinstance(theirs, dict):
            found += _both(
                cast("dict[str, Any]", mine), cast("dict[str, Any]", theirs), f"{at}{key}."
            )
        else:
            found.append(f"{at}{key}")
    return sorted(found)


def _joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Both, one inside the other; they speak of different places."""
    joined = dict(one)
    for key, value in other.items():
        mine = joined.get(key)
        both = isinstance(mine, dict) and isinstance(value, dict)
        joined[key] = _joined(mine, cast("dict[str, Any]", value)) if both else value  # pyright: ignore[reportUnknownArgumentType, reportArgumentType]
    return joined


def _taken(document: Mapping[str, Any], path: tuple[str, ...]) -> tuple[dict[str, Any], Any]:
    """The document without what stands there, and that; what is left empty goes too."""
    key, *deeper = path
    left, value = dict(document), document.get(key)
    if not deeper:
        left.pop(key, None)
        return left, value
    if not isinstance(value, dict):
        return left, None
    below, found = _taken(cast("dict[str, Any]", value), tuple(deeper))
    left.pop(key)
    return ({**left, key: below} if below else left), found


def _put(said: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    if value is None:
        return
    *above, last = path
    for key in above:
        said = said.setdefault(key, {})
    said[last] = value


def span(seconds: Any) -> str:  # noqa: ANN401 - as it stands in a document
    """Seconds in the largest unit that holds them exactly: `15 min`."""
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        return plain(seconds)
    unit = next(name for name, size in _UNITS.items() if seconds % size == 0)
    return f"{seconds // _UNITS[unit]} {unit if seconds else 's'}"


def _seconds(text: str) -> int | None:
    """Seconds of `15 min`, `4 h`; a number alone is minutes.

    Raises:
        ValueError: it is no time.
    """
    if not text.strip():
        return None
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(text)
    unit = (found[2] or "min")[0]
    return int(found[1]) * {"d": 86400, "h": 3600, "m": 60, "s": 1}[unit]


TIMING = Step(
    path="timing",
    name=marked("When and how fast"),
    fields=("start", "end", *hours.FIELDS, *_NUMBERS, *_SPANS, "spend_limit", "more"),
    show=_show,
    read=_read,
    places={
        "/startDate": "start",
        "/endDate": "end",
        "/spendLimit": "spend_limit",
        "/window": "always",
        **{f"/window/{day}": day for day in WEEKDAYS},
        "/window/holidays": "holidays",
        "/window/closedDates": "closed_dates",
        **{f"/{key}": "more" for key in MORE},
        **{"/" + "/".join(path): field for field, path in {**_NUMBERS, **_SPANS}.items()},
    },
    texts=("more",),
    wholes=("more",),
)
