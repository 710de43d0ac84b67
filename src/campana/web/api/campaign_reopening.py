"""More to do for a campaign that was launched: people tried again on request, people added."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from campana.domain.disposition import Disposition
from campana.domain.errors import InvalidTransition, NotFound
from campana.services import documents, reopening
from campana.services.campaign_document import Name
from campana.web import examples
from campana.web.answers import Shape, answer
from campana.web.api.campaign_shapes import CampaignShape, shape_of
from campana.web.idempotency import once
from campana.web.operations import Operation, promise
from campana.web.request import ApiRequest


class RetryDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Whom to try again: those who finished with one of these outcomes.

    Meant is the `disposition` of a target, not those of its attempts.
    """

    outcomes: Annotated[list[Disposition], Meta(min_length=1, max_length=30)]


class MorePeopleDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """Whose people to add: a contact list by id or name."""

    contact_list: Name


class ReopenedShape(Shape, frozen=True, kw_only=True):
    """How many people wait again, in all and by what they had become; the campaign as it is now.

    `finished` says when nobody was found with which outcomes people did finish, and is null else.
    """

    reopened: int
    outcomes: dict[str, int]
    finished: dict[str, int] | None
    campaign: CampaignShape


@post(
    "/campaigns/{campaign_id:str}/retry",
    opt=promise(
        Operation(
            "campaigns.retry",
            "Try again whoever finished with these outcomes",
            scope="campaigns:control",
            body=RetryDocument,
            answer=ReopenedShape,
            is_once=True,
            errors=(NotFound, InvalidTransition),
            body_example={"outcomes": ["no_answer", "unknown"]},
            example=examples.REOPENED,
        )
    ),
)
@once
async def retry_campaign(request: ApiRequest, campaign_id: FromPath[str]) -> Response[bytes]:
    asked = documents.read(RetryDocument, await request.document())
    done = await reopening.retry(
        request.context,
        workspace_id=request.workspace_id,
        campaign_id=campaign_id,
        outcomes=asked.outcomes,
        actor=request.principal.key_id,
    )
    return answer(
        ReopenedShape(
            reopened=sum(done.counts.values()),
            outcomes={str(outcome): count for outcome, count in sorted(done.counts.items())},
            finished=None if done.counts else dict(sorted(done.finished.items())),
            campaign=shape_of(done.campaign),
        )
    )


@post(
    "/campaigns/{campaign_id:str}/targets",
    opt=promise(
        Operation(
            "campaigns.targets.add",
            "Add the people of a contact list to a campaign that was launched",
            scope="campaigns:control",
            body=MorePeopleDocument,
            answer=CampaignShape,
            status=202,
            is_once=True,
            errors=(NotFound, InvalidTransition),
            body_example={"contactList": "Patients of March"},
            example=examples.CAMPAIGN,
        )
    ),
)
@once
async def add_targets(request: ApiRequest, campaign_id: FromPath[str]) -> Response[bytes]:
    asked = documents.read(MorePeopleDocument, await request.document())
    campaign = await reopening.add_people(
        request.context,
        workspace_id=request.workspace_id,
        campaign_id=campaign_id,
        contact_list=asked.contact_list,
        actor=request.principal.key_id,
    )
    return answer(shape_of(campaign), status=202, version=campaign.version)


ROUTES = [retry_campaign, add_targets]
