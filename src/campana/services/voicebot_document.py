"""A VoiceBot as people write it, in JSON or YAML: what it says, asks and understands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from campana.domain import prompted, script, transfer
from campana.domain.sound_models import HearingModel
from campana.domain.surveys import Survey
from campana.services.answer_document import StepId, Text, Variable
from campana.services.prompt_document import PromptDocument, prompt_of
from campana.services.question_document import Question, ask_of
from campana.services.sound_document import (
    HearingDocument,
    SpeechDocument,
    hearing_of,
    speech_of,
)
from campana.services.survey_document import SurveyStep, survey_of

TransferTarget = Annotated[str, Meta(min_length=1, max_length=320)]
"""A number (E.164) or `sip:name@host` of one of the channel's trunks."""
_SHORTEST_RING, _LONGEST_RING = transfer.TIMEOUT_SECONDS
RingSeconds = Annotated[float, Meta(ge=_SHORTEST_RING, le=_LONGEST_RING)]


class _Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    pass


class SayStep(_Document, frozen=True, tag_field="type", tag="say"):
    """Speaks, then goes on to `next` or the step below."""

    id: StepId
    text: Text
    next: StepId | None = None


class AskStep(Question[StepId], frozen=True, tag_field="type", tag="ask"):
    """Speaks and waits for a key or, with `answer`, for words too."""


class BranchStep(_Document, frozen=True, tag_field="type", tag="branch"):
    """Goes where a saved answer says."""

    id: StepId
    on: StepId
    cases: dict[str, StepId]
    otherwise: StepId | None = None


class TransferStep(_Document, frozen=True, tag_field="type", tag="transfer"):
    """Hands the call over to somebody else; with whoever takes it the bot's part is over."""

    id: StepId
    to: TransferTarget | None = None
    """The bot's `transferTo` when none is given."""
    text: Text | None = None
    """Said before; the bot's `transferText` when none is given."""
    timeout_seconds: RingSeconds = 25.0
    """How long it may ring there."""
    otherwise: StepId | None = None
    """When nobody takes it; `transferFailedText` is said and the call ends when none is given."""


class ToolStep(_Document, frozen=True, tag_field="type", tag="tool"):
    """Has a program asked, as a model's `http` tool does, and goes on with what it answered."""

    id: StepId
    url: Annotated[str, Meta(min_length=1, max_length=2000)]
    otherwise: StepId
    """When it did not do its part: no answer in time, another status than 2xx, or an answer without
    a value that `save` asks for."""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    arguments: Annotated[dict[Variable, str | int | float | bool], Meta(max_length=50)] = {}
    """What it is told. Texts may name fields of the contact and what was saved."""
    credential: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    timeout_seconds: Annotated[float, Meta(ge=1, le=30)] = 5.0
    save: Annotated[
        dict[Variable, Annotated[str, Meta(min_length=1, max_length=200)]], Meta(max_length=50)
    ] = {}
    """The name a value is kept by, and where it stands in the JSON answer: `slots.0.day`."""
    filler: Annotated[str, Meta(max_length=200)] = "One moment, please."
    """Said when it takes longer than `fillerSeconds`; nothing when empty."""
    filler_seconds: Annotated[float, Meta(ge=0.3, le=30)] = prompted.FILLER_SECONDS
    next: StepId | None = None


class EndStep(_Document, frozen=True, tag_field="type", tag="end"):
    """Says goodbye and hangs up."""

    id: StepId
    text: Text | None = None
    result: Annotated[str, Meta(max_length=100)] | None = None


_PlainStep = SayStep | AskStep | BranchStep | TransferStep | ToolStep | EndStep
Step = _PlainStep | SurveyStep


class OnMachineDocument(_Document, frozen=True):
    """What to do when a machine answers; with `talk` nobody listens who it was."""

    do: Literal["talk", "hang_up", "leave_message"] = "talk"
    message: Text | None = None
    """Left after the beep, and only then."""


class VoiceBotDocument(_Document, frozen=True):
    """What the bot says, asks and understands."""

    greeting: Text
    steps: Annotated[list[Step], Meta(min_length=1, max_length=100)]
    disclosure: Text | None = None
    """Said with the greeting, whatever follows: that it is an automatic call, or is recorded."""
    language: Annotated[str, Meta(pattern="^[a-z]{2,3}$")] | None = None
    """What is spoken (ISO 639-1); English when left out. Answers and wishes in words are understood
    in English only: in another language the steps ask for keys, or a language model speaks."""
    voice: Literal["heart"] | None = None
    """Our own, also where the installation speaks with another."""
    speech: SpeechDocument | None = None
    """Who speaks: an endpoint of your own, or another voice of the installation's."""
    hearing: HearingDocument | None = None
    """Who reads what is said: an endpoint of your own, or another model of the installation's."""
    endpointing: Annotated[int, Meta(ge=300, le=3000)] | None = None
    """Milliseconds of silence that end what somebody says where it is not clearly an answer before;
    704 when left out."""
    max_seconds: Annotated[int, Meta(ge=5, le=3600)] = 180
    on_machine: OnMachineDocument = OnMachineDocument()
    opt_out_text: Text = script.OPT_OUT_TEXT
    """Said to whoever asks not to be called again."""
    callback_text: Text = script.CALLBACK_TEXT
    """Said to whoever asks to be called later; `{{ when }}` is what was understood."""
    result: dict[str, Any] | None = None
    """JSON Schema of what the answers come to, each by its `saveAs` or its question's id."""
    prompt: PromptDocument | None = None
    """A language model speaks after the greeting; the steps are for when it fails."""
    transfer_to: TransferTarget | None = None
    """Who takes over when a question was not understood and has no `otherwise`."""
    transfer_text: Text = script.TRANSFER_TEXT
    """Said before a call is handed over."""
    transfer_failed_text: Text = script.TRANSFER_FAILED_TEXT
    """Said when nobody took it; then the call ends."""


def script_of(document: VoiceBotDocument) -> script.Script:
    """The domain's Script of a VoiceBot as written; a survey is taken apart into its questions."""
    steps, places, surveys = _steps(document.steps)
    return script.Script(
        greeting=document.greeting,
        steps=steps,
        surveys=surveys,
        places=places,
        disclosure=document.disclosure,
        language=document.language,
        voice=document.voice,
        speech=speech_of(document.speech) if document.speech is not None else None,
        hearing=_hearing(document),
        endpointing=document.endpointing,
        max_seconds=document.max_seconds,
        on_machine=script.OnMachine(do=document.on_machine.do, message=document.on_machine.message),
        opt_out_text=document.opt_out_text,
        callback_text=document.callback_text,
        result=document.result,
        prompt=prompt_of(document.prompt) if document.prompt is not None else None,
        transfer_to=document.transfer_to,
        transfer_text=document.transfer_text,
        transfer_failed_text=document.transfer_failed_text,
    )


def _hearing(document: VoiceBotDocument) -> HearingModel | None:
    if document.hearing is None:
        return None
    hearing = hearing_of(document.hearing)
    return replace(hearing, language=hearing.language or document.language)


def _steps(
    written: Sequence[Step],
) -> tuple[tuple[script.Step, ...], tuple[str, ...], tuple[Survey, ...]]:
    """Steps, where each is written (nothing where that is its own place), and the surveys."""
    steps: list[script.Step] = []
    places: list[str] = []
    surveys: list[Survey] = []
    for index, (step, below) in enumerate(zip(written, (*written[1:], None), strict=True)):
        at = f"/steps/{index}"
        if isinstance(step, SurveyStep):
            survey, parts = survey_of(step, at=at, below=below.id if below is not None else None)
            surveys.append(survey)
            steps += parts
            places += [at, *(f"{at}/questions/{n}" for n in range(len(parts) - 1))]
        else:
            steps.append(_step(step))
            places.append(at)
    return tuple(steps), tuple(places) if surveys else (), tuple(surveys)


def _step(step: _PlainStep) -> script.Step:
    match step:
        case SayStep():
            return script.Say(id=step.id, text=step.text, next=step.next)
        case AskStep():
            return ask_of(step, keys=step.keys, next_step=step.next, otherwise=step.otherwise)
        case BranchStep():
            return script.Branch(id=step.id, on=step.on, cases=step.cases, otherwise=step.otherwise)
        case TransferStep():
            return script.Transfer(
                id=step.id,
                to=step.to,
                text=step.text,
                timeout_seconds=step.timeout_seconds,
                otherwise=step.otherwise,
            )
        case ToolStep():
            return script.UseTool(
                id=step.id,
                tool=prompted.HttpTool(
                    name=step.id,
                    description="",
                    url=step.url,
                    method=step.method,
                    credential=step.credential,
                    seconds=step.timeout_seconds,
                ),
                arguments=step.arguments,
                saves=step.save,
                filler=step.filler,
                filler_seconds=step.filler_seconds,
                next=step.next,
                otherwise=step.otherwise,
            )
        case EndStep():
            return script.End(id=step.id, text=step.text, result=step.result)
