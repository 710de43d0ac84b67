"""How the pages say things: times, numbers, states; filters of the templates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from markupsafe import Markup, escape

from campana.domain.disposition import SUCCESSES, Disposition
from campana.web.console.language import say, say_of, spoken

_SPANS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))

STATE_TONE: Mapping[str, str] = {
    "draft": "secondary", "scheduled": "azure", "running": "green", "waiting": "azure",
    "paused": "yellow", "tripped": "red", "completed": "blue", "cancelled": "secondary",
    "expired": "secondary", "queued": "secondary", "done": "green", "failed": "red",
    "undone": "secondary", "undoing": "yellow", "finished": "blue", "attempting": "green",
    "talking": "green", "open": "green", "closed": "secondary", "asked": "secondary",
    "refused": "red", "assigned": "blue", "published": "green", "handed_off": "yellow",
    "bot": "azure", "approved": "green", "pending": "azure", "rejected": "red",
}  # fmt: skip
"""A color of the style sheet for each word of a state; the word always stands beside it."""

DASH = "\N{EN DASH}"
"""What is absent."""

_BAD = {
    Disposition.INVALID_NUMBER,
    Disposition.BLOCKED,
    Disposition.CARRIER_ERROR,
    Disposition.UNDELIVERED,
    Disposition.UNKNOWN,
    Disposition.CONGESTION,
}


def number(value: int | float | None) -> str:
    """`12,345`; a dash for what is absent."""
    return DASH if value is None else spoken().figure(f"{value:,}")


def words(code: str | None) -> str:
    """`no_answer` as "No answer", in the language of now."""
    return say((code or "").replace("_", " ").capitalize())


def event_words(code: str) -> str:
    """`key` as "Key", of what happened in an attempt: not of what opens the API."""
    return say_of("event", code.replace("_", " ").capitalize())


def percent(part: float, whole: float) -> str:
    """`12.3 %`; a dash when there is nothing to divide by."""
    return DASH if not whole else spoken().figure(f"{100 * part / whole:.1f}") + " %"


def span(seconds: float | None) -> str:
    """`1 min 12 s`: the two largest parts."""
    if seconds is None:
        return DASH
    if 0 < seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    rest, parts = round(seconds), list[str]()
    for size, unit in _SPANS:
        count, rest = divmod(rest, size)
        if count or (unit == "s" and not parts):
            parts.append(f"{count} {unit}")
        if len(parts) == 2:
            break
    return " ".join(parts)


def ago(moment: datetime | None, now: datetime) -> Markup:
    """`3 min ago` or `in 2 h`, with the exact time and its zone on hover."""
    if moment is None:
        return Markup('<span class="text-secondary">\N{EN DASH}</span>')
    apart = (now - moment).total_seconds()
    size = next((n for n, _ in _SPANS if abs(apart) >= n), 1)
    unit = dict(_SPANS)[size]
    count = int(abs(apart) // size)
    if count == 0:
        return stamped(moment, say("now"))
    span_said = f"{count} {unit}"
    ahead = apart < 0
    return stamped(
        moment, say("in %(span)s", span=span_said) if ahead else say("%(span)s ago", span=span_said)
    )


def stamped(moment: datetime, said: str | None = None) -> Markup:
    """A time that says itself exactly on hover: `2026-11-26 09:30:12 UTC`."""
    exact = f"{moment:%Y-%m-%d %H:%M:%S}"
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
        moment.isoformat(), exact, said or exact
    )


def short_time(moment: datetime, now: datetime) -> Markup:
    """`15:04` today, `9 Mar 15:04` before: what does not change while it is looked at."""
    utc = moment.astimezone(UTC)
    today = now.astimezone(UTC)
    if utc.date() == today.date():
        return stamped(utc, f"{utc:%H:%M}")
    parts = {"day": utc.day, "month": spoken().months[utc.month - 1], "time": f"{utc:%H:%M}"}
    if utc.year == today.year:
        return stamped(utc, say("%(day)s %(month)s %(time)s", **parts))
    return stamped(utc, say("%(day)s %(month)s %(year)s %(time)s", year=utc.year, **parts))


def badge(code: str | None, text: str | None = None) -> Markup:
    """A state as a dot of its color and its word."""
    tone = STATE_TONE.get((code or "").lower(), "secondary")
    return Markup('<span class="state"><span class="dot dot-{}"></span>{}</span>').format(
        tone, text or words(code)
    )


def tone(disposition: str) -> str:
    """The color of an outcome in a bar: good, bad, or between."""
    return "good" if disposition in SUCCESSES else "bad" if disposition in _BAD else "between"


def bar(parts: Mapping[str, int], total: int) -> Markup:
    """A stacked bar, drawn by attributes alone: the policy of the pages allows no style.

    `parts` by class in their order; what it shows stands in its label.
    """
    if not total:
        return Markup('<svg class="bar" role="img" aria-label="{}" height="8"></svg>').format(
            say("Nobody yet")
        )
    drawn, x = "", 0.0
    for name, count in parts.items():
        width = 100 * count / total
        if count:
            # A wall has hundreds of them: numbers need no escaping, and names are put in by hand.
            drawn += (
                f'<rect class="part-{escape(name)}" x="{round(x, 2)}%" y="0"'
                f' width="{round(width, 2)}%" height="8"/>'
            )
        x += width
    said = ", ".join(f"{words(name)} {number(count)}" for name, count in parts.items() if count)
    label = escape(say("%(parts)s of %(total)s", parts=said or say("nothing"), total=number(total)))
    return Markup(  # noqa: S704 - escaped above
        f'<svg class="bar" role="img" aria-label="{label}" height="8"><title>{label}</title>'
        f"{drawn}</svg>"
    )


FILTERS = {
    "said": say,
    "event_words": event_words,
    "short_time": short_time,
    "number": number,
    "words": words,
    "span": span,
    "badge": badge,
    "tone": tone,
}
