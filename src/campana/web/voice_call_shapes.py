"""Calls as the API shows them; on request without what says who somebody is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Literal, cast

from msgspec import field

from campana.domain.attempt import AttemptState
from campana.domain.clock import wire
from campana.domain.disposition import RESULTS, Disposition
from campana.domain.ids import attempt_text, numbered
from campana.domain.masking import NUMBER, masked, masked_address, masked_together
from campana.domain.transfer import TransferOutcome
from campana.store.voice_calls import VoiceCall
from campana.web.answers import Instant, Shape, instant

Direction = Literal["inbound", "outbound"]
_ASKED_FOR = frozenset(str(disposition) for disposition in RESULTS.values())
"""What ended a call because the person said so, whatever the script was at."""


class VoiceCallShape(Shape, frozen=True, kw_only=True):
    """A call: the attempt and what the line said of it."""

    id: str
    campaign_id: str
    target_id: str
    contact_id: str
    channel_id: str
    attempt_number: int
    direction: Direction
    from_: str = field(name="from")
    to: str
    state: AttemptState
    disposition: str | None
    reason: str | None
    sip_status: int | None
    created_at: Instant
    answered_at: Instant | None
    ended_at: Instant | None
    talk_seconds: float | None
    result: str | None
    has_recording: bool
    recording_removed_at: Instant | None
    transcript_removed_at: Instant | None


class VoiceCallPage(Shape, frozen=True, kw_only=True):
    """Newest first. `page` is null when a cursor was followed."""

    data: list[VoiceCallShape]
    page: int | None
    page_size: int
    total_count: int
    next_cursor: str | None


class AnswerShape(Shape, frozen=True, kw_only=True):
    """An answer to a question: what was meant, and the words or the keys that said so.

    `said` is null once the transcript was removed.
    """

    step: str
    question: str
    type: Literal["key", "yes_no", "choice", "number", "date", "text"]
    value: str
    by: Literal["key", "speech"]
    said: str | None = None
    score: float | None
    at_ms: int


class UsedToolShape(Shape, frozen=True, kw_only=True):
    """A tool that a language model called, or a step of the script: `refused` where the model has
    none such, or not with these arguments; `failed` where its program did not do it.

    `arguments` and `answer` are null once the transcript was removed.
    """

    name: str
    outcome: Literal["done", "refused", "failed"]
    arguments: str | None
    answer: str | None


class ModelShape(Shape, frozen=True, kw_only=True):
    """What a language model and the tools did in a call: `values` fit the bot's `result`.
    `misfits` says why the answers of a script do not; then there are no `values`.

    `failure` says why the bot's steps took over from it; null where they did not.
    """

    values: dict[str, Any] | None
    misfits: list[str]
    tools: list[UsedToolShape]
    tokens: int
    failure: str | None


class SpeechEndpointShape(Shape, frozen=True, kw_only=True):
    """Whose voice the bot had; `failure` says why our own took over, null where it did not."""

    model: str
    voice: str
    failure: str | None


class HearingEndpointShape(Shape, frozen=True, kw_only=True):
    """Who read what was said; `failure` says why our own models took over, null where they did
    not."""

    model: str
    failure: str | None


class EndpointsShape(Shape, frozen=True, kw_only=True):
    """Endpoints that spoke and heard in a call; null where we did it ourselves."""

    speech: SpeechEndpointShape | None
    hearing: HearingEndpointShape | None


class QualityShape(Shape, frozen=True, kw_only=True):
    """How well the callee could be heard: `mos` is an estimate from 1 (bad) to 4.4 (ITU-T G.107,
    simplified), of packets that were `lost` or came too `late`, of jitter and of the round trip.

    `lost` and `roundTripMs` are as the other side reported them, 0 where it did not.
    """

    mos: float
    received: int
    lost: int
    late: int
    jitter_ms: float
    round_trip_ms: float


class TransferShape(Shape, frozen=True, kw_only=True):
    """A transfer that was asked for, and what came of it.

    `status` is the final SIP code it was reported with, where there was one. `unknown`: the call
    ended before anybody said what came of it. `barred`: our own rules did not allow it any more.
    """

    step: str
    to: str
    outcome: TransferOutcome
    status: int | None
    at_ms: int


class VoiceCallDetail(VoiceCallShape, frozen=True, kw_only=True):
    """A call with the keys pressed, the answers given, and what was said by whom: so far, while
    it runs.

    Once it is over, what the bot said in reply to words has `latency`: how long the callee waited,
    from their last sound to the reply's first, and where that went (the parts add up to `totalMs`).
    """

    keys: str
    saved: dict[str, str]
    answers: list[AnswerShape]
    answered_by: Literal["human", "machine", "screener", "fax", "silence", "unsure"] | None
    has_left_message: bool
    callback_at: Instant | None
    model: ModelShape | None
    quality: QualityShape | None
    """Known once the call is over; null where no sound came."""
    endpoints: EndpointsShape | None
    """Known once the call is over; null where no endpoint spoke or heard."""
    transfers: list[TransferShape]
    """Known once the call is over."""
    transcript: list[dict[str, Any]]


class SurveyResults(Shape, frozen=True, kw_only=True):
    """How far the questions of a call came: those of its surveys, or all where the bot has none.

    `completed`: every question was answered, and the script ran to its end; those that an answer
    led past are not counted then. `partial`: some were. `completionReason` of who asked not to be
    called again is `opt_out`, of who asked to be called later `callback_request`. The score is the
    sum of those that the bot gives to answers; null when none of them has one.
    """

    state: Literal["in_progress", "completed", "partial", "not_answered"]
    completion_reason: str | None
    total_questions: int
    questions_answered: int
    calculated_score: float | None
    responses: list[AnswerShape]


def listed(call: VoiceCall, *, is_masked: bool) -> VoiceCallShape:
    """A line of a list."""
    return VoiceCallShape(**_facts(call, is_masked=is_masked))


def detail(call: VoiceCall, *, is_masked: bool) -> VoiceCallDetail:
    """The whole call."""
    mask = _mask(call, is_masked=is_masked)
    return VoiceCallDetail(
        **_facts(call, is_masked=is_masked),
        keys=mask(call.keys),
        saved={name: mask(value) for name, value in call.saved.items()},
        answers=_answers(call.answers, mask),
        answered_by=cast("Any", call.answered_by),
        has_left_message=call.has_left_message,
        callback_at=wire(call.callback_at),
        model=_model(call, mask),
        quality=_quality(call.quality),
        endpoints=_endpoints(call.endpoints),
        transfers=[
            TransferShape(
                step=each["step"],
                to=each["to"],
                outcome=TransferOutcome(each["outcome"]),
                status=each["status"],
                at_ms=each["atMs"],
            )
            for each in call.transfers
        ],
        transcript=_transcript(call, is_masked=is_masked),
    )


def _quality(counted: Mapping[str, float] | None) -> QualityShape | None:
    if counted is None:
        return None
    return QualityShape(
        mos=counted["mos"],
        received=int(counted["received"]),
        lost=int(counted["lost"]),
        late=int(counted["late"]),
        jitter_ms=counted["jitterMs"],
        round_trip_ms=counted["roundTripMs"],
    )


def _endpoints(used: Mapping[str, Any] | None) -> EndpointsShape | None:
    if used is None:
        return None
    speech, hearing = used["speech"], used["hearing"]
    return EndpointsShape(
        speech=SpeechEndpointShape(**speech) if speech is not None else None,
        hearing=HearingEndpointShape(**hearing) if hearing is not None else None,
    )


def _model(call: VoiceCall, mask: Callable[[str], str]) -> ModelShape | None:
    model = call.model
    if model is None:
        return None

    def text(value: str | None) -> str | None:
        return None if value is None else mask(value)

    return ModelShape(
        values=_masked(model["values"], mask),
        misfits=[mask(each) for each in model.get("misfits", ())],
        tools=[
            UsedToolShape(
                name=each["name"],
                outcome=each["outcome"],
                arguments=text(each.get("arguments")),
                answer=text(each.get("answer")),
            )
            for each in model["tools"]
        ],
        tokens=model["tokens"],
        failure=model["failure"],
    )


def _masked(value: Any, mask: Callable[[str], str]) -> Any:  # noqa: ANN401 - any JSON
    match value:
        case str():
            return mask(value)
        case dict():
            named = cast("dict[str, Any]", value)
            return {name: _masked(each, mask) for name, each in named.items()}
        case list():
            return [_masked(each, mask) for each in cast("list[Any]", value)]
        case _:
            return value


def survey(call: VoiceCall, *, is_masked: bool) -> SurveyResults:
    """What its questions were answered with."""
    counted = [each for each in call.answers if each.get("isOfSurvey", True)]
    given = _answers(counted, _mask(call, is_masked=is_masked))
    # A question that was come to again is answered by what was said last.
    last = {each.step: each for each in given}
    scores = [each.score for each in last.values() if each.score is not None]
    return SurveyResults(
        state=_survey_state(call, len(last)),
        completion_reason=call.disposition if call.disposition in _ASKED_FOR else call.reason,
        total_questions=call.questions,
        questions_answered=len(last),
        calculated_score=sum(scores) if scores else None,
        responses=list(last.values()),
    )


def _mask(call: VoiceCall, *, is_masked: bool) -> Callable[[str], str]:
    return partial(masked, names=call.names) if is_masked else str


def _transcript(call: VoiceCall, *, is_masked: bool) -> list[dict[str, Any]]:
    """Numbers are typed a key a line: one alone says nothing, all of them are the number.

    They are read from the lines: the keys of a call that runs are not counted yet.
    """
    lines = call.transcript or ()
    if not is_masked:
        return [dict(line) for line in lines]
    mask = _mask(call, is_masked=True)
    typed = "".join(line["text"] for line in lines if _is_key(line))
    is_number = mask(typed) != typed
    said = [line["text"] for line in lines if line["role"] == "callee" and not _is_key(line)]
    theirs = iter(masked_together(said, names=call.names))
    shown: list[dict[str, Any]] = []
    for line in lines:
        if _is_key(line):
            text = NUMBER if is_number else line["text"]
        else:
            text = next(theirs) if line["role"] == "callee" else mask(line["text"])
        shown.append({**line, "text": text})
    return shown


def _is_key(line: Mapping[str, Any]) -> bool:
    return len(line["text"]) == 1 and line["text"] in "0123456789*#"


def _survey_state(
    call: VoiceCall, answered: int
) -> Literal["in_progress", "completed", "partial", "not_answered"]:
    if call.state.is_open:
        return "in_progress"
    is_over = call.disposition == Disposition.COMPLETED
    # With a bot that asks nothing there is nothing to answer before somebody else takes the call.
    is_over |= call.disposition == Disposition.TRANSFERRED and call.questions > 0
    if is_over and answered >= call.questions:
        return "completed"
    return "partial" if answered else "not_answered"


def _answers(answers: Iterable[Mapping[str, Any]], mask: Callable[[str], str]) -> list[AnswerShape]:
    return [
        AnswerShape(
            step=each["step"],
            question=mask(each["question"]),
            type=each["type"],
            value=mask(each["value"]),
            by=each["by"],
            said=None if each.get("said") is None else mask(each["said"]),
            score=each["score"],
            at_ms=each["atMs"],
        )
        for each in answers
    ]


def _facts(call: VoiceCall, *, is_masked: bool) -> dict[str, Any]:
    is_ours = call.direction == "outbound"
    ours, theirs = call.from_number, call.to_number
    if not is_ours:
        ours, theirs = theirs, ours
    theirs = masked_address(theirs) if is_masked else theirs
    return {
        "id": attempt_text(call.id),
        "campaign_id": call.campaign_id,
        "target_id": numbered("tgt", call.target_id),
        "contact_id": numbered("ctc", call.contact_id),
        "channel_id": call.channel_id,
        "attempt_number": call.attempt_no,
        "direction": call.direction,
        "from_": ours if is_ours else theirs,
        "to": theirs if is_ours else ours,
        "state": call.state,
        "disposition": call.disposition,
        "reason": call.reason,
        "sip_status": call.sip_status,
        "created_at": instant(call.created_at),
        "answered_at": wire(call.answered_at),
        "ended_at": wire(call.ended_at),
        "talk_seconds": call.talk_seconds,
        "result": call.result,
        "has_recording": call.recording_key is not None,
        "recording_removed_at": wire(call.recording_removed_at),
        "transcript_removed_at": wire(call.transcript_removed_at),
    }
