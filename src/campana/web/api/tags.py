"""Tags on many people of a contact list at once."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from campana.domain.errors import Conflict, FieldProblem, InvalidParameter, NotFound
from campana.domain.ids import number_of, numbered
from campana.domain.tag import MAX_TAGS, PATTERN
from campana.services import documents, tags
from campana.services.tags import MAX_PEOPLE
from campana.store.tags import Tagging
from campana.web import segment_examples as examples
from campana.web.answers import Shape, answer
from campana.web.idempotency import once
from campana.web.operations import Operation, promise
from campana.web.request import ApiRequest

Tag = Annotated[str, Meta(pattern=PATTERN)]
Tags = Annotated[list[Tag], Meta(max_length=MAX_TAGS)]
Id = Annotated[str, Meta(min_length=1, max_length=200)]
Ids = Annotated[list[Id], Meta(max_length=MAX_PEOPLE)]


class TagDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Whom to mark, by id or external id, up to 1,000 together; tags to add and to remove."""

    contacts: Ids = []
    external_ids: Ids = []
    add: Tags = []
    remove: Tags = []


class TaggedShape(Shape, frozen=True, kw_only=True):
    """What became of one person; `too_many`: they would have more than 50 tags."""

    contact_id: str | None
    external_id: str | None
    result: Tagging


class TagAnswer(Shape, frozen=True, kw_only=True):
    """One result a person, the contacts first, in the order given."""

    results: list[TaggedShape]
    changed: int


@post(
    "/contact-lists/{list_id:str}/contacts:tag",
    status_code=200,
    opt=promise(
        Operation(
            "contactLists.contacts.tag",
            "Add and remove tags of up to 1,000 people; each is told what became of them",
            scope="lists:write",
            body=TagDocument,
            answer=TagAnswer,
            is_once=True,
            errors=(NotFound, Conflict),
            body_example=examples.TAG_DOCUMENT,
            example=examples.TAG_ANSWER,
        )
    ),
)
@once
async def tag_contacts(request: ApiRequest, list_id: FromPath[str]) -> Response[bytes]:
    document = documents.read(TagDocument, await request.document())
    people = [(number_of("ctc", each), None) for each in document.contacts]
    problems = [
        FieldProblem(pointer=f"/contacts/{place}", message="is no contact id such as ctc_41")
        for place, (number, _) in enumerate(people)
        if number is None
    ]
    asked: list[tuple[int | None, str | None]] = [
        *people,
        *((None, each) for each in document.external_ids),
    ]
    if not 1 <= len(asked) <= MAX_PEOPLE:
        message = f"between 1 and {MAX_PEOPLE:,} people are marked at once"
        problems.append(FieldProblem(pointer="/contacts", message=message))
    if problems:
        raise InvalidParameter(problems=problems)
    found = await tags.change(
        request.context,
        workspace_id=request.workspace_id,
        list_id=list_id,
        people=asked,
        add=document.add,
        remove=document.remove,
    )
    return answer(
        TagAnswer(
            results=[
                TaggedShape(
                    contact_id=None if one.contact_id is None else numbered("ctc", one.contact_id),
                    external_id=external_id,
                    result=one.result,
                )
                for one, (_, external_id) in zip(found, asked, strict=True)
            ],
            changed=sum(one.result is Tagging.CHANGED for one in found),
        )
    )


ROUTES = [tag_contacts]
