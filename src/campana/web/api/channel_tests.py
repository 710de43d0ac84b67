"""`/v1/channels/{id}/test-message`: one message, or one call, to one address."""

from __future__ import annotations

from typing import Literal

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from campana.domain.errors import Conflict, NotFound, PreflightBlocked, RateLimited
from campana.domain.ids import numbered
from campana.services import channel_tests, channels
from campana.services.channel_tests import TestDocument
from campana.store.channel_tests import ChannelTest
from campana.web import talk_examples
from campana.web.answers import Instant, Shape, answer, instant, shown
from campana.web.idempotency import once
from campana.web.operations import Operation, promise
from campana.web.request import ApiRequest


class TestMessage(Shape, frozen=True, kw_only=True):
    """A test and how far it is.

    `outcome` is the disposition of its attempt once it has `ended`; `refused` with a `reason`, or
    `expired`, when nothing was sent.
    """

    __test__ = False

    id: str
    channel_id: str
    to: str | None
    state: Literal["waiting", "under_way", "ended"]
    outcome: str | None
    reason: str | None
    conversation_id: str | None
    """Where a message stands."""
    campaign_id: str | None
    """Of one person: the call."""
    asked_by: str
    created_at: Instant


class TestMessages(Shape, frozen=True, kw_only=True):
    __test__ = False

    data: list[TestMessage]


@post(
    "/channels/{channel_id:str}/test-message",
    opt=promise(
        Operation(
            "channels.testMessages.send",
            "Send one message, or place one call, to one address",
            scope="channels:write",
            body=TestDocument,
            answer=TestMessage,
            status=202,
            is_once=True,
            errors=(NotFound, Conflict, PreflightBlocked, RateLimited),
            body_example=talk_examples.TEST_DOCUMENT,
            example=talk_examples.TEST_MESSAGE,
        )
    ),
)
@once
async def send_test(request: ApiRequest, channel_id: FromPath[str]) -> Response[bytes]:
    made = await channel_tests.send(
        request.context,
        workspace_id=request.workspace_id,
        channel_id=channel_id,
        raw=await request.document(),
        asked_by=request.principal.key_id,
    )
    return answer(shape_of(made), status=202)


@get(
    "/channels/{channel_id:str}/test-messages",
    opt=promise(
        Operation(
            "channels.testMessages.list",
            "List the newest ten tests of a channel and what became of them",
            scope="channels:write",
            answer=TestMessages,
            is_conditional=True,
            errors=(NotFound,),
            example=talk_examples.TEST_MESSAGES,
        )
    ),
)
async def list_tests(request: ApiRequest, channel_id: FromPath[str]) -> ASGIApp:
    found = await channels.with_id(
        request.context, workspace_id=request.workspace_id, channel_id=channel_id
    )
    made = await channel_tests.latest(
        request.context, workspace_id=request.workspace_id, channel_id=found.id
    )
    return shown(request, TestMessages(data=[shape_of(each) for each in made]))


def shape_of(test: ChannelTest) -> TestMessage:
    """A test as the API shows it."""
    match test.state:
        case "ended" | "under_way" as state:
            pass
        case _:
            state = "waiting"
    return TestMessage(
        id=numbered("test", test.id),
        channel_id=test.channel_id,
        to=test.address,
        state=state,
        outcome=test.outcome,
        reason=test.reason,
        conversation_id=test.conversation_id,
        campaign_id=test.campaign_id,
        asked_by=test.asked_by,
        created_at=instant(test.at),
    )


ROUTES = [send_test, list_tests]
