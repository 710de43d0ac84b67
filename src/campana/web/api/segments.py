"""Who a condition means, before it is kept as a segment. Segments themselves are contact lists."""

from __future__ import annotations

from litestar import Response, post
from msgspec import Struct

from campana.domain.errors import Unavailable
from campana.services import documents, segments
from campana.web import segment_examples as examples
from campana.web.answers import Shape, answer
from campana.web.api.contact_lists import ContactShape, SegmentDocument, contact_shape
from campana.web.operations import Operation, promise
from campana.web.request import ApiRequest


class PreviewDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """The segment to look at."""

    segment: SegmentDocument


class PreviewAnswer(Shape, frozen=True, kw_only=True):
    """How many fit now, and the first 20 of them in the order they came in."""

    count: int
    contacts: list[ContactShape]


@post(
    "/contact-lists:preview",
    status_code=200,
    opt=promise(
        Operation(
            "contactLists.preview",
            "Count who fits a segment now and show the first 20, without keeping anything",
            scope="lists:read",
            body=PreviewDocument,
            answer=PreviewAnswer,
            errors=(Unavailable,),
            body_example=examples.PREVIEW_DOCUMENT,
            example=examples.PREVIEW,
        )
    ),
)
async def preview_segment(request: ApiRequest) -> Response[bytes]:
    document = documents.read(PreviewDocument, await request.document())
    found = await segments.preview(
        request.context, workspace_id=request.workspace_id, where=document.segment.where
    )
    return answer(
        PreviewAnswer(count=found.count, contacts=[contact_shape(each) for each in found.contacts])
    )


ROUTES = [preview_segment]
