"""Why a campaign stands as it does, in the language of now.

The API says it in English with names and times in it (`domain/waiting.py`), and so does the console
in English. In other languages it is the sentence of the cause; from when on stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping

from campana.domain.waiting import Cause, Standing
from campana.web.console.language import ENGLISH, marked, say, spoken

CAUSES: Mapping[Cause, str] = {
    Cause.DRAFT: marked("It is a draft that nobody has launched: launch it to begin."),
    Cause.PAUSED: marked("It was paused: resume it to go on."),
    Cause.TRIPPED: marked("A breaker stopped it."),
    Cause.COMPLETED: marked("Everybody is finished."),
    Cause.CANCELLED: marked("It was cancelled."),
    Cause.EXPIRED: marked("Its end date passed."),
    Cause.BEFORE_START: marked("It has not started yet."),
    Cause.CONTACTING: marked("It is contacting people now."),
    Cause.READY: marked("People can be contacted now: the next attempt is about to begin."),
    Cause.ENROLLING: marked("The people of its list are being enrolled."),
    Cause.IMPORTING: marked("The file with its people is still being imported."),
    Cause.CLOCK_UNSTEADY: marked(
        "The database's clock has jumped: nothing starts until two readings agree."
    ),
    Cause.NO_COUNTRIES: marked("This workspace may not call any country: allow some."),
    Cause.CHANNEL_PAUSED: marked("Its channel is paused: resume it to go on."),
    Cause.CARRIER_DOWN: marked("The carrier of its channel lets nothing through."),
    Cause.NO_WORKER: marked("No worker that serves its channel is alive: start one."),
    Cause.CHANNEL_QUOTA: marked("Its channel has used up its attempts of the day."),
    Cause.CHANNEL_LINES: marked("All lines of its channel are in use."),
    Cause.CHANNEL_RATE: marked("Its channel is at its rate."),
    Cause.MORE_URGENT: marked(
        "Its channel serves a more urgent campaign first, which has people waiting: raise the"
        " priority of this one or the channel's rate, or it goes on when nobody waits there."
    ),
    Cause.CAMPAIGN_QUOTA: marked("It has used up its attempts of the day."),
    Cause.CAMPAIGN_LINES: marked("All lines it may use are in use."),
    Cause.CAMPAIGN_RATE: marked("It is at its own rate."),
    Cause.CANARY: marked("Its first people were contacted: the verdict on them is awaited."),
    Cause.WINDOW_CLOSED: marked("It is outside the hours of whoever is next."),
    Cause.RETRIES: marked("Whoever is next was tried already and waits for the next try."),
    Cause.SPEND_LIMIT: marked(
        "A spend limit leaves less than the next attempt may cost: raise it to go on sooner."
    ),
    Cause.CAPS: marked("Whoever is next was tried as often as the caps allow, over all campaigns."),
    Cause.NEVER_OPEN: marked(
        "Its hours are never open together with those of its channel: change the one or the other."
    ),
    Cause.CALLBACK: marked("Whoever is next asked to be called back."),
    Cause.TALKING: marked(
        "Everybody who is left is in a conversation that waits for their answer, or for the time"
        " of its next step."
    ),
    Cause.REPORTS: marked(
        "Everything was sent; what became of the last messages their carrier has still to tell."
    ),
    Cause.ADDRESS_BUSY: marked("Whoever is next is in contact with another campaign."),
    Cause.DEFERRED: marked("Whoever is next is put off by a rule."),
    Cause.NO_CONTACTS: marked("Everybody is finished; it is kept open for more people."),
    Cause.ALL_FINISHED: marked("Everybody is finished; it is about to be completed."),
}


def why(told: Standing) -> str:
    """How a campaign stands, in a sentence."""
    return told.sentence if spoken() is ENGLISH else say(CAUSES[told.cause])
