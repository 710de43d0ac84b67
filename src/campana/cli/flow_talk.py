"""Talking to a flow in a terminal: a line typed is a reply, a word with a slash is the world's.

Time is virtual: it stands still until `/skip` goes to the end of the wait that ends first. Nothing
is sent anywhere. It does not read or print; `flows` does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from campana.domain.clock import wire
from campana.domain.disposition import Disposition
from campana.domain.errors import InvalidParameter
from campana.flow import events, inputs
from campana.flow.definition import Flow
from campana.flow.inputs import Input, Reply
from campana.flow.interpreter import Sprint, resume, start
from campana.flow.session import Contact, Session, Trigger, Wait

HELP = """\
/skip                        go to the end of the wait that ends first
/sent /delivered /read /failed   what became of the message that is waited for
/call OUTCOME [RESULT]       the call ended so: completed, busy, no_answer, …
/ring                        the contact calls
/said                        the text was said to its end
/keys DIGITS                 keys were pressed
/hear WORDS                  the contact said so in the call
/hangup                      nobody answered, or the contact hung up
/connected /unconnected      how the transfer ended
/answer [STATUS [JSON]]      the webhook answered; alone: it could not be asked
/row [JSON]                  the row of the table; alone: there is none
/intent [WORDS]              what the contact meant; alone: nobody can tell
/back                        the person hands the conversation back
/show                        the variables
/quit                        stop
Anything else is what the contact writes; a button's title or number presses it."""


class Talk:
    """A session in a terminal, and its clock."""

    def __init__(self, flow: Flow, *, contact: Contact, trigger: Trigger, now: datetime) -> None:
        self.flow = flow
        self.now = now
        self.buttons: tuple[events.QuickReply, ...] = ()
        self.last = start(flow, contact, trigger, now)
        self._remember(self.last)

    @property
    def session(self) -> Session:
        """As it stands."""
        return self.last.session

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.session.status == "ended"

    def tell(self, told: Input) -> Sprint:
        """Resume the session."""
        self.last = resume(self.flow, self.session, told, self.now)
        self._remember(self.last)
        return self.last

    def understand(self, line: str) -> Input:
        """What a typed line tells the session; `/skip` moves the clock.

        Raises:
            InvalidParameter: no such word, or nothing waits for it.
        """
        if not line.startswith("/"):
            return self._reply(line)
        word, _, rest = line[1:].partition(" ")
        if word == "skip":
            return self._skip()
        if word not in _WORDS:
            raise InvalidParameter(f"/{word} is no word here; /help lists them.")
        kind, make = _WORDS[word]
        kinds = _KINDS.get(kind, {kind})
        wait = next((each for each in self.session.waits if each.kind in kinds), None)
        if wait is None:
            raise InvalidParameter(f"Nothing waits for /{word} now.")
        return inputs.read(make(wait, rest.strip()))

    def _reply(self, line: str) -> Reply:
        for place, button in enumerate(self.buttons, 1):
            if line.strip().casefold() in {button.title.casefold(), button.id, str(place)}:
                return Reply(text=button.title, choice=button.id)
        return Reply(text=line)

    def _skip(self) -> Input:
        ending = [wait for wait in self.session.waits if wait.until]
        if not ending:
            raise InvalidParameter("No wait ends by itself now.")
        first = min(ending, key=lambda wait: (wait.until or self.now, wait.number))
        self.now = max(self.now, first.until or self.now)
        return inputs.TimedOut(wait=first.number)

    def _remember(self, sprint: Sprint) -> None:
        for event in sprint.events:
            if isinstance(event, events.SendMessage):
                self.buttons = event.quick_replies


Made = dict[str, Any]

_KINDS: Mapping[str, Collection[str]] = {
    "in_call": events.IN_CALL,
    "keys": frozenset({"digits", "answer"}),
}


def _report(status: str) -> Callable[[Wait, str], Made]:
    return lambda wait, _: {"type": "messageReported", "message": wait.message, "status": status}


def _call(wait: Wait, rest: str) -> Made:
    outcome, _, result = rest.partition(" ")
    return {
        "type": "callEnded",
        "wait": wait.number,
        "disposition": outcome or Disposition.COMPLETED,
        "result": result.strip() or None,
    }


def _hang_up(wait: Wait, rest: str) -> Made:
    del rest
    return {"type": "callEnded", "wait": wait.number, "disposition": Disposition.HUNG_UP}


def _answer(wait: Wait, rest: str) -> Made:
    status, _, body = rest.partition(" ")
    answered: Made = {"type": "webhookAnswered", "wait": wait.number}
    if status.isdecimal():
        answered["status"] = int(status)
    if body.strip():
        answered["body"] = _json(body)
    return answered


def _row(wait: Wait, rest: str) -> Made:
    return {"type": "lookedUp", "wait": wait.number, "row": _json(rest) if rest else None}


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        raise InvalidParameter(f"This is not JSON: {text.strip()}") from None


_WORDS: Mapping[str, tuple[str, Callable[[Wait, str], Made]]] = {
    "sent": ("message", _report("sent")),
    "delivered": ("message", _report("delivered")),
    "read": ("message", _report("read")),
    "failed": ("message", _report("failed")),
    "call": ("call", _call),
    "ring": ("inbound_call", lambda wait, _: {"type": "callReceived", "wait": wait.number}),
    "said": ("speech", lambda wait, _: {"type": "said", "wait": wait.number}),
    "keys": (
        "keys",
        lambda wait, rest: {"type": "digits", "wait": wait.number, "digits": rest},
    ),
    "hear": (
        "answer",
        lambda wait, rest: {"type": "heard", "wait": wait.number, "text": rest},
    ),
    "hangup": ("in_call", _hang_up),
    "connected": (
        "transfer",
        lambda wait, _: {"type": "transferEnded", "wait": wait.number, "isConnected": True},
    ),
    "unconnected": (
        "transfer",
        lambda wait, _: {"type": "transferEnded", "wait": wait.number, "isConnected": False},
    ),
    "answer": ("webhook", _answer),
    "row": ("lookup", _row),
    "intent": (
        "intent",
        lambda wait, rest: {"type": "intentFound", "wait": wait.number, "intent": rest or None},
    ),
    "back": ("handoff", lambda wait, _: {"type": "handedBack", "wait": wait.number}),
}
"""Word → the kind of wait it answers, or several of them (`_KINDS`), and how."""


def lines(sprint: Sprint) -> list[str]:
    """What a person reads of a sprint."""
    return [line for event in sprint.events for line in _told(event)]


def _told(event: events.Event) -> list[str]:
    match event:
        case events.SendMessage():
            buttons = [f"       [{n}] {b.title}" for n, b in enumerate(event.quick_replies, 1)]
            picture = [f"       <{event.media_url}>"] if event.media_url else []
            return [f"flow > {event.text}", *buttons, *picture]
        case events.Say() | events.Gather():
            return [f"says > {event.text}"]
        case events.WaitStarted():
            return [_waiting(event)]
        case events.WaitOver():
            return []
        case events.SessionEnded():
            return [f"ended: {event.status}" + (f", {event.reason}" if event.reason else "")]
        case events.Noted():
            return [f"note: {event.message}" + (f" (at {event.node})" if event.node else "")]
        case _:
            told = events.as_json(event, number=0)
            fields = {key: told[key] for key in told.keys() - {"number", "type", "wait"}}
            return [
                f"asks: {told['type']} {json.dumps(fields, ensure_ascii=False, sort_keys=True)}"
            ]


def _waiting(event: events.WaitStarted) -> str:
    what = events.WAITED_FOR.get(event.kind, event.kind)
    until = wire(event.until)
    return f"  … waits for {what}" + (f", until {until}" if until else "")
