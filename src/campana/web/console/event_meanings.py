"""When each event is told, in a sentence: beside its name where webhooks are chosen, and alone."""

from __future__ import annotations

from collections.abc import Mapping

from campana.domain.event import EventName
from campana.web.console.language import marked

MEANINGS: Mapping[EventName, str] = {
    EventName.CAMPAIGN_CREATED: marked("Somebody made a campaign."),
    EventName.CAMPAIGN_CHANGED: marked("Somebody changed it."),
    EventName.CAMPAIGN_LAUNCHED: marked("Somebody launched it."),
    EventName.CAMPAIGN_PAUSED: marked("Somebody paused it."),
    EventName.CAMPAIGN_RESUMED: marked("Somebody let it go on."),
    EventName.CAMPAIGN_TRIPPED: marked("One of its limits stopped it."),
    EventName.CAMPAIGN_CANCELLED: marked("Somebody cancelled it for good."),
    EventName.CAMPAIGN_COMPLETED: marked("Nothing is left to do in it."),
    EventName.CAMPAIGN_EXPIRED: marked("Its end date has passed."),
    EventName.CAMPAIGN_DELETED: marked("Somebody deleted a draft."),
    EventName.ATTEMPT_STARTED: marked("A call or a message is about to go out."),
    EventName.ATTEMPT_ANSWERED: marked("Somebody, or a machine, answered."),
    EventName.ATTEMPT_ENDED: marked("It is over, with an outcome."),
    EventName.ATTEMPT_UNKNOWN: marked("Nobody knows what became of it; its end may still follow."),
    EventName.TARGET_FINISHED: marked("This person is done in the campaign, with an outcome."),
    EventName.TARGET_CORRECTED: marked("A late report said what really became of it."),
    EventName.CHANNEL_PAUSED: marked("Somebody took a channel out of use."),
    EventName.CHANNEL_RESUMED: marked("Somebody took it into use again."),
    EventName.IMPORT_DONE: marked("Every row of a file has its fate."),
    EventName.IMPORT_FAILED: marked("A file could not be read."),
    EventName.SUPPRESSION_ADDED: marked("An address is never contacted again."),
    EventName.SUPPRESSION_LIFTED: marked("It may be contacted again."),
    EventName.MESSAGE_RECEIVED: marked("Somebody wrote to one of your channels."),
    EventName.MESSAGE_WRITTEN: marked("A person of yours answered in a conversation."),
    EventName.CONVERSATION_STARTED: marked("Somebody wrote for the first time."),
    EventName.CONVERSATION_HANDED_OFF: marked("A flow gives a conversation to a person."),
    EventName.CONVERSATION_ASSIGNED: marked("A person has taken it."),
    EventName.CONVERSATION_HANDED_BACK: marked("A person gives it back."),
    EventName.CONVERSATION_CLOSED: marked("It is closed until somebody writes."),
    EventName.CONVERSATION_REOPENED: marked("Somebody wrote again after it was closed."),
    EventName.CONTACT_ERASED: marked("Nothing is left of a person but numbers."),
    EventName.WEBHOOK_TEST: marked("Somebody tries a webhook out; only that one is told."),
}
"""One for each; an event without a sentence fails a test."""
