"""What the page on which somebody talks to a bot says by itself: its script holds no words.

`{name}` in one of them is filled by the script.
"""

from __future__ import annotations

from typing import Any

from campana.domain.answered_by import AnsweredBy
from campana.domain.disposition import Disposition
from campana.web.console.language import say
from campana.web.console.words import words


def talk_words() -> dict[str, Any]:
    """Every word of `talk.js`, in the language of now."""
    return {
        **_standing(),
        **_result(),
        "codes": {each.value: words(each).lower() for each in (*Disposition, *AnsweredBy)},
        "ways": {"key": say("a key"), "speech": say("words")},
        "ends": {
            "script": say("it came to an end"),
            "callee": say("you hung up"),
            "machine": say("it took you for a machine"),
            "time_limit": say("it took too long"),
            "network": say("the line broke"),
            "cancelled": say("it was stopped"),
        },
        "microphone": {
            "NotAllowedError": say("You did not allow the microphone. Type or press keys instead."),
            "NotFoundError": say("This machine has no microphone. Type or press keys instead."),
            "SecurityError": say(
                "A browser lends its microphone only over https, or on this machine."
                " Type or press keys instead."
            ),
            "other": say("The microphone cannot be used. Type or press keys instead."),
        },
    }


def _standing() -> dict[str, str]:
    """How the talk stands, and who says what in it."""
    return {
        "asking": say("Asking for the microphone."),
        "preparing": say("The bot gets ready; the first time that takes some seconds."),
        "hearsYou": say("The bot hears you."),
        "noMicrophone": say(
            "The bot does not hear you: there is no microphone. Type or press keys."
        ),
        "cannotPlay": say("This browser cannot play the bot. What it says is written here."),
        "lineBroke": say("The line to the server broke, or you may not talk to bots."),
        "isOver": say("The talk is over."),
        "noTalk": say("There is no talk."),
        "hungUp": say("You hung up."),
        "bot": say("bot"),
        "you": say("you"),
        "youKey": say("you, a key"),
        "model": say("the model"),
        "transferring": say("It would hand the call to %(to)s; here nobody takes it.", to="{to}"),
        "tool": say(
            "It would ask %(name)s %(arguments)s; here nobody is asked.",
            name="{name}",
            arguments="{arguments}",
        ),
    }


def _result() -> dict[str, str]:
    """What came of it."""
    return {
        "outcome": say("Outcome"),
        "result": say("Result"),
        "endedBecause": say("It ended because"),
        "score": say("Score"),
        "callAgain": say("Call again"),
        "handedTo": say("To be handed to"),
        "tookYouFor": say("It took you for"),
        "keys": say("Keys"),
        "seconds": say("Seconds"),
        "repliedAfter": say("It replied after"),
        "median": say("%(waits)s ms (the median)", waits="{waits}"),
        "modelFailed": say("The model failed"),
    }
