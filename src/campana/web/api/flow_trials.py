"""`/v1/flows/{id}/validate` and `/simulate`: what is wrong with a flow, and how it talks."""

from __future__ import annotations

from typing import Any

from litestar import Response, post
from litestar.params import FromPath

from campana.domain.errors import NotFound
from campana.services import flows
from campana.services.flows import FlowCheckDocument, SimulationDocument, Step
from campana.web import flow_examples
from campana.web.answers import Instant, Shape, answer, instant
from campana.web.operations import Operation, promise
from campana.web.request import ApiRequest
from campana.web.versions import LocatedShape, located


class FlowCheckShape(Shape, frozen=True, kw_only=True):
    """All that is wrong, at once. `version` names the content of a flow that can be run.

    A flow with `warnings` can be published and simulated, and no campaign runs it.
    """

    is_valid: bool
    version: str | None
    problems: list[LocatedShape]
    warnings: list[LocatedShape]


class StepShape(Shape, frozen=True, kw_only=True):
    """What came of one input; of the start, where `input` is null."""

    at: Instant
    input: dict[str, Any] | None
    path: list[str]
    events: list[dict[str, Any]]


class SimulationShape(Shape, frozen=True, kw_only=True):
    """A whole chat, and how it stands in the end."""

    steps: list[StepShape]
    status: str
    outcome: str | None
    variables: dict[str, Any]


@post(
    "/flows/{flow_id:str}/validate",
    status_code=200,
    opt=promise(
        Operation(
            "flows.validate",
            "Say everything that is wrong with a text, a definition, or else the draft",
            scope="flows:read",
            body=FlowCheckDocument,
            is_body_optional=True,
            answer=FlowCheckShape,
            errors=(NotFound,),
            body_example={"text": "name: Feedback\nnodes: {}\n"},
            example=flow_examples.CHECKED,
        )
    ),
)
async def validate_flow(request: ApiRequest, flow_id: FromPath[str]) -> Response[bytes]:
    found = await flows.problems(
        request.context,
        workspace_id=request.workspace_id,
        flow_id=flow_id,
        raw=await request.optional_document(),
    )
    return answer(
        FlowCheckShape(
            is_valid=found.flow is not None,
            version=found.flow.version if found.flow else None,
            problems=located(found.problems),
            warnings=located(found.warnings),
        )
    )


@post(
    "/flows/{flow_id:str}/simulate",
    status_code=200,
    opt=promise(
        Operation(
            "flows.simulate",
            "Have a chat with a flow, in virtual time; nothing is sent",
            scope="flows:read",
            body=SimulationDocument,
            is_body_optional=True,
            answer=SimulationShape,
            errors=(NotFound,),
            body_example=flow_examples.SIMULATION_DOCUMENT,
            example=flow_examples.SIMULATION,
        )
    ),
)
async def simulate_flow(request: ApiRequest, flow_id: FromPath[str]) -> Response[bytes]:
    steps = await flows.simulate(
        request.context,
        workspace_id=request.workspace_id,
        flow_id=flow_id,
        raw=await request.optional_document(),
    )
    session = steps[-1].sprint.session
    return answer(
        SimulationShape(
            steps=[_step(each) for each in steps],
            status=session.status,
            outcome=None if session.outcome is None else str(session.outcome),
            variables=dict(session.variables),
        )
    )


def _step(step: Step) -> StepShape:
    return StepShape(
        at=instant(step.at),
        input=None if step.told is None else dict(step.told),
        path=[str(each) for each in step.sprint.path],
        events=[dict(each) for each in flows.events_of(step)],
    )


ROUTES = [validate_flow, simulate_flow]
