"""A conversation between two sprints: plain frozen values that go to JSON and back unchanged.

A session is a handful of threads. One is usual; a `parallel` node has one a branch, a `subflow`
node one inside it, each waiting for those it started.

    main ──▶ parallel ─┬─▶ branch    parent: the thread at the parallel node
                       └─▶ branch
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, final

from campana.domain.errors import InvalidParameter
from campana.flow import shapes

FORMAT = 1
"""Of a session's JSON; another number is refused, never guessed at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom a flow talks with: fields by name, as texts; the zones the person may be in."""

    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """Why a flow begins, and what came with it."""

    type: Literal["campaign", "inbound", "api"] = "campaign"
    params: Mapping[str, str] = field(default_factory=dict[str, str])


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What a thread waits for. `kept` is what its node has to remember meanwhile."""

    number: int
    kind: str
    until: datetime | None = None
    message: int | None = None
    """The message whose fate is waited for."""
    channel: str | None = None
    """The only channel a reply may come by."""
    kept: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """One place in a graph: waiting for the world, or (`wait` is None) for its own threads."""

    number: int
    graph: str
    """The subflow's name; empty for the flow itself."""
    node: str
    parent: int | None = None
    wait: Wait | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptReply:
    """A reply that came while nothing waited for one."""

    text: str
    choice: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A conversation. `flow` is the content hash of the definition it stays on."""

    flow: str
    status: Literal["waiting", "ended"] = "waiting"
    outcome: str | None = None
    contact: Mapping[str, object]
    """The fields this flow reads, as their declared types, as they were at the start."""
    zones: tuple[str, ...] = ()
    trigger: Mapping[str, object]
    variables: Mapping[str, object]
    reply: str = ""
    choice: str | None = None
    replies: tuple[KeptReply, ...] = ()
    threads: tuple[Thread, ...] = ()
    events: int = 0
    """How many events there were; the next has this number."""
    steps: int = 0
    """How many nodes were passed."""

    @property
    def waits(self) -> tuple[Wait, ...]:
        """What it waits for, oldest first."""
        return tuple(thread.wait for thread in self.threads if thread.wait)


def as_json(session: Session) -> dict[str, Any]:
    """The session as it is stored."""
    return {
        "format": FORMAT,
        "flow": session.flow,
        "status": session.status,
        "outcome": _text(session.outcome),
        "contact": dict(session.contact),
        "zones": list(session.zones),
        "trigger": dict(session.trigger),
        "variables": dict(session.variables),
        "reply": session.reply,
        "choice": session.choice,
        "replies": [[each.text, each.choice, _text(each.channel)] for each in session.replies],
        "threads": [_thread_json(thread) for thread in session.threads],
        "events": session.events,
        "steps": session.steps,
    }


def from_json(document: Mapping[str, Any]) -> Session:
    """A session that `as_json` wrote, here or in another program of the same format.

    Raises:
        InvalidParameter: it is none, or of a format this program does not know.
    """
    if document.get("format") != FORMAT:
        raise InvalidParameter(f"This is no session of format {FORMAT}.")
    try:
        fields = {key: each for key, each in document.items() if key != "format"}
        fields["zones"] = tuple(fields["zones"])
        fields["replies"] = tuple(
            KeptReply(text=text, choice=choice, channel=channel)
            for text, choice, channel in fields["replies"]
        )
        fields["threads"] = tuple(map(_thread, fields["threads"]))
        return Session(**fields)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidParameter(f"This is no session: {error}") from None


def _text(value: str | None) -> str | None:
    """A text as any writer of JSON knows it: names of nodes and channels are classes of their
    own."""
    return None if value is None else str(value)


def _thread_json(thread: Thread) -> dict[str, Any]:
    written: dict[str, Any] = {
        "number": thread.number,
        "graph": str(thread.graph),
        "node": str(thread.node),
        "parent": thread.parent,
    }
    wait = thread.wait
    if wait:
        written["wait"] = {
            "number": wait.number,
            "kind": wait.kind,
            "until": wait.until and wait.until.isoformat(),
            "message": wait.message,
            "channel": _text(wait.channel),
            "kept": shapes.plain(wait.kept),
        }
    return written


def _thread(document: Mapping[str, Any]) -> Thread:
    fields = dict(document)
    wait = fields.get("wait")
    if wait:
        within = dict(wait)
        within["until"] = wait["until"] and datetime.fromisoformat(wait["until"])
        fields["wait"] = Wait(**within)
    return Thread(**fields)
