"""`/v1/voice-calls`: calls that were placed, what was said, and links to what was recorded."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, cast

from litestar import Response, get
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Meta, field

from campana.domain.attempt import AttemptState
from campana.domain.clock import parse_moment, wire
from campana.domain.disposition import Disposition
from campana.domain.errors import NotFound
from campana.domain.ids import attempt_of, attempt_text, numbered
from campana.store import voice_calls
from campana.store.voice_calls import Filters, VoiceCall
from campana.web import examples
from campana.web.answers import Instant, Shape, answer, instant, shown
from campana.web.links import Links
from campana.web.operations import Operation, promise
from campana.web.paging import page_of
from campana.web.query import Cursor, DateFrom, DateTo, PageNumber, PageSize, Query, bad_cursor
from campana.web.request import ApiRequest

Direction = Literal["inbound", "outbound"]

LINK_LIFE = timedelta(minutes=15)


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


class VoiceCallDetail(VoiceCallShape, frozen=True, kw_only=True):
    """A call with the keys pressed, the answers given, and what was said by whom: so far, while
    it runs.

    Once it is over, what the bot said in reply to words has `latency`: how long the callee waited,
    from their last sound to the reply's first, and where that went (the parts add up to `totalMs`).
    """

    keys: str
    saved: dict[str, str]
    answers: list[AnswerShape]
    answered_by: Literal["human", "machine", "silence", "unsure"] | None
    has_left_message: bool
    callback_at: Instant | None
    transcript: list[dict[str, Any]]


class SurveyResults(Shape, frozen=True, kw_only=True):
    """How far the questions of a call came.

    `completed` is a script that ran to its end, `partial` one that was answered in part. The score
    is the sum of those that the bot gives to answers; null when none of them has one.
    """

    state: Literal["in_progress", "completed", "partial", "not_answered"]
    completion_reason: str | None
    total_questions: int
    questions_answered: int
    calculated_score: float | None
    responses: list[AnswerShape]


class RecordingUrl(Shape, frozen=True, kw_only=True):
    """A link that needs no key, until it expires."""

    url: str
    expires_at: Instant


class VoiceCallsQuery(Query, frozen=True, kw_only=True):
    campaign_id: Annotated[str, Meta(max_length=100)] | None = None
    state: AttemptState | None = None
    direction: Direction | None = None
    date_from: DateFrom | None = None
    date_to: DateTo | None = None
    page: PageNumber | None = None
    page_size: PageSize = 25
    cursor: Cursor | None = None


@get(
    "/voice-calls",
    opt=promise(
        Operation(
            "voiceCalls.list",
            "List calls, newest first",
            scope="voice:read",
            query=VoiceCallsQuery,
            answer=VoiceCallPage,
            is_conditional=True,
            example=examples.VOICE_CALL_PAGE,
        )
    ),
)
async def list_voice_calls(request: ApiRequest) -> ASGIApp:
    asked = request.parameters(VoiceCallsQuery)
    page = page_of(page=asked.page, page_size=asked.page_size, cursor=asked.cursor)
    after = attempt_of(asked.cursor) if asked.cursor else None
    if asked.cursor and after is None:
        raise bad_cursor()
    async with request.context.db.read(workspace_id=request.workspace_id) as tx:
        found = await voice_calls.page(
            tx,
            workspace_id=request.workspace_id,
            filters=Filters(
                campaign_id=asked.campaign_id,
                state=asked.state,
                direction=asked.direction,
                date_from=parse_moment(asked.date_from) if asked.date_from else None,
                date_to=parse_moment(asked.date_to, is_end=True) if asked.date_to else None,
            ),
            limit=asked.page_size + 1,
            offset=(page - 1) * asked.page_size if page else 0,
            after=after,
        )
    calls = found.calls[: asked.page_size]
    return shown(
        request,
        VoiceCallPage(
            data=[VoiceCallShape(**_facts(call)) for call in calls],
            page=page,
            page_size=asked.page_size,
            total_count=found.total,
            next_cursor=attempt_text(calls[-1].id) if len(found.calls) > len(calls) else None,
        ),
    )


@get(
    "/voice-calls/{call_id:str}",
    opt=promise(
        Operation(
            "voiceCalls.get",
            "Show a call with its transcript",
            scope="voice:read",
            answer=VoiceCallDetail,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.VOICE_CALL_DETAIL,
        )
    ),
)
async def get_voice_call(request: ApiRequest, call_id: FromPath[str]) -> ASGIApp:
    call = await _found(request, call_id)
    return shown(
        request,
        VoiceCallDetail(
            **_facts(call),
            keys=call.keys,
            saved=dict(call.saved),
            answers=_answers(call),
            answered_by=cast("Any", call.answered_by),
            has_left_message=call.has_left_message,
            callback_at=wire(call.callback_at),
            transcript=[dict(line) for line in call.transcript or ()],
        ),
    )


@get(
    "/voice-calls/{call_id:str}/recording-url",
    opt=promise(
        Operation(
            "voiceCalls.recordingUrl",
            "Get a link to a call's recording, good for 15 minutes",
            scope="audio:download",
            answer=RecordingUrl,
            errors=(NotFound,),
            example=examples.RECORDING_URL,
        )
    ),
)
async def recording_url(request: ApiRequest, call_id: FromPath[str]) -> Response[bytes]:
    call = await _found(request, call_id)
    if call.recording_key is None:
        removed_at = wire(call.recording_removed_at)
        raise NotFound(
            f"the recording was removed at {removed_at}"
            if removed_at
            else "this call has no recording"
        )
    state = request.app.state
    until = request.context.clock.now().replace(microsecond=0) + LINK_LIFE
    link = cast("Links", state["links"]).make(call.recording_key, until=until)
    base = state["public_url"] or str(request.base_url).rstrip("/")
    return answer(
        RecordingUrl(url=f"{base}/v1/recordings/{link}", expires_at=instant(until)),
        headers={"cache-control": "no-store"},
    )


@get(
    "/voice-calls/{call_id:str}/survey-results",
    opt=promise(
        Operation(
            "voiceCalls.surveyResults",
            "Show what a call's questions were answered with",
            scope="voice:read",
            answer=SurveyResults,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.SURVEY_RESULTS,
        )
    ),
)
async def survey_results(request: ApiRequest, call_id: FromPath[str]) -> ASGIApp:
    call = await _found(request, call_id)
    given = _answers(call)
    # A question that was come to again is answered by what was said last.
    last = {each.step: each for each in given}
    scores = [each.score for each in last.values() if each.score is not None]
    return shown(
        request,
        SurveyResults(
            state=_survey_state(call, bool(given)),
            completion_reason=call.reason,
            total_questions=call.questions,
            questions_answered=len(last),
            calculated_score=sum(scores) if scores else None,
            responses=list(last.values()),
        ),
    )


def _survey_state(
    call: VoiceCall, is_answered: bool
) -> Literal["in_progress", "completed", "partial", "not_answered"]:
    if call.state.is_open:
        return "in_progress"
    if call.disposition == Disposition.COMPLETED:
        return "completed"
    return "partial" if is_answered else "not_answered"


def _answers(call: VoiceCall) -> list[AnswerShape]:
    return [
        AnswerShape(
            step=each["step"],
            question=each["question"],
            type=each["type"],
            value=each["value"],
            by=each["by"],
            said=each.get("said"),
            score=each["score"],
            at_ms=each["atMs"],
        )
        for each in call.answers
    ]


async def _found(request: ApiRequest, call_id: str) -> VoiceCall:
    attempt_id = attempt_of(call_id)
    if attempt_id is None:
        raise NotFound
    async with request.context.db.read(workspace_id=request.workspace_id) as tx:
        call = await voice_calls.get(tx, workspace_id=request.workspace_id, attempt_id=attempt_id)
    if call is None:
        raise NotFound
    return call


def _facts(call: VoiceCall) -> dict[str, Any]:
    return {
        "id": attempt_text(call.id),
        "campaign_id": call.campaign_id,
        "target_id": numbered("tgt", call.target_id),
        "contact_id": numbered("ctc", call.contact_id),
        "channel_id": call.channel_id,
        "attempt_number": call.attempt_no,
        "direction": "outbound",
        "from_": call.from_number,
        "to": call.to_number,
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


ROUTES = [list_voice_calls, get_voice_call, recording_url, survey_results]
