"""Moments as people say them: "tomorrow at five", "in half an hour", "Friday afternoon".

An hour without a part of the day is one in which people are called: 8 to 11 in the morning, 12 to 7
in the afternoon.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from campana.domain.understanding.dates import MONTHS, date_in
from campana.domain.understanding.numbers import UNITS, numbers
from campana.domain.understanding.words import words

PARTS = {"morning": time(9, 30), "afternoon": time(14, 0), "evening": time(18, 0)}
_TONIGHT = time(19, 0)
_FARTHEST = timedelta(days=90)
"""Whoever says a later day is called then."""
_FRIDAY, _SATURDAY = 4, 5
_MONTH = "|".join(MONTHS)
_TIMES = {"lunch": time(12, 0), "lunchtime": time(12, 0)}
_AFTER = {
    "lunch": time(13, 30),
    "work": time(17, 30),
    "dinner": time(19, 30),
    "school": time(16, 0),
}
_MINUTES = {"quarter": 15, "half": 30, "thirty": 30, "fifteen": 15, "ten": 10, "twenty": 20}
_TENS_AFTER = {"oh": 0, "ten": 10, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40,
               "fifty": 50}  # fmt: skip
_HOURS = {word: value for word, value in UNITS.items() if 1 <= value <= 12}


def moment_in(text: str, *, now: datetime) -> datetime | None:
    """The moment to come that was said, in the zone of `now`; None where none was.

    A day alone is that day at this time of the day; a time alone is the next time it is so late.
    """
    said = words(text)
    span = _span(said)
    if span is not None:
        return now + span
    day = _vague_day(said, now.date()) or date_in(text, today=now.date())
    clock = _clock(said)
    if day is None and clock is None:
        return None
    wanted = min(day or now.date(), now.date() + _FARTHEST)
    moment = datetime.combine(wanted, clock or now.timetz().replace(tzinfo=None), now.tzinfo)
    if moment <= now and day is None:
        moment += timedelta(days=1)
    return moment.replace(second=0, microsecond=0) if now < moment else None


def _vague_day(said: list[str], today: date) -> date | None:
    """The first day that is meant by "next month", "at the weekend", "another day"."""
    plain = " ".join(said)
    if other := re.search(r"\bnot (?:\w+ )?today\b|\b(?:another|other|different) day\b", plain):
        named = date_in(plain.replace(other[0], ""), today=today)
        return named or today + timedelta(days=1)
    if few := re.search(r"\bin a (?:couple of|few) (day|week)s\b", plain):
        return today + timedelta(days=3 if few[1] == "day" else 14)
    if re.search(r"\bweek ?ends?\b", plain):
        to_saturday = (_SATURDAY - today.weekday()) % 7 or 1
        return today + timedelta(days=to_saturday + (7 if "next weekend" in plain else 0))
    if re.search(r"\bend of (?:the|this) week\b", plain):
        return today + timedelta(days=(_FRIDAY - today.weekday()) % 7 or 7)
    if re.search(r"\b(?:next|(?:in|after) (?:a|one|1|another)) month\b", plain):
        return today + timedelta(days=30)
    if re.search(r"\bnext year\b|\bin (?:a|one|1|another) year\b", plain):
        return date(today.year + 1, 1, 2) if "next" in plain else today + timedelta(days=365)
    for found in numbers(said):
        if said[found.end : found.end + 1] == ["months"] and 0 < found.value <= 120:
            return today + timedelta(days=30 * int(found.value))
    month = re.search(
        rf"\b(?:in|next|until|till|after|before) (?:early )?({_MONTH})\b(?! \w)", plain
    )
    if month is not None:
        number = MONTHS[month[1]]
        return date(today.year + (number <= today.month), number, 1)
    return None


def _span(said: list[str]) -> timedelta | None:
    """ "in an hour", "in twenty minutes", "half an hour from now"."""
    plain = " ".join(said)
    if re.search(r"\bhalf an hour\b|\bhalf hour\b", plain):
        return timedelta(minutes=30)
    if re.search(r"\b(in|about) (an|one|1) hour( and a half)?\b", plain):
        return timedelta(minutes=90 if "and a half" in plain else 60)
    if re.search(r"\bin a (few|couple of) minutes\b|\bin a (moment|minute)\b", plain):
        return timedelta(minutes=10)
    if re.search(r"\bin a (few|couple of) hours\b", plain):
        return timedelta(hours=2)
    for found in numbers(said):
        unit = said[found.end] if found.end < len(said) else ""
        before = said[found.start - 1] if found.start else ""
        is_span = before in {"in", "about", "another"} or said[found.end + 1 : found.end + 3] == [
            "from",
            "now",
        ]
        if is_span and 0 < found.value <= 600 and unit in {"minute", "minutes", "hour", "hours"}:
            minutes = float(found.value) * (60 if unit.startswith("hour") else 1)
            return timedelta(minutes=minutes) if minutes <= 60 * 72 else None
    return None


def _clock(said: list[str]) -> time | None:
    """The time of the day that was said."""
    part = next((word for word in said if word in PARTS or word == "tonight"), None)
    if "noon" in said or "midday" in said:
        return time(12, 0)
    for place in range(len(said)):
        found = _hour_at(said, place)
        if found is not None:
            hour, minute, half = found
            return _of_day(hour, minute, half=half, part=part)
    for place, word in enumerate(said):
        if word in _AFTER and said[place - 1 : place] == ["after"]:
            return _AFTER[word]
        if word in _TIMES:
            return _TIMES[word]
    if part == "tonight":
        return _TONIGHT
    return PARTS[part] if part is not None else None


def _hour_at(said: list[str], place: int) -> tuple[int, int, str | None] | None:
    """Hour, minute and am or pm of a time that begins at a word."""
    word = said[place]
    before = said[place - 1] if place else ""
    rest = said[place + 1 :]
    if found := re.fullmatch(r"(\d{1,2}):(\d\d)", word):
        hour, minute = int(found[1]), int(found[2])
        return (hour, minute, _half(rest)) if hour < 24 and minute < 60 else None
    if word in _MINUTES and rest[:1] in (["past"], ["to"]) and len(rest) > 1:
        hour = _hour(rest[1])
        if hour is not None:
            minutes = _MINUTES[word]
            is_past = rest[0] == "past"
            return (
                hour if is_past else (hour - 2) % 12 + 1,
                minutes if is_past else 60 - minutes,
                _half(rest[2:]),
            )
    hour = _hour(word)
    if hour is None:
        return None
    half = _half(rest)
    minute = 0
    if rest and rest[0] in _TENS_AFTER:
        minute = _TENS_AFTER[rest[0]]
        if len(rest) > 1 and rest[1] in UNITS and UNITS[rest[1]] < 10 and minute != 10:
            minute += UNITS[rest[1]]
        half = half or _half(rest[1:]) or _half(rest[2:])
    is_time = before in {
        "at",
        "around",
        "after",
        "by",
        "about",
        "before",
        "till",
        "until",
        "past",
        "between",
        "from",
    }
    if half or rest[:1] == ["oclock"] or is_time or (minute and before in {"", "at"}):
        return hour, minute, half
    # "tomorrow five", "Friday three in the afternoon"
    is_behind_day = before in {"tomorrow", "today", *PARTS} or before.endswith("day")
    return (hour, minute, half) if is_behind_day or rest[:2] == ["in", "the"] else None


def _hour(word: str) -> int | None:
    if word.isdecimal() and 0 < int(word) < 24:
        return int(word)
    return _HOURS.get(word)


def _half(rest: list[str]) -> str | None:
    words_left = [word for word in rest[:2] if word != "oclock"]
    return words_left[0] if words_left and words_left[0] in {"am", "pm"} else None


def _of_day(hour: int, minute: int, *, half: str | None, part: str | None) -> time:
    if half is None:
        is_late = part in {"afternoon", "evening", "tonight"}
        half = "pm" if is_late or (part != "morning" and (hour < 8 or hour == 12)) else "am"
    if hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, minute)
