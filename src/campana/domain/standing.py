"""Why a campaign is contacting nobody just now: its state in a word, and the cause in a sentence.

One function answers the list of campaigns (`waitReason`) and the question "why is it not dialing?"
alike. With many groups of people waiting for different things it names what the first of them
waits for. Where somebody has to do something, the sentence says what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from campana.domain.campaign import CampaignState
from campana.domain.waiting import (
    TOLD_WITH_FAILURE,
    Cause,
    ChannelFacts,
    ChannelPause,
    Standing,
    WaitFacts,
)

_PUT_OFF: Mapping[str, tuple[Cause, str]] = {
    "address_busy": (
        Cause.ADDRESS_BUSY,
        "Whoever is next is in contact with another campaign; asked again",
    ),
    "contact_busy": (
        Cause.ADDRESS_BUSY,
        "Whoever is next is in contact with another campaign; asked again",
    ),
    "caps": (
        Cause.CAPS,
        "Whoever is next was tried as often as the caps allow, over all campaigns; the next try is",
    ),
    "budget": (
        Cause.SPEND_LIMIT,
        "A spend limit leaves less than the next attempt may cost: raise it to go on sooner;"
        " asked again",
    ),
    "caller_ids_used_up": (
        Cause.CHANNEL_QUOTA,
        "Every number it may call from has made its calls of the day; it goes on",
    ),
    "portfolio": (
        Cause.CHANNEL_QUOTA,
        "The account of its channel may write first to no more people within 24 hours; it goes on",
    ),
    "pair_rate": (
        Cause.CHANNEL_RATE,
        "Whoever is next was sent something a moment ago; the next message goes out",
    ),
}
"""What a rule put whoever is due first off for, and when they are asked for again."""
_ASKED_FOR = "callback_request"
_NEVER_OPEN = "never_open"


def standing(state: CampaignState, facts: WaitFacts, now: datetime) -> Standing:
    """Why a campaign of this state contacts nobody at `now`, or that it does."""
    found = _at_rest(state, facts) if state is not CampaignState.RUNNING else _running(facts, now)
    if facts.failure is None or found.cause not in TOLD_WITH_FAILURE:
        return found
    said = found.sentence.removesuffix(".")
    failed = f"{said}; the newest attempts failed at the carrier: {facts.failure.rstrip('.')}."
    return replace(found, sentence=failed)


def _running(facts: WaitFacts, now: datetime) -> Standing:
    if facts.start_date is not None and facts.start_date > now:
        return _until(Cause.BEFORE_START, "It starts", facts.start_date)
    if facts.is_attempting:
        return _attempting(facts, now)
    if not facts.is_clock_steady:
        return _told(
            Cause.CLOCK_UNSTEADY,
            "The database's clock has jumped: nothing starts until two readings agree.",
        )
    if facts.is_callable:
        return _held_back(facts, now)
    if not facts.has_care and (facts.is_enrolling or facts.is_importing):
        return _told(
            Cause.NO_WORKER,
            "No work process is alive to import and enroll its people: start campana serve or"
            " campana work.",
        )
    if facts.is_enrolling:
        return _told(Cause.ENROLLING, "The people of its list are being enrolled.")
    if facts.first_due_at is None:
        return _nobody_waits(facts)
    return _nobody_callable(facts, facts.first_due_at, now)


def _attempting(facts: WaitFacts, now: datetime) -> Standing:
    """Attempts are under way; but nothing may follow them, or nobody may be alive to end them."""
    channel = facts.channel
    found = None
    if facts.is_callable and facts.paused is not None:
        found = _channel_paused(facts.paused)
    elif channel is not None and (facts.is_callable or not channel.has_worker):
        found = _channel_stopped(channel, now)
    if found is None:
        return _told(Cause.CONTACTING, "It is contacting people now.")
    so_far = "what is under way goes on to its end"
    if found.cause is Cause.NO_WORKER:
        so_far = "what was under way is looked into then"
    return replace(found, sentence=f"{found.sentence.removesuffix('.')}; {so_far}.")


def _at_rest(state: CampaignState, facts: WaitFacts) -> Standing:
    match state:
        case CampaignState.DRAFT:
            return _told(Cause.DRAFT, "It is a draft that nobody has launched: launch it to begin.")
        case CampaignState.PAUSED:
            return _told(Cause.PAUSED, f"It was paused{_by(facts)}: resume it to go on.")
        case CampaignState.TRIPPED:
            reason = (facts.state_reason or "one of its limits was passed").rstrip(".")
            further = "resume it to go on"
            if facts.resume_at is not None:
                further = f"it goes on at {_moment(facts.resume_at)}"
            said = f"A breaker stopped it: {reason}; {further}."
            return _told(Cause.TRIPPED, said, until=facts.resume_at)
        case CampaignState.CANCELLED:
            return _told(Cause.CANCELLED, f"It was cancelled{_by(facts)}{_outcomes(facts)}.")
        case CampaignState.EXPIRED:
            when = f" on {_moment(facts.end_date)}" if facts.end_date else ""
            return _told(Cause.EXPIRED, f"Its end date passed{when}{_outcomes(facts)}.")
        case _:
            return _told(Cause.COMPLETED, f"Everybody is finished{_outcomes(facts)}.")


def _held_back(facts: WaitFacts, now: datetime) -> Standing:
    """Somebody may be contacted now: what stands in the way, the hardest to mend first."""
    if not facts.may_call:
        return _told(
            Cause.NO_COUNTRIES,
            "This workspace may not call any country: allow some with campana allow-countries.",
        )
    if facts.paused is not None:
        return _channel_paused(facts.paused)
    if facts.channel is not None:
        found = _channel_stopped(facts.channel, now)
        if found is not None:
            return found
    if facts.held_by is not None and facts.held_until is not None and facts.held_until > now:
        return _own_limit(facts.held_by, facts.held_until)
    if facts.channel is not None:
        found = _channel_busy(facts.channel, now)
        if found is not None:
            return found
    return _told(Cause.READY, "People can be contacted now: the next attempt is about to begin.")


def _channel_paused(pause: ChannelPause) -> Standing:
    why = f" ({pause.reason.rstrip('.')})" if pause.reason else ""
    return _told(
        Cause.CHANNEL_PAUSED,
        f"Its channel {pause.name} is paused, by {pause.by} at {_moment(pause.at)}{why}:"
        " resume the channel to go on.",
    )


def _channel_stopped(channel: ChannelFacts, now: datetime) -> Standing | None:
    if not channel.has_worker:
        return _told(
            Cause.NO_WORKER,
            f"No worker that serves the channel {channel.name} is alive: start campana serve,"
            " or campana work or voice.",
        )
    if channel.refusal is not None:
        return _told(
            Cause.CARRIER_DOWN,
            f"No call is placed on the channel {channel.name}: {channel.refusal}.",
        )
    if channel.down_until is not None and channel.down_until > now:
        return _until(
            Cause.CARRIER_DOWN,
            f"The carrier of the channel {channel.name} lets nothing through; it is tried again",
            channel.down_until,
        )
    if channel.quota_resets_at is not None:
        return _until(
            Cause.CHANNEL_QUOTA,
            f"The channel {channel.name} has used up its attempts of the day; it goes on",
            channel.quota_resets_at,
        )
    return None


def _channel_busy(channel: ChannelFacts, now: datetime) -> Standing | None:
    if channel.served_before is not None:
        return _told(
            Cause.MORE_URGENT,
            f"The channel {channel.name} serves the campaign {channel.served_before} first, which"
            " is more urgent and has people waiting: raise the priority of this one or the"
            " channel's rate, or it goes on when nobody waits there.",
        )
    if channel.lines_in_use >= channel.lines:
        return _told(
            Cause.CHANNEL_LINES,
            f"All {channel.lines} lines of the channel {channel.name} are in use.",
        )
    if channel.arrival_at > now:
        return _told(
            Cause.CHANNEL_RATE,
            f"The channel {channel.name} is at its rate.",
            until=channel.arrival_at,
        )
    return None


def _own_limit(held_by: str, until: datetime) -> Standing:
    match held_by:
        case "quota":
            return _until(
                Cause.CAMPAIGN_QUOTA, "It has used up its attempts of the day; it goes on", until
            )
        case "canary":
            return _told(
                Cause.CANARY, "Its first people were contacted: the verdict on them is awaited."
            )
        case "lines":
            return _told(Cause.CAMPAIGN_LINES, "All lines it may use are in use.")
        case _:
            return _told(Cause.CAMPAIGN_RATE, "It is at its own rate.", until=until)


def _nobody_waits(facts: WaitFacts) -> Standing:
    if facts.is_importing:
        return _told(Cause.IMPORTING, "The file with its people is still being imported.")
    if facts.is_talking:
        return _told(
            Cause.TALKING,
            "Everybody who is left is in a conversation that waits for their answer, or for the"
            " time of its next step.",
        )
    if facts.awaits_reports:
        return _told(
            Cause.REPORTS,
            "Everything was sent; what became of the last messages their carrier has still to"
            " tell.",
        )
    if facts.keeps_open:
        return _told(Cause.NO_CONTACTS, "Everybody is finished; it is kept open for more people.")
    return _told(
        Cause.ALL_FINISHED,
        f"Everybody is finished{_outcomes(facts)}; it is about to be completed.",
    )


def _nobody_callable(facts: WaitFacts, due_at: datetime, now: datetime) -> Standing:
    if facts.never_opens:
        return _told(
            Cause.NEVER_OPEN,
            "Its hours are never open together with those of its channel: change the one or the"
            " other.",
        )
    reason = facts.first_reason or "put off"
    opens = facts.opens_at or (due_at if due_at > now else None)
    is_outside = due_at <= now or (opens is not None and opens > due_at)
    if is_outside or reason in {"window", _NEVER_OPEN}:
        said = "It is outside the hours of whoever is next"
        if opens is None:
            return _told(Cause.WINDOW_CLOSED, f"{said}.")
        return _until(Cause.WINDOW_CLOSED, f"{said}; they open", opens)
    if reason in _PUT_OFF:
        cause, said = _PUT_OFF[reason]
        return _until(cause, said, due_at)
    if reason == _ASKED_FOR:
        return _until(Cause.CALLBACK, "Whoever is next asked to be called back", due_at)
    why = reason.replace("_", " ")
    if facts.first_attempts:
        said = f"Whoever is next was tried already ({why}); the next try is"
        return _until(Cause.RETRIES, said, due_at)
    return _until(Cause.DEFERRED, f"Whoever is next is put off ({why}); asked again", due_at)


def _told(cause: Cause, sentence: str, *, until: datetime | None = None) -> Standing:
    return Standing(cause=cause, sentence=sentence, until=until)


def _until(cause: Cause, said: str, moment: datetime) -> Standing:
    return Standing(cause=cause, sentence=f"{said} at {_moment(moment)}.", until=moment)


def _by(facts: WaitFacts) -> str:
    if facts.acted_by is None or facts.acted_at is None:
        return ""
    return f" by {facts.acted_by} at {_moment(facts.acted_at)}"


def _outcomes(facts: WaitFacts) -> str:
    told = [f"{count} {name.replace('_', ' ')}" for name, count in sorted(facts.outcomes.items())]
    return f": {', '.join(told)}" if told else ""


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
