"""Never again, and not now: what is one, and what only sounds like one."""

from __future__ import annotations

import pytest

from campana.domain.understanding.wishes import OPT_OUT_PHRASES, wants_callback, wants_no_more

NO_MORE = [
    *OPT_OUT_PHRASES,
    "Stop calling me!",
    "Please stop calling.",
    "Will you quit calling me?",
    "Don't call me again.",
    "Do not call again.",
    "Never call me again.",
    "Please don't call this number anymore.",
    "Don't ever call me.",
    "Don't call me, please.",
    "Take my number off your list and do not call again.",
    "Remove me from your calling list.",
    "Take me off the list.",
    "Can you delete my number from your system?",
    "Put me on your do not call list.",
    "Unsubscribe me.",
    "I want to opt out.",
    "Lose my number.",
    "Leave me alone.",
    "I don't want any more calls.",
    "I do not want to be called.",
    "I don't want these calls.",
    "I do not wish to be contacted again.",
    "I want you to stop calling me.",
    "No more calls, please.",
    "I don't want you to call me anymore.",
    "Yes, but stop calling me.",
    "Stop contacting us.",
    "Stop texting me.",
    "No. Stop calling me. Goodbye.",
    "Stop the calls.",
    "Please remove me.",
    "Do not contact me at all.",
    "I'd like to be removed from your list.",
    "I would like to be removed from your list.",
    "I want to be taken off your list.",
    "I asked to be taken off.",
    "I want my number removed.",
    "My number needs to come off your list.",
    "Please have my number removed from your database.",
    "Please take my name off of your calling list.",
    "Take off my number from your list.",
    "Strike me from your list.",
    "Take this number off.",
    "Remove this number from your mailing and contact list.",
    "Please don't call back.",
    "Don't bother calling again.",
    "Don't call me at this number anymore.",
    "Don't dial this number again.",
    "I never want to hear from you again.",
    "I've asked you not to call.",
    "Didn't I tell you to stop calling me?",
    "You need to stop calling this house.",
    "Stop phoning my mother.",
    "Cease and desist.",
    "Do not contact me in the future.",
    "Why did you stop? Stop calling me.",
    "I do not take calls like this, stop calling me.",
    "Just don't call.",
]

NOT_THAT = [
    "",
    "Stop.",
    "No.",
    "I am not interested.",
    "Don't call me before nine.",
    "Please don't call me at work.",
    "Do not call me tomorrow.",
    "Don't call me right now.",
    "Don't stop calling me.",
    "Please do not take me off your list.",
    "Why did you stop calling me?",
    "You can call me again.",
    "Call me tomorrow at five.",
    "I will stop by at five.",
    "The bus stop is near.",
    "Stop calling me at work.",
    "I never got a call.",
    "Who is calling me?",
    "Take the message please.",
    "Is Tuesday on your list?",
    "When can you take me?",
    "Get me on the list.",
    "Take me off the waiting list.",
    "Remove me from the Tuesday list and put me on Wednesday.",
    "I have to have my tooth removed.",
    "I was taken off the medication.",
    "My number was removed.",
    "I got my number from your system.",
    "No, I never asked to be removed from your list.",
    "I did not tell you to stop calling me.",
    "I'll stop calling you Bob.",
    "My knees don't bother me anymore.",
    "I never text anymore.",
    "Sorry I didn't call you back.",
    "Why don't you call me back?",
    "If you don't call back I will come by.",
    "Please don't call me back until Monday.",
    "Call me when you have no more calls to make.",
    "Do not call my wife before ten.",
]


@pytest.mark.parametrize("text", NO_MORE)
def test_who_wants_no_more_is_understood(text: str) -> None:
    assert wants_no_more(text)
    assert not wants_callback(text)


@pytest.mark.parametrize("text", NOT_THAT)
def test_who_did_not_say_so_is_not_taken_to(text: str) -> None:
    assert not wants_no_more(text)


@pytest.mark.parametrize(
    "text",
    [
        "Call me tomorrow at five.",
        "Can you call me back later?",
        "Please call again on Monday.",
        "Could you try me again in an hour?",
        "This is not a good time.",
        "I am driving right now.",
        "Can we talk another time?",
        "I can't talk right now.",
        "Yes, but call me back tomorrow.",
        "Call back later.",
        "Not now.",
        "I'm in a meeting.",
        "Don't call me before nine, call me after nine.",
    ],
)
def test_who_wants_to_be_called_at_another_time(text: str) -> None:
    assert wants_callback(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Yes.",
        "No, thank you.",
        "I will call you back.",
        "Who is calling?",
        "Why are you calling me?",
        "Can I call you tomorrow?",
        "Tuesday at five.",
        "What is this call about?",
    ],
)
def test_who_did_not_ask_for_a_call(text: str) -> None:
    assert not wants_callback(text)
