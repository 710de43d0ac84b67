"""One sprint under way: what a node may read, ask for and set while it runs.

A node is entered, and when it waits, resumed. Each time it answers with a step:

    Exit     go on at that node             Fork     go on in several branches at once
    Wait     stop here until resumed        Enter    go through a subflow
    Finish   this flow is over

It does not decide the order of things; the interpreter does.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast, final

from campana.domain.answers import Answer
from campana.flow.conditions import Condition, EvaluationFailed
from campana.flow.events import Event, Noted, WaitOver, WaitStarted
from campana.flow.inputs import Input
from campana.flow.marks import Exit, SubflowName
from campana.flow.session import KeptReply, Session, Thread, Wait
from campana.flow.texts import MAX_TEXT, Template

if TYPE_CHECKING:
    from campana.flow.definition import Flow

MAX_VARIABLES = 100
"""Variables a session may have."""
MAX_VALUE_PARTS = 2_000
"""Texts, numbers, lists and objects that one variable may consist of."""
MAX_VALUE_CHARACTERS = 65_536
"""Characters of all texts of one variable."""
MAX_KEPT_REPLIES = 16
"""Replies kept while nothing waits for one; the oldest go first."""


class FlowFailed(Exception):
    """The session cannot go on; the reason is a phrase for its author."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """Go on at each of these nodes at once."""

    branches: tuple[Exit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enter:
    """Go through that flow; it comes back with a status."""

    flow: SubflowName


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """This flow is over with a status."""

    status: str


Step = Exit | Wait | Fork | Enter | Finish


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question in a call that words may answer; `keys` answer it too, whatever is asked."""

    answer: Answer
    keys: frozenset[str]


class Run:
    """A session while it moves. Nothing in the session it began from is changed."""

    __slots__ = (
        "choice", "events", "first", "flow", "node", "now", "outcome", "path", "replies", "reply",
        "session", "started_steps", "threads", "values", "variables",
    )  # fmt: skip

    def __init__(self, flow: Flow, session: Session, *, now: datetime) -> None:
        self.flow = flow
        self.session = session
        self.now = now
        self.first = session.events
        self.events: list[Event] = []
        self.path: list[str] = []
        self.node: str | None = None
        self.started_steps = session.steps
        self.threads = {thread.number: thread for thread in session.threads}
        self.variables = dict(session.variables)
        self.reply = session.reply
        self.choice = session.choice
        self.replies = session.replies
        self.outcome: str | None = None
        self.values: dict[str, object] = {
            "contact": session.contact,
            "vars": self.variables,
            "trigger": session.trigger,
            "reply": session.reply,
            "now": now,
        }

    # ------------------------------------------------------------ asking

    def emit(self, event: Event) -> int:
        """Ask the world for something; answers with the number of the event."""
        self.events.append(event)
        return self.first + len(self.events) - 1

    def note(self, message: str) -> None:
        """Leave a note for the author of the flow."""
        self.emit(Noted(node=self.node, message=message))

    def wait(
        self,
        kind: str,
        *,
        timeout: timedelta | None = None,
        until: datetime | None = None,
        message: int | None = None,
        channel: str | None = None,
        kept: Mapping[str, object] | None = None,
    ) -> Wait:
        """Begin a wait; the node returns it as its step."""
        if timeout is not None:
            until = self.now + timeout
        number = self.first + len(self.events)
        self.events.append(WaitStarted(wait=number, kind=kind, until=until))
        return Wait(
            number=number,
            kind=kind,
            until=until,
            message=message,
            channel=channel,
            kept=kept or {},
        )

    def over(self, thread: Thread) -> None:
        """That thread's wait is over."""
        if thread.wait:
            self.emit(WaitOver(wait=thread.wait.number))

    # ------------------------------------------------------------ reading

    def render(self, template: Template) -> str:
        """A text that is sent or said.

        Raises:
            RenderFailed
            FlowFailed: nothing is left of it.
        """
        text = template.render(self.values)
        if not text or text.isspace():
            raise FlowFailed("a text is empty")
        return text

    def holds(self, condition: Condition) -> bool:
        """Whether it is true; one that cannot be told is not, and leaves a note."""
        try:
            return condition.holds(self.values)
        except EvaluationFailed as error:
            self.note(f"{condition.source} cannot be told: {error}")
            return False

    @property
    def zones(self) -> tuple[str, ...]:
        """The time zones the contact may be in."""
        return self.session.zones

    # ------------------------------------------------------------ setting

    def save(self, name: str | None, value: object) -> None:
        """Set `vars.<name>`; without a name nothing is set.

        Raises:
            FlowFailed: there are too many, or it is too large.
        """
        if name is None:
            return
        if value.__class__ is not str or len(cast("str", value)) > MAX_TEXT:
            _refuse_large(value, name)
        if len(self.variables) >= MAX_VARIABLES and name not in self.variables:
            raise FlowFailed(f"there are more than {MAX_VARIABLES} variables")
        self.variables[str(name)] = value  # CEL takes no subclass of a text

    def hear(self, reply: KeptReply) -> None:
        """This reply is the one that conditions and texts speak of."""
        self.reply = reply.text
        self.choice = reply.choice
        self.values["reply"] = reply.text

    def keep(self, reply: KeptReply) -> None:
        """Keep a reply until something waits for one."""
        if len(self.replies) >= MAX_KEPT_REPLIES:
            self.note("a reply was dropped: too many came while nothing waited for one")
        self.replies = (*self.replies, reply)[-MAX_KEPT_REPLIES:]

    def take_kept(self, *, channel: str | None) -> KeptReply | None:
        """The oldest kept reply that came by that channel, or by any."""
        for index, reply in enumerate(self.replies):
            if channel is None or reply.channel is None or reply.channel == channel:
                self.replies = (*self.replies[:index], *self.replies[index + 1 :])
                return reply
        return None


class Node(ABC):
    """What every node can do; each kind is a dataclass in `flow/nodes/`."""

    __slots__ = ()

    def check(self) -> Iterable[tuple[str, str]]:
        """What is wrong between its fields: the key of one, and a phrase."""
        return ()

    def pauses(self) -> bool:
        """Whether it always waits for something, so that a circle through it is none."""
        return False

    def asks(self) -> Asked | None:
        """What it asks in a call and takes words for; None for what does not."""
        return None

    @abstractmethod
    def enter(self, run: Run) -> Step:
        """What it does when the flow comes to it.

        Raises:
            FlowFailed, RenderFailed: the session ends there, as failed.
        """

    def resume(self, run: Run, wait: Wait, told: Input) -> Step | None:
        """What it does when something is told while it waits; None: that is not for it.

        Raises:
            FlowFailed, RenderFailed: the session ends there, as failed.
        """
        del run, wait, told
        return None


def _refuse_large(value: object, name: str) -> None:
    parts, characters = 0, 0
    left = [value]
    while left:
        part = left.pop()
        parts += 1
        if isinstance(part, str):
            characters += len(part)
        elif isinstance(part, Mapping):
            left.extend(cast("Mapping[str, object]", part).values())
            characters += sum(map(len, cast("Mapping[str, object]", part)))
        elif isinstance(part, list):
            left.extend(cast("list[object]", part))
        if parts > MAX_VALUE_PARTS or characters > MAX_VALUE_CHARACTERS:
            raise FlowFailed(f"vars.{name} would be too large")
