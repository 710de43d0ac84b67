"""Up to a thousand suppressions in one request, each with its own result."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, post
from msgspec import Meta, Struct

from campana.domain.clock import parse_moment
from campana.services import documents, suppression_batches
from campana.services.suppression_batches import MAX_ROWS, Result, Said, Wanted
from campana.web import segment_examples as examples
from campana.web.answers import Shape, answer
from campana.web.api.suppressions import SuppressionDocument, SuppressionShape, suppression_shape
from campana.web.idempotency import once
from campana.web.operations import Operation, promise
from campana.web.request import ApiRequest


class BatchDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Numbers nobody may contact any more."""

    suppressions: Annotated[list[SuppressionDocument], Meta(min_length=1, max_length=MAX_ROWS)]


class WrongField(Shape, frozen=True, kw_only=True):
    pointer: str
    message: str


class BatchResult(Shape, frozen=True, kw_only=True):
    """What became of one row: the suppression that holds, or everything wrong with the row."""

    result: Said
    suppression: SuppressionShape | None
    problems: list[WrongField]


class BatchAnswer(Shape, frozen=True, kw_only=True):
    """One result a row, in the order given; the counts add up to them."""

    results: list[BatchResult]
    added: int
    known: int
    rejected: int


@post(
    "/suppressions:batch",
    status_code=200,
    opt=promise(
        Operation(
            "suppressions.batch",
            "Never contact up to 1,000 numbers again; each is told what became of it",
            scope="suppressions:write",
            body=BatchDocument,
            answer=BatchAnswer,
            is_once=True,
            body_example=examples.BATCH_DOCUMENT,
            example=examples.BATCH_ANSWER,
        )
    ),
)
@once
async def add_suppressions(request: ApiRequest) -> Response[bytes]:
    document = documents.read(BatchDocument, await request.document())
    found = await suppression_batches.add_many(
        request.context,
        workspace_id=request.workspace_id,
        rows=[_wanted(each) for each in document.suppressions],
    )
    counts = {said: sum(each.said is said for each in found) for said in Said}
    return answer(
        BatchAnswer(
            results=[_result(place, each) for place, each in enumerate(found)],
            added=counts[Said.ADDED],
            known=counts[Said.KNOWN],
            rejected=counts[Said.REJECTED],
        )
    )


def _wanted(row: SuppressionDocument) -> Wanted:
    return Wanted(
        address=row.address,
        reason=row.reason,
        scope=row.scope,
        campaign_id=row.campaign_id,
        channel_type=row.channel_type,
        expires_at=parse_moment(row.expires_at, is_end=True) if row.expires_at else None,
    )


def _result(place: int, found: Result) -> BatchResult:
    return BatchResult(
        result=found.said,
        suppression=suppression_shape(found.suppression) if found.suppression else None,
        problems=[
            WrongField(pointer=f"/suppressions/{place}{each.pointer}", message=each.message)
            for each in found.problems
        ],
    )


ROUTES = [add_suppressions]
