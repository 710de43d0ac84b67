"""How the pages say things: times, numbers, states; filters of the templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from markupsafe import Markup, escape

from campana.domain.address import national
from campana.domain.disposition import SUCCESSES, Disposition
from campana.services.tempo import Tempo
from campana.web.console.language import in_words, marked, say, say_of, spoken

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
_NEVER = Markup('<span class="text-secondary">{}</span>').format(DASH)

KIND_NAMES: Mapping[str, str] = {
    "sandbox": marked("Sandbox, reaches nobody"),
    "voice_sip": marked("Calls over SIP trunks"),
    "whatsapp_cloud": "WhatsApp (Meta)",
    "sms_smpp": marked("SMS over SMPP"),
    "sms_twilio": marked("SMS over Twilio"),
    "email_smtp": marked("E-mail over SMTP"),
}
"""What kinds of channels are called."""

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


def money(amount: Decimal) -> str:
    """`1,234.50`, in the currency of the price table, whatever it is."""
    return spoken().figure(f"{amount:,.2f}")


def kind_words(kind: str) -> str:
    """`voice_sip` as "Calls over SIP trunks"; its code where it has no name."""
    return say(KIND_NAMES.get(kind, kind))


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
    """`3 min ago` or `in 2 h`, with the exact time and its zone on hover; it ages on the page."""
    if moment is None:
        return _NEVER
    apart = (now - moment).total_seconds()
    size = next((n for n, _ in _SPANS if abs(apart) >= n), 1)
    unit = dict(_SPANS)[size]
    count = int(abs(apart) // size)
    if count == 0:
        return stamped(moment, say("now"), ages=True)
    span_said = f"{count} {unit}"
    ahead = apart < 0
    return stamped(
        moment,
        say("in %(span)s", span=span_said) if ahead else say("%(span)s ago", span=span_said),
        ages=True,
    )


def ageing(moment: datetime | None) -> Markup:
    """The same for a stream, which only scripts read: they say how long ago it is.

    Nothing of it changes with the time, so that what is otherwise as it was is not sent again.
    """
    return _NEVER if moment is None else stamped(moment, ages=True)


def stamped(moment: datetime, said: str | None = None, *, ages: bool = False) -> Markup:
    """A time that says itself exactly on hover: `2026-11-26 09:30:12 UTC`."""
    exact = f"{moment:%Y-%m-%d %H:%M:%S}"
    return Markup('<time datetime="{}" title="{} UTC"{}>{}</time>').format(
        moment.isoformat(), exact, Markup(" data-ages") if ages else "", said or exact
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


def pace(tempo: Tempo | None) -> str:
    """`12 of 60 a minute`: what it began in the last one, and the most it may."""
    if tempo is None:
        return DASH
    if tempo.most is None:
        return say("%(begun)s a minute", begun=number(tempo.begun))
    most = number(round(tempo.most, 1 if tempo.most < 10 else None))
    return say("%(begun)s of %(most)s a minute", begun=number(tempo.begun), most=most)


def ends(tempo: Tempo | None, ago: Callable[[datetime], Markup], now: datetime) -> Markup:
    """When it will be through, as far as anybody can say: a moment, two, or no sooner than."""
    found = tempo.ends if tempo else None
    if found is None:
        return _NEVER
    if not found.is_going:
        said = say("not before %(moment)s UTC", moment="{}")
        return escape(said).format(short_time(found.soonest, now))
    if found.latest is None:
        return escape(say("%(moment)s, or later", moment="{}")).format(ago(found.soonest))
    if found.latest - found.soonest <= timedelta(minutes=1):
        return ago(found.soonest)
    said = say("%(soonest)s, at the latest %(latest)s", soonest="{}", latest="{}")
    return escape(said).format(ago(found.soonest), ago(found.latest))


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
    "in_words": in_words,
    "national": national,
    "money": money,
    "pace": pace,
    "said": say,
    "event_words": event_words,
    "kind_words": kind_words,
    "short_time": short_time,
    "number": number,
    "words": words,
    "span": span,
    "badge": badge,
    "tone": tone,
}
