"""`/v1/voice-calls`: calls that were placed, what was said, and links to what was recorded."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, cast

from litestar import Response, get
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Meta

from campana.domain.attempt import AttemptState
from campana.domain.clock import parse_moment, wire
from campana.domain.errors import NotFound
from campana.domain.ids import attempt_of, attempt_text
from campana.store import voice_calls
from campana.store.voice_calls import Filters, VoiceCall
from campana.web import call_examples
from campana.web.answers import Instant, Shape, answer, instant, shown
from campana.web.links import Links
from campana.web.operations import Operation, promise
from campana.web.paging import page_of
from campana.web.query import Cursor, DateFrom, DateTo, PageNumber, PageSize, Query, bad_cursor
from campana.web.request import ApiRequest
from campana.web.voice_call_shapes import (
    Direction,
    SurveyResults,
    VoiceCallDetail,
    VoiceCallPage,
    detail,
    listed,
    survey,
)

LINK_LIFE = timedelta(minutes=15)


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
            is_maskable=True,
            example=call_examples.VOICE_CALL_PAGE,
        )
    ),
)
async def list_voice_calls(request: ApiRequest) -> ASGIApp:
    asked = request.parameters(VoiceCallsQuery)
    is_masked = request.excludes_pii()
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
            data=[listed(call, is_masked=is_masked) for call in calls],
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
            is_maskable=True,
            errors=(NotFound,),
            example=call_examples.VOICE_CALL_DETAIL,
        )
    ),
)
async def get_voice_call(request: ApiRequest, call_id: FromPath[str]) -> ASGIApp:
    is_masked = request.excludes_pii()
    return shown(request, detail(await _found(request, call_id), is_masked=is_masked))


@get(
    "/voice-calls/{call_id:str}/recording-url",
    opt=promise(
        Operation(
            "voiceCalls.recordingUrl",
            "Get a link to a call's recording, good for 15 minutes",
            scope="audio:download",
            answer=RecordingUrl,
            errors=(NotFound,),
            example=call_examples.RECORDING_URL,
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
            is_maskable=True,
            errors=(NotFound,),
            example=call_examples.SURVEY_RESULTS,
        )
    ),
)
async def survey_results(request: ApiRequest, call_id: FromPath[str]) -> ASGIApp:
    is_masked = request.excludes_pii()
    return shown(request, survey(await _found(request, call_id), is_masked=is_masked))


async def _found(request: ApiRequest, call_id: str) -> VoiceCall:
    attempt_id = attempt_of(call_id)
    if attempt_id is None:
        raise NotFound
    async with request.context.db.read(workspace_id=request.workspace_id) as tx:
        call = await voice_calls.get(tx, workspace_id=request.workspace_id, attempt_id=attempt_id)
    if call is None:
        raise NotFound
    return call


ROUTES = [list_voice_calls, get_voice_call, recording_url, survey_results]
