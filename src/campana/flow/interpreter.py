"""A session's life: `start` it, then `resume` it with one input at a time.

Both go as far as they can and answer with a Sprint: the session to store and the events to carry
out. The same definition, inputs and times give the same sprints, byte for byte.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from campana.domain.errors import VersionMismatch
from campana.flow import events
from campana.flow.definition import MAX_SESSION_STEPS, MAX_SPRINT_STEPS, MAX_THREADS, Flow
from campana.flow.events import Event, SessionEnded
from campana.flow.inputs import MAX_REPLY, CallEnded, Input, MessageReported, Reply
from campana.flow.marks import Exit
from campana.flow.nodes.parallel import Parallel
from campana.flow.nodes.subflow import Subflow
from campana.flow.run import Enter, Finish, FlowFailed, Fork, Node, Run, Step
from campana.flow.session import Contact, KeptReply, Session, Thread, Trigger, Wait
from campana.flow.texts import RenderFailed

REPLY_WAITS = frozenset({"reply", "survey"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sprint:
    """What came of one input. `path` names the nodes that were passed, in order."""

    session: Session
    events: tuple[Event, ...] = ()
    path: tuple[str, ...] = ()

    @property
    def first(self) -> int:
        """The number of the first event."""
        return self.session.events - len(self.events)

    def as_json(self) -> list[dict[str, Any]]:
        """The events for programs."""
        return [
            events.as_json(event, number=self.first + index)
            for index, event in enumerate(self.events)
        ]


def start(flow: Flow, contact: Contact, trigger: Trigger, now: datetime) -> Sprint:
    """Begin at the start node. `now` is aware.

    A field of the contact that is not of its declared type is absent, and noted.
    """
    fields, notes = flow.contact_values(contact.fields)
    session = Session(
        flow=flow.version,
        contact=fields,
        zones=contact.zones,
        trigger={**flow.trigger_values(trigger.params), "type": trigger.type},
        variables={},
    )
    run = Run(flow, session, now=now)
    for note in notes:
        run.note(note)
    main = Thread(number=0, graph="", node=flow.main.start)
    run.threads[0] = main
    return _play(run, main, Exit(flow.main.start))


def resume(flow: Flow, session: Session, told: Input, now: datetime) -> Sprint:
    """Go on with what was told. `now` is aware and not before the last sprint's.

    An input that nothing waits for changes nothing; a reply that nothing waits for is kept.

    Raises:
        VersionMismatch: the session began on another definition.
    """
    if session.flow != flow.version:
        raise VersionMismatch("The session began on another version of this flow.")
    if session.status == "ended":
        return Sprint(session=session)
    reply = _reply(told) if isinstance(told, Reply) else None
    thread = _addressed(session, told)
    run = Run(flow, session, now=now)
    if thread is None or thread.wait is None:
        if reply is None:
            return Sprint(session=session)
        run.keep(reply)
        return _sprint(run)
    wait = thread.wait
    run.node = thread.node
    run.over(thread)
    thread = run.threads[thread.number] = _moved(thread, thread.node, None)
    if reply:
        run.hear(reply)
    node = flow.graphs[thread.graph].nodes[thread.node]
    try:
        step = node.resume(run, wait, told)
    except (FlowFailed, RenderFailed) as error:
        return _failed(run, str(error))
    return Sprint(session=session) if step is None else _play(run, thread, step)


def _reply(told: Reply) -> KeptReply:
    """The reply as a text that JSON, PostgreSQL and CEL can hold."""
    text = told.text[:MAX_REPLY].replace("\0", "")
    return KeptReply(
        text=text if text.isprintable() else text.encode("utf-8", "replace").decode(),
        choice=told.choice,
        channel=told.channel,
    )


def _addressed(session: Session, told: Input) -> Thread | None:
    """The thread whose wait this input is for: the oldest, if it does not say."""
    for thread in session.threads:
        if thread.wait and _is_for(thread.wait, told):
            return thread
    return None


def _is_for(wait: Wait, told: Input) -> bool:
    match told:
        case Reply(channel=channel):
            fits = wait.channel is None or channel is None or wait.channel == channel
            return wait.kind in REPLY_WAITS and fits
        case MessageReported(message=message):
            return wait.message == message
        case CallEnded(wait=None):
            return wait.kind in events.IN_CALL
        case _:
            return wait.number == told.wait


def _play(run: Run, thread: Thread, step: Step) -> Sprint:
    """Take this step, and every one that follows from it."""
    ready: deque[tuple[Thread, Step]] = deque([(thread, step)])
    try:
        while ready and run.outcome is None:
            thread, step = ready.popleft()
            if run.threads.get(thread.number) is thread:  # else a sibling came first
                _settle(run, thread, step, ready)
    except (FlowFailed, RenderFailed) as error:
        return _failed(run, str(error))
    return _sprint(run)


def _settle(run: Run, thread: Thread, step: Step, ready: deque[tuple[Thread, Step]]) -> None:
    """Take one thread on until it waits, splits, arrives or ends."""
    nodes = run.flow.graphs[thread.graph].nodes
    at = thread.node
    while True:
        if type(step) is Exit:
            node_id = step
            if thread.parent is not None:
                joining = _joining(run, thread, node_id)
                if joining is not None:
                    if not _arrive(run, thread, joining):
                        return
                    thread, at = joining, joining.node
                    continue
            at = node_id
            step = _enter(run, nodes[node_id], node_id)
        elif type(step) is Wait:
            run.threads[thread.number] = _moved(thread, at, step)
            return
        elif type(step) is Finish:
            caller = _caller(run, thread)
            if caller is None:
                run.outcome = step.status
                return
            for child in _children(run, caller):
                _drop(run, child)
            nodes = run.flow.graphs[caller.graph].nodes
            step = cast("Subflow", nodes[caller.node]).returned(step.status)
            thread, at = caller, caller.node
        else:
            moved = run.threads[thread.number] = _moved(thread, at, None)
            ready.extend(_spawned(run, moved, step))
            return


def _enter(run: Run, node: Node, node_id: str) -> Step:
    run.path.append(node_id)
    passed = len(run.path)
    if passed > MAX_SPRINT_STEPS or run.started_steps + passed > MAX_SESSION_STEPS:
        raise FlowFailed("it went through too many nodes")
    run.node = node_id
    return node.enter(run)


def _moved(thread: Thread, node: str, wait: Wait | None) -> Thread:
    return Thread(
        number=thread.number, graph=thread.graph, node=node, parent=thread.parent, wait=wait
    )


def _spawned(run: Run, thread: Thread, step: Fork | Enter) -> list[tuple[Thread, Step]]:
    """The threads that begin under this one, and their first steps."""
    if isinstance(step, Fork):
        begun = [(thread.graph, node) for node in step.branches]
    else:
        begun = [(str(step.flow), Exit(run.flow.graphs[step.flow].start))]
    if len(run.threads) + len(begun) > MAX_THREADS:
        raise FlowFailed("too many branches run at once")
    number = max(run.threads) + 1
    spawned: list[tuple[Thread, Step]] = []
    for offset, (graph, node) in enumerate(begun):
        child = Thread(number=number + offset, graph=graph, node=node, parent=thread.number)
        run.threads[child.number] = child
        spawned.append((child, node))
    return spawned


def _joining(run: Run, thread: Thread, node_id: str) -> Thread | None:
    """The thread at the parallel node that this branch arrives at with `node_id`."""
    parent = run.threads[cast("int", thread.parent)]
    node = run.flow.graphs[parent.graph].nodes[parent.node]
    return parent if isinstance(node, Parallel) and node.next == node_id else None


def _arrive(run: Run, thread: Thread, parent: Thread) -> bool:
    """One branch is through; whether the parallel node is."""
    del run.threads[thread.number]
    others = _children(run, parent)
    node = cast("Parallel", run.flow.graphs[parent.graph].nodes[parent.node])
    if others and node.join == "all":
        return False
    for other in others:
        _drop(run, other)
    return True


def _children(run: Run, thread: Thread) -> list[Thread]:
    return [each for each in run.threads.values() if each.parent == thread.number]


def _drop(run: Run, thread: Thread) -> None:
    """Nothing of this thread, or of those under it, goes on."""
    del run.threads[thread.number]
    run.over(thread)
    for child in _children(run, thread):
        _drop(run, child)


def _caller(run: Run, thread: Thread) -> Thread | None:
    """The thread that waits at the subflow node for this thread's flow."""
    inside = thread
    while inside.parent is not None:
        around = run.threads[inside.parent]
        if around.graph != inside.graph:
            return around
        inside = around
    return None


def _failed(run: Run, reason: str) -> Sprint:
    run.note(reason)
    run.outcome = "failed"
    return _sprint(run, reason=reason)


def _sprint(run: Run, *, reason: str | None = None) -> Sprint:
    session = run.session
    if run.outcome is not None:
        for thread in run.threads.values():
            run.over(thread)
        run.threads = {}
        run.emit(SessionEnded(status=run.outcome, reason=reason))
    return Sprint(
        session=Session(
            flow=session.flow,
            status="waiting" if run.outcome is None else "ended",
            outcome=run.outcome,
            contact=session.contact,
            zones=session.zones,
            trigger=session.trigger,
            variables=run.variables,
            reply=run.reply,
            choice=run.choice,
            replies=run.replies,
            threads=tuple(run.threads.values()),
            events=run.first + len(run.events),
            steps=run.started_steps + len(run.path),
        ),
        events=tuple(run.events),
        path=tuple(run.path),
    )
