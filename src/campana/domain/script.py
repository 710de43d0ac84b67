"""The scripted bot: what it says, which keys it asks for, where each key leads.

A script is data and its interpreter is pure: `start` and `resume` answer with a Turn, the texts to
say and then either one key to wait for or the end. Whoever owns the sound plays the turn and comes
back with what happened, so a whole conversation can be tested as a list of inputs.

    greeting ─▶ Say ─▶ Ask ──key──▶ Say … ─▶ End
                        ├─ wrong or no key: said again `reprompts` times
                        └─ still nothing: `otherwise`, or the conversation ends there

It does not know about calls, audio, time or who is speaking.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

MAX_SAID_PER_TURN = 64
"""Steps one turn may pass; only a script that `problems` refuses can reach it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Speaks, then goes to `next`, or to the step that follows in the script."""

    id: str
    text: str
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Speaks and waits for one key; `keys` maps each expected key to the step it leads to."""

    id: str
    text: str
    keys: Mapping[str, str]
    timeout_seconds: float = 6.0
    """Silence allowed after the question has been said."""
    reprompts: int = 1
    """How often the question is said again after silence or an unexpected key."""
    otherwise: str | None = None
    save_as: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """Goes where a saved answer says, silently; without a case or `otherwise` the script ends."""

    id: str
    on: str
    cases: Mapping[str, str]
    otherwise: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Says goodbye when it has a text, and ends the conversation with `result`."""

    id: str
    text: str | None = None
    result: str | None = None


Step = Say | Ask | Branch | End


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A whole conversation; it begins with the greeting and the first step."""

    greeting: str
    steps: tuple[Step, ...]
    voice: str | None = None
    max_seconds: int = 180
    """The call is ended after this long, whatever is being said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The person pressed a key."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeout:
    """The person did nothing for as long as the question allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One text to say. `is_personal` when it holds the contact's own values."""

    step: str | None
    text: str
    is_personal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Wait this long for one of these keys once everything is said; they may also interrupt it."""

    step: str
    keys: frozenset[str]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The script ran to an end; `result` is what its author called that end."""

    result: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where a conversation stands between two turns."""

    step: str | None = None
    reprompted: int = 0
    saved: Mapping[str, str] = field(default_factory=dict[str, str])
    fields: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Say all of `say` in order, then do `then`."""

    say: tuple[Utterance, ...]
    then: Listen | Ended
    state: State


_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_][\w.]*)\s*\}\}")


def render(text: str, fields: Mapping[str, str]) -> str:
    """`text` with each `{{ name }}` replaced by the field of that name, or by nothing.

    Values are data: what they contain is never taken for a placeholder.
    """
    filled = _PLACEHOLDER.sub(lambda found: fields.get(found[1], ""), text)
    return re.sub(r"\s+([,.!?;:])", r"\1", " ".join(filled.split()))


def placeholders(text: str) -> frozenset[str]:
    """The names of the fields that `text` uses."""
    return frozenset(_PLACEHOLDER.findall(text))


def texts(script: Script) -> tuple[str, ...]:
    """Everything the script may say, unrendered, in order."""
    steps = (step.text for step in script.steps if not isinstance(step, Branch))
    return tuple(text for text in (script.greeting, *steps) if text)


def start(script: Script, *, fields: Mapping[str, str]) -> Turn:
    """The first turn: the greeting and on to the first question or end."""
    first = script.steps[0].id if script.steps else None
    greeting = _utter(None, script.greeting, fields)
    return _walk(script, State(step=first, fields=fields), said=[greeting])


def resume(script: Script, state: State, heard: Key | Timeout) -> Turn:
    """The turn that follows a key, or the lack of one, at the question `state` stands at.

    Raises:
        ValueError: `state` does not stand at a question of this script.
    """
    ask = _step(script, state.step)
    if not isinstance(ask, Ask):
        raise ValueError(f"the script does not wait for a key at {state.step!r}")
    match heard:
        case Key(key=key) if key in ask.keys:
            saved = {**state.saved, ask.save_as: key} if ask.save_as else state.saved
            state = replace(state, step=ask.keys[key], reprompted=0, saved=saved)
        case Key() | Timeout() if state.reprompted < ask.reprompts:
            state = replace(state, reprompted=state.reprompted + 1)
        case Key() | Timeout():
            state = replace(state, step=ask.otherwise, reprompted=0)
        case _:
            assert_never(heard)
    return _walk(script, state, said=[])


def _walk(script: Script, state: State, *, said: list[Utterance]) -> Turn:
    """From `state` on to the first step that waits or ends, collecting what is said on the way."""

    def turn(then: Listen | Ended) -> Turn:
        return Turn(say=tuple(spoken for spoken in said if spoken.text), then=then, state=state)

    for _ in range(MAX_SAID_PER_TURN):
        here = _step(script, state.step)
        match here:
            case None:
                return turn(Ended())
            case Say() as step:
                said.append(_utter(step.id, step.text, state.fields))
                state = replace(state, step=step.next or _following(script, step.id))
            case Branch() as step:
                answer = state.saved.get(step.on, "")
                state = replace(state, step=step.cases.get(answer, step.otherwise))
            case Ask() as step:
                said.append(_utter(step.id, step.text, state.fields))
                return turn(
                    Listen(step=step.id, keys=frozenset(step.keys), seconds=step.timeout_seconds)
                )
            case End() as step:
                said.append(_utter(step.id, step.text or "", state.fields))
                return turn(Ended(result=step.result))
            case _:
                assert_never(here)
    return turn(Ended())


def _utter(step: str | None, text: str, fields: Mapping[str, str]) -> Utterance:
    return Utterance(step=step, text=render(text, fields), is_personal=bool(placeholders(text)))


def _step(script: Script, step_id: str | None) -> Step | None:
    return next((step for step in script.steps if step.id == step_id), None)


def _following(script: Script, step_id: str) -> str | None:
    ids = [step.id for step in script.steps]
    place = ids.index(step_id) + 1
    return ids[place] if place < len(ids) else None
