"""Runs a script: `start` and `resume` answer with a Turn, so a conversation is a list of inputs.

    greeting ─▶ Say ─▶ Ask ──key, or words that answer──▶ Say … ─▶ End
                        ├─ silence, or not understood: said again `reprompts` times,
                        │    and where words are taken once more, asking for keys
                        ├─ still nothing: `otherwise`, or the conversation ends there; but whoever
                        │    said or pressed something is handed over to a person, if there is one
                        ├─ a UseTool step waits for its program: what it answers is saved
                        ├─ "stop calling me", at any step ─▶ ended as `opt_out`
                        └─ "call me tomorrow at five" ─────▶ ended as `callback_request`

It does not know about calls, audio or who is speaking, and takes the time from what was heard.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal, assert_never

from campana.domain import answers
from campana.domain.answers import SEVERAL_KEYS_END, Answer, Meant
from campana.domain.placeholders import placeholders, render
from campana.domain.script import (
    Ask,
    Asking,
    Branch,
    End,
    Ended,
    Given,
    Heard,
    Key,
    Listen,
    Say,
    Script,
    Spoken,
    State,
    Step,
    Timeout,
    ToolAnswered,
    Transfer,
    TransferEnded,
    Transferring,
    Turn,
    UseTool,
    Utterance,
    opening,
)
from campana.domain.tool_answers import kept
from campana.domain.understanding.moments import moment_in
from campana.domain.understanding.wishes import OPT_OUT_PHRASES, wants_callback, wants_no_more

MAX_SAID_PER_TURN = 64
"""Steps one turn may pass; only a script that `problems` refuses can reach it."""
BETWEEN_KEYS_SECONDS = 3.0
"""After which keys of a number that has no fixed length are all there are."""
CLEARLY_OPT_OUT = -1.0
"""A phrase of an opt-out that fits so well was said, whatever the words read like: in trials it was
above -0.5 where it was said and under -3.5 where it was not."""
MOST_KEYS = 20
KEYPAD = frozenset("0123456789*#")
NOT_UNDERSTOOD = "Sorry, I did not understand."
NOBODY_TOOK_IT = "transfer_failed"
"""The result of a conversation that ends because nobody took it over."""


def start(script: Script, *, fields: Mapping[str, str]) -> Turn:
    """The first turn: the greeting and on to the first question or end, or to the model."""
    first = script.steps[0].id if script.steps else None
    is_kept = script.disclosure is not None
    said = [replace(utter(None, text, fields), is_kept=is_kept) for text in opening(script)]
    if script.prompt is not None:
        then = Listen(
            step="",
            keys=KEYPAD,
            seconds=script.prompt.listen_seconds,
            takes_words=True,
            phrases=OPT_OUT_PHRASES,
        )
        return Turn(say=tuple(said), then=then, state=State(fields=fields))
    return _walk(script, State(step=first, fields=fields), said=said)


def fall_back(script: Script, state: State) -> Turn:
    """The first turn of the steps alone, when the model that spoke before them has failed."""
    first = script.steps[0].id if script.steps else None
    return _walk(script, replace(state, step=first), said=[])


def resume(script: Script, state: State, heard: Heard) -> Turn:
    """The turn that follows what was heard, or nothing, at the question `state` stands at.

    Raises:
        ValueError: `state` does not stand at a question of this script.
    """
    if isinstance(heard, TransferEnded):
        return _after_transfer(script, state, heard)
    if isinstance(heard, ToolAnswered):
        return _after_tool(script, state, heard)
    ask = _step(script, state.step)
    if not isinstance(ask, Ask):
        raise ValueError(f"the script does not wait for anything at {state.step!r}")
    if isinstance(heard, Spoken) and (turn := wish(script, state, heard)) is not None:
        return turn
    if isinstance(heard, Key) and (turn := _further_key(state, ask, heard)) is not None:
        return turn
    found = _understood(ask, state, heard)
    if found is None:
        is_silence = isinstance(heard, Timeout) and not state.pressed
        state = replace(state, pressed="", was_unclear=state.was_unclear or not is_silence)
        again = _again(ask, state)
        if again.step != ask.id:
            given_up = state.given_up | {ask.id}
            state, again = replace(state, given_up=given_up), replace(again, given_up=given_up)
        if again.step is None and state.was_unclear and script.transfer_to is not None:
            return _to_a_person(script, ask, state)
        return _walk(script, again, said=[])
    given, to = found
    saved = {**state.saved, ask.save_as: given.value} if ask.save_as else state.saved
    answered = replace(
        state,
        step=to or ask.next or _following(script, ask.id),
        reprompted=0,
        asks_for_keys=False,
        was_unclear=False,
        pressed="",
        given=(*state.given, given),
        saved=saved,
    )
    return _walk(script, answered, said=[])


def _to_a_person(script: Script, ask: Ask, state: State) -> Turn:
    """Nothing was understood: whoever answers for the bot takes over."""
    rings = Transfer(id=ask.id, to=script.transfer_to)
    said = utter(None, script.transfer_text, state.known)
    return Turn(say=(said,), then=_transferring(script, rings), state=state)


def _after_transfer(script: Script, state: State, told: TransferEnded) -> Turn:
    """Somebody has the call now; or nobody took it, and the bot goes on."""
    if told.is_answered:
        return Turn(say=(), then=Ended(), state=state)
    here = _step(script, state.step)
    if isinstance(here, Transfer) and here.otherwise is not None:
        return _walk(script, replace(state, step=here.otherwise), said=[])
    said = utter(None, script.transfer_failed_text, state.known)
    return Turn(say=(said,), then=Ended(result=NOBODY_TOOK_IT), state=state)


def _after_tool(script: Script, state: State, heard: ToolAnswered) -> Turn:
    """On with what the program answered, or where the step leads without it."""
    here = _step(script, state.step)
    if not isinstance(here, UseTool):
        raise ValueError(f"the script asks no program at {state.step!r}")
    values = kept(heard.answer, here.saves) if heard.is_done else None
    if values is None:
        # What an earlier round saved is not taken for an answer to this one.
        saved = {name: value for name, value in state.saved.items() if name not in here.saves}
        return _walk(script, replace(state, step=here.otherwise, saved=saved), said=[])
    following = here.next or _following(script, here.id)
    went = replace(state, step=following, saved={**state.saved, **values})
    return _walk(script, went, said=[])


def wish(script: Script, state: State, heard: Spoken) -> Turn | None:
    """The end that follows a wish that counts at any moment, whatever is being said or asked."""
    if asks_for_no_more(heard):
        said = utter(None, script.opt_out_text, state.known)
        return Turn(say=(said,), then=Ended(result="opt_out"), state=state)
    if wants_callback(heard.text):
        moment = moment_in(heard.text, now=heard.now) if heard.now is not None else None
        when = "later"
        if moment is not None and heard.now is not None:
            when = answers.moment_text(moment, now=heard.now)
        said = utter(None, script.callback_text, {**state.known, "when": when})
        ended = Ended(result="callback_request", callback_at=moment)
        return Turn(say=(said,), then=ended, state=state)
    return None


def asks_for_no_more(heard: Spoken) -> bool:
    """Did they ask never to be called again, by the words or by how well such phrases fit?"""
    return wants_no_more(heard.text) or _is_scored_opt_out(heard)


def is_clear(script: Script, state: State, heard: Spoken) -> bool:
    """Is this enough to go on at once, although they may only have paused?"""
    ask = _step(script, state.step)
    if wish(script, state, heard) is not None:
        # "Call me" may go on with "tomorrow at five".
        return wants_no_more(heard.text)
    if not isinstance(ask, Ask) or ask.answer is None or isinstance(ask.answer, answers.FreeText):
        return False
    # A number or a day may go on: "twenty", "five".
    is_closed = isinstance(ask.answer, answers.YesNo | answers.Choice)
    return is_closed and _understood(ask, state, heard) is not None


def _understood(ask: Ask, state: State, heard: Heard) -> tuple[Given, str | None] | None:
    """The answer that this is, and the step it names."""
    match heard:
        case Key(key=key) if key in ask.keys and not state.pressed:
            given = Given(step=ask.id, kind="key", value=key, by="key", said=key)
            return given, ask.keys[key]
        case Key(key=key, now=now) if ask.answer is not None:
            keys = state.pressed + key.removesuffix(SEVERAL_KEYS_END)
            meant = answers.from_key(ask.answer, key) or _from_keys(ask.answer, keys, now=now)
            return _given(ask, meant, by="key", said=state.pressed + key)
        case Timeout() if ask.answer is not None and state.pressed:
            meant = _from_keys(ask.answer, state.pressed, now=None)
            return _given(ask, meant, by="key", said=state.pressed)
        case Spoken(text=text, scores=scores, now=now) if ask.answer is not None:
            today = now.date() if now is not None else None
            meant = answers.from_words(ask.answer, text=text, scores=scores, today=today)
            return _given(ask, meant, by="speech", said=text)
        case Key() | Spoken() | Timeout() | TransferEnded() | ToolAnswered():
            return None
        case _:
            assert_never(heard)


def _further_key(state: State, ask: Ask, heard: Key) -> Turn | None:
    """The turn that waits for the next key, when this one does not make an answer yet."""
    if ask.answer is None or not answers.takes_several_keys(ask.answer):
        return None
    if heard.key == SEVERAL_KEYS_END or (heard.key in ask.keys and not state.pressed):
        return None
    pressed = state.pressed + heard.key
    if answers.is_whole(ask.answer, pressed) or len(pressed) > MOST_KEYS:
        return None
    waiting = replace(state, pressed=pressed)
    return Turn(say=(), then=_listen(ask, seconds=BETWEEN_KEYS_SECONDS), state=waiting)


def _from_keys(answer: Answer, keys: str, *, now: datetime | None) -> Meant | None:
    return answers.from_keys(answer, keys, today=now.date() if now is not None else None)


def _given(
    ask: Ask, meant: Meant | None, *, by: Literal["key", "speech"], said: str
) -> tuple[Given, str | None] | None:
    if meant is None or ask.answer is None:
        return None
    given = Given(
        step=ask.id, kind=ask.answer.kind, value=meant.value, by=by, said=said, score=meant.score
    )
    return given, meant.to


def _again(ask: Ask, state: State) -> State:
    """The same question once more, then asking for keys, then giving up."""
    if state.reprompted < ask.reprompts:
        return replace(state, reprompted=state.reprompted + 1)
    if ask.answer is not None and not state.asks_for_keys and _keypad(ask) is not None:
        return replace(state, asks_for_keys=True)
    return replace(state, step=ask.otherwise, reprompted=0, asks_for_keys=False, was_unclear=False)


def _keypad(ask: Ask) -> str | None:
    if ask.answer is None:
        return None
    return ask.keypad or answers.keypad_text(ask.answer)


def _is_scored_opt_out(heard: Spoken) -> bool:
    known = [heard.scores[phrase] for phrase in OPT_OUT_PHRASES if phrase in heard.scores]
    return bool(known) and max(known) >= max(CLEARLY_OPT_OUT, *heard.scores.values())


def _walk(script: Script, state: State, *, said: list[Utterance]) -> Turn:
    """From `state` on to the first step that waits or ends, collecting what is said on the way."""

    def turn(then: Listen | Transferring | Asking | Ended) -> Turn:
        return Turn(say=tuple(spoken for spoken in said if spoken.text), then=then, state=state)

    for _ in range(MAX_SAID_PER_TURN):
        here = _step(script, state.step)
        match here:
            case None:
                return turn(Ended())
            case Say() as step:
                said.append(utter(step.id, step.text, state.known))
                state = replace(state, step=step.next or _following(script, step.id))
            case Branch() as step:
                answer = state.saved.get(step.on, "")
                state = replace(state, step=step.cases.get(answer, step.otherwise))
            case Ask() as step:
                said.append(_question(step, state))
                return turn(_listen(step))
            case Transfer() as step:
                said.append(utter(step.id, step.text or script.transfer_text, state.known))
                return turn(_transferring(script, step))
            case UseTool() as step:
                return turn(_asking(step, state))
            case End() as step:
                said.append(utter(step.id, step.text or "", state.known))
                return turn(Ended(result=step.result))
            case _:
                assert_never(here)
    return turn(Ended())


def _asking(step: UseTool, state: State) -> Asking:
    known = state.known
    told = {
        name: render(value, known) if isinstance(value, str) else value
        for name, value in step.arguments.items()
    }
    return Asking(
        step=step.id,
        tool=step.tool,
        arguments=told,
        filler=utter(step.id, step.filler, known),
        filler_seconds=step.filler_seconds,
    )


def _transferring(script: Script, step: Transfer) -> Transferring:
    to = step.to or script.transfer_to or ""
    return Transferring(step=step.id, to=to, seconds=step.timeout_seconds)


def _question(ask: Ask, state: State) -> Utterance:
    text = ask.text
    if state.asks_for_keys:
        text = _keypad(ask) or ask.text
    elif state.reprompted and ask.answer is not None:
        text = ask.reprompt or f"{NOT_UNDERSTOOD} {ask.text}"
    elif state.reprompted and ask.reprompt:
        text = ask.reprompt
    said = utter(ask.id, text, state.known)
    return replace(said, is_question=True)


def _listen(ask: Ask, *, seconds: float | None = None) -> Listen:
    own: Answer | None = ask.answer
    expected = frozenset[str](ask.keys) | (answers.keys_of(own) if own is not None else set[str]())
    told = (*answers.phrases(own), *OPT_OUT_PHRASES) if own is not None else ()
    return Listen(
        step=ask.id,
        keys=expected,
        seconds=ask.timeout_seconds if seconds is None else seconds,
        takes_words=own is not None,
        phrases=told,
    )


def utter(step: str | None, text: str, fields: Mapping[str, str]) -> Utterance:
    """`text` with the fields it names."""
    return Utterance(step=step, text=render(text, fields), is_personal=bool(placeholders(text)))


def _step(script: Script, step_id: str | None) -> Step | None:
    return next((step for step in script.steps if step.id == step_id), None)


def _following(script: Script, step_id: str) -> str | None:
    ids = [step.id for step in script.steps]
    place = ids.index(step_id) + 1
    return ids[place] if place < len(ids) else None
