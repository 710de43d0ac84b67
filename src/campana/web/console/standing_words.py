"""Why a campaign stands as it does, in the language of now.

The API says it in English with names and times in it (`domain/waiting.py`), and so does the console
in English. In other languages it is the sentence of the cause; from when on stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping

from campana.domain.waiting import Cause, Standing
from campana.web.console.language import ENGLISH, marked, say, spoken

CAUSES: Mapping[Cause, str] = {
    Cause.DRAFT: marked("It is a draft: nobody has launched it."),
    Cause.PAUSED: marked("It was paused."),
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
    Cause.NO_COUNTRIES: marked("This workspace may not call any country."),
    Cause.CHANNEL_PAUSED: marked("Its channel is paused."),
    Cause.CARRIER_DOWN: marked("The carrier of its channel lets nothing through."),
    Cause.NO_WORKER: marked("No worker that serves its channel is alive."),
    Cause.CHANNEL_QUOTA: marked("Its channel has used up its attempts of the day."),
    Cause.CHANNEL_LINES: marked("All lines of its channel are in use."),
    Cause.CHANNEL_RATE: marked("Its channel is at its rate."),
    Cause.CAMPAIGN_QUOTA: marked("It has used up its attempts of the day."),
    Cause.CAMPAIGN_LINES: marked("All lines it may use are in use."),
    Cause.CAMPAIGN_RATE: marked("It is at its own rate."),
    Cause.CANARY: marked("Its first people were contacted: the verdict on them is awaited."),
    Cause.WINDOW_CLOSED: marked("It is outside the hours of everybody who waits."),
    Cause.RETRIES: marked("Everybody left was tried already and waits for the next try."),
    Cause.ADDRESS_BUSY: marked("Whoever is next is in contact with another campaign."),
    Cause.DEFERRED: marked("Whoever is next is put off by a rule."),
    Cause.NO_CONTACTS: marked("Everybody is finished; it is kept open for more people."),
    Cause.ALL_FINISHED: marked("Everybody is finished; it is about to be completed."),
}


def why(told: Standing) -> str:
    """How a campaign stands, in a sentence."""
    return told.sentence if spoken() is ENGLISH else say(CAUSES[told.cause])
