"""The scripted bot as data: what it says and asks, where each answer leads, and what a turn is.

`dialog` runs it: a conversation is a list of turns, each the texts to say and then either somebody
to listen to or the end. Whoever owns the sound plays the turn and comes back with what happened.
Nothing here knows about calls, audio or the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, assert_never

from campana.domain.answers import Answer
from campana.domain.prompted import (
    FILLER_SECONDS,
    HttpTool,
    JsonObject,
    Prompt,
    TransferTool,
    texts_of,
)
from campana.domain.sound_models import HearingModel, SpeechModel
from campana.domain.surveys import Survey

OPT_OUT_TEXT = "You will not be called again. Goodbye."
CALLBACK_TEXT = "All right. You will be called {{ when }}. Goodbye."
TRANSFER_TEXT = "One moment please, you are put through to a colleague."
TRANSFER_FAILED_TEXT = "I am sorry, nobody can take your call right now. Goodbye."


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Speaks, then goes to `next`, or to the step that follows in the script."""

    id: str
    text: str
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Speaks and waits for a key or, when it has an `answer`, for words.

    `keys` maps each expected key to the step it leads to, whatever the answer is.
    """

    id: str
    text: str
    keys: Mapping[str, str] = field(default_factory=dict[str, str])
    answer: Answer | None = None
    next: str | None = None
    """Where an answer leads that names no step of its own; the step that follows without it."""
    timeout_seconds: float = 6.0
    """Silence allowed after the question has been said."""
    reprompts: int = 1
    """How often the question is said again after silence, or what was not understood."""
    reprompt: str | None = None
    """Said instead of `text` when it is asked again."""
    keypad: str | None = None
    """Asks for keys when words were not understood; made from the answer where it is None."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Hands the call over to somebody else: whoever takes it has it, and the bot is out of it."""

    id: str
    to: str | None = None
    """A number or a SIP URI (`domain.transfer`); the script's own where it is None."""
    text: str | None = None
    """Said before; the script's own where it is None."""
    timeout_seconds: float = 25.0
    """How long it may ring there."""
    otherwise: str | None = None
    """When nobody takes it; without it the script says so and ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UseTool:
    """Has a program asked. Where it did its part, and answered with all that is saved, the script
    goes to `next` or the step that follows, else to `otherwise`."""

    id: str
    tool: HttpTool
    otherwise: str
    arguments: Mapping[str, str | int | float | bool] = field(
        default_factory=dict[str, str | int | float | bool]
    )
    """What it is told. Texts may have placeholders."""
    saves: Mapping[str, str] = field(default_factory=dict[str, str])
    """The name a value is kept by → where it stands in the JSON answer (`slots.0.day`)."""
    filler: str = "One moment, please."
    """Said, once, when it takes longer than `filler_seconds`."""
    filler_seconds: float = FILLER_SECONDS
    next: str | None = None


Step = Say | Ask | Branch | Transfer | UseTool | End

SAVED = "saved."
"""Before the name of what was saved, where a text says it."""

MachineDoes = Literal["talk", "hang_up", "leave_message"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnMachine:
    """What to do when a machine answers. With `talk` nobody listens who it was."""

    do: MachineDoes = "talk"
    message: str | None = None
    """Left after the beep, and only then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A whole conversation; it begins with the greeting and the first step."""

    greeting: str
    steps: tuple[Step, ...]
    disclosure: str | None = None
    """Said with the greeting, whatever follows: that it is an automatic call, or is recorded."""
    language: str | None = None
    """What is spoken (ISO 639-1), where the author says so."""
    voice: str | None = None
    """Our own, whatever the installation speaks with."""
    speech: SpeechModel | None = None
    """Who speaks in place of our own voice."""
    hearing: HearingModel | None = None
    """Who reads what is said in place of our own models."""
    endpointing: int | None = None
    """Milliseconds of silence that end what somebody says; None for the usual."""
    max_seconds: int = 180
    """The call is ended after this long, whatever is being said."""
    on_machine: OnMachine = OnMachine()
    opt_out_text: str = OPT_OUT_TEXT
    callback_text: str = CALLBACK_TEXT
    """`when` is the moment that was understood, or "later"."""
    result: JsonObject | None = None
    """JSON Schema of what the answers come to (`script_result`)."""
    prompt: Prompt | None = None
    """A language model speaks after the greeting; the steps are for when it fails."""
    transfer_to: str | None = None
    """Who takes over when a question was not understood and names no other step, and wherever a
    transfer names nobody."""
    transfer_text: str = TRANSFER_TEXT
    transfer_failed_text: str = TRANSFER_FAILED_TEXT
    surveys: tuple[Survey, ...] = ()
    places: tuple[str, ...] = ()
    """Where each of `steps` is written (JSON pointer), if any stands inside another."""

    def at(self, index: int) -> str:
        """Where the step at `index` is written."""
        return self.places[index] if self.places else f"/steps/{index}"

    def counts(self, step_id: str) -> bool:
        """Is this question one of a survey? All are where none is written as such."""
        return not self.surveys or any(step_id in each.questions for each in self.surveys)

    @property
    def transfers_to(self) -> tuple[str, ...]:
        """Everybody it may hand a call over to."""
        named = [step.to for step in self.steps if isinstance(step, Transfer)]
        tools = self.prompt.tools if self.prompt is not None else ()
        named += [tool.to for tool in tools if isinstance(tool, TransferTool)]
        return tuple(dict.fromkeys(to for to in (self.transfer_to, *named) if to))

    @property
    def listens(self) -> bool:
        """Does it understand words?"""
        return self.prompt is not None or any(
            isinstance(step, Ask) and step.answer is not None for step in self.steps
        )

    @property
    def needs_ears(self) -> bool:
        """Does it make use of somebody who hears?"""
        return self.listens or self.on_machine.do != "talk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The person pressed a key."""

    key: str
    now: datetime | None = None
    """As that of `Spoken`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """The person said something: the words, and how well each phrase listened for fits them."""

    text: str
    scores: Mapping[str, float] = field(default_factory=dict[str, float])
    now: datetime | None = None
    """When, in the person's own zone; without it no day and no moment is understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeout:
    """The person did nothing for as long as the question allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferEnded:
    """Somebody took the call that was to be handed over, or nobody did."""

    is_answered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolAnswered:
    """What a program answered, or why it did not do what it was asked."""

    is_done: bool
    answer: str = ""


Heard = Key | Spoken | Timeout | TransferEnded | ToolAnswered


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One text to say. `is_personal` when it holds the contact's own values."""

    step: str | None
    text: str
    is_personal: bool = False
    is_question: bool = False
    """Words may interrupt it, and answer it."""
    is_kept: bool = False
    """No key cuts it short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Wait this long for one of these keys, or for words, once everything is said.

    Both may also interrupt the question itself. `phrases` are what a recognizer is to score.
    """

    step: str
    keys: frozenset[str]
    seconds: float
    takes_words: bool = False
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferring:
    """Hand the call over to `to`, which may ring for so long, once everything is said."""

    step: str
    to: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Have a program asked once everything is said; say `filler` after so many seconds."""

    step: str
    tool: HttpTool
    arguments: Mapping[str, str | int | float | bool]
    filler: Utterance
    filler_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The script ran to an end; `result` is what its author called that end."""

    result: str | None = None
    callback_at: datetime | None = None
    """When they asked to be called again, if they said when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An answer to a question."""

    step: str
    kind: str
    """`key`, or the kind of the answer: yes_no, choice, number, date, text."""
    value: str
    """As it is kept: `yes`, an option's value, `2.5`, `2026-12-01`, the words or the key."""
    by: Literal["key", "speech"]
    said: str
    """The words, or the keys."""
    score: float | None = None
    """What the answer counts, where the script says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where a conversation stands between two turns."""

    step: str | None = None
    reprompted: int = 0
    asks_for_keys: bool = False
    """Words were not understood: the question asks for keys now."""
    was_unclear: bool = False
    """Something that is no answer was said or pressed at this question."""
    pressed: str = ""
    """Keys of an answer that takes several."""
    given: tuple[Given, ...] = ()
    given_up: frozenset[str] = frozenset()
    """Questions that were asked in vain."""
    saved: Mapping[str, str] = field(default_factory=dict[str, str])
    fields: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def known(self) -> Mapping[str, str]:
        """What texts may say: the contact's fields, and what was saved."""
        return {**self.fields, **{SAVED + name: value for name, value in self.saved.items()}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Say all of `say` in order, then do `then`."""

    say: tuple[Utterance, ...]
    then: Listen | Transferring | Asking | Ended
    state: State


def opening(script: Script) -> tuple[str, ...]:
    """What is said first, unrendered. A greeting that asks something comes last."""
    said = (script.greeting, script.disclosure or "")
    is_question = script.greeting.rstrip().endswith("?")
    return tuple(text for text in (reversed(said) if is_question else said) if text.strip())


def texts(script: Script) -> tuple[str, ...]:
    """Everything the script may say of its own, unrendered, in order."""
    said = [script.greeting, script.disclosure or ""]
    for step in script.steps:
        match step:
            case Ask():
                said += [step.text, step.reprompt or "", step.keypad or ""]
            case Say() | End() | Transfer():
                said.append(step.text or "")
            case UseTool():
                # What it tells a program is as good as said: it has holes like any other text.
                told = [value for value in step.arguments.values() if isinstance(value, str)]
                said += [step.filler, *told]
            case Branch():
                pass
            case _:
                assert_never(step)
    said.append(script.on_machine.message or "")
    if script.prompt is not None:
        said += texts_of(script.prompt)
    if script.needs_ears:
        # Who hears words at all minds these two, whatever the questions ask for.
        said += [script.opt_out_text, script.callback_text]
    if script.transfers_to:
        said += [script.transfer_text, script.transfer_failed_text]
    return tuple(text for text in said if text)
