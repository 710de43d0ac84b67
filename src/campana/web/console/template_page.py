"""What the page of a template shows beside its draft: how it reads to somebody, who lacks what it
says, what it may say, and where it can be sent for a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from campana.domain import content, sms_text
from campana.domain.campaign import ChannelType
from campana.domain.errors import InvalidParameter
from campana.domain.ids import number_of, numbered
from campana.services import (
    channel_tests,
    contacts,
    lists,
    own_numbers,
    template_document,
    templates,
)
from campana.store import channels as store_channels
from campana.store.contacts import Contact
from campana.store.templates import StoredTemplate
from campana.web.console.forms import said_of, texts_below
from campana.web.console.language import marked
from campana.web.console.requests import PageRequest

TESTS = "channels:write"
"""Who may send a test."""
_LISTS = 100
_OFFERED = 6
"""People to try it on when nobody was named; and of several who fit, those to choose from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """To whom it is shown: `contact` where one was found, else who might have been meant."""

    asked: str
    contact: Contact | None = None
    offered: Sequence[tuple[str, Contact]] = ()
    problem: str | None = None

    @property
    def id(self) -> str:
        """Of the contact, as people see it; nothing of nobody."""
        return numbered("ctc", self.contact.id) if self.contact else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the draft reads to them, or why it does not."""

    made: templates.Preview | None = None
    problem: str | None = None
    segments_without: int | None = None
    """How many SMS it would be without the letters that make it UCS-2."""
    sent: Mapping[str, Any] | None = None
    """What goes to the provider of a template that it knows."""

    @property
    def words(self) -> str:
        return content.words(self.made.content) if self.made else ""

    @property
    def email(self) -> content.Email | None:
        said = self.made.content if self.made else None
        return said if isinstance(said, content.Email) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """All of it."""

    reader: Reader
    reading: Reading
    is_asked: bool
    """Whether somebody asked how it reads: what is missing is no problem before."""
    places: list[str]
    values: Mapping[str, str]
    fields: list[str]
    strange: list[str]
    """Fields that it reads and nobody has."""
    lists: list[tuple[str, str]]
    asked_list: str
    lacking: Any = None
    of_all: int | None = None
    """People of the list, where not all were looked at."""
    channels: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    own: str | None = None
    tested: str | None = None
    """Name of the channel that a test went over, and what became of its last ones."""
    tested_id: str = ""
    tests: Sequence[Any] = ()


async def beside(request: PageRequest, template: StoredTemplate) -> Beside:
    """What stands beside the draft of this template, as the address of the page asks for it.

    Raises:
        InvalidParameter: there is no such list.
        Unavailable: looking for the people of a segment took too long.
    """
    context, workspace_id = request.context, request.workspace_id
    document = template_document.stored(template.draft)
    asked_list = request.query_params.get("list", "")
    lacking, of_all = None, None
    if asked_list:
        lacking, of_all = await templates.lacking_about(
            context, workspace_id=workspace_id, template_id=template.id, list_id=asked_list
        )
    fields = await templates.fields_in_use(context, workspace_id=workspace_id)
    reader = await reader_asked(request)
    values = texts_below(request.query_params, "values.")
    places = template_document.asked(document)
    every = await lists.page(context, workspace_id=workspace_id, page=1, page_size=_LISTS)
    known: dict[str, Any] = await _tests(request, template) if request.may(TESTS) else {}
    return Beside(
        reader=reader,
        reading=await _reading(request, template, reader, values),
        is_asked=bool(reader.asked or "contact" in request.query_params or values),
        places=places,
        values={name: values.get(name, "") for name in places},
        fields=fields,
        # Where there are no people yet, nothing is strange.
        strange=sorted(template_document.reads(document) - set(fields)) if reader.offered else [],
        lists=[(each.id, each.name) for each in every.lists],
        asked_list=asked_list,
        lacking=lacking,
        of_all=of_all,
        **known,
    )


async def reader_asked(request: PageRequest) -> Reader:
    """The contact that was asked for by id, own id, number or e-mail address; else some to try."""
    context, workspace_id = request.context, request.workspace_id
    asked = request.query_params.get("contact", "").strip()[:254]
    number = number_of("ctc", asked) if asked else None
    some = await contacts.page(context, workspace_id=workspace_id, limit=_OFFERED)
    offered, problem = _numbered(some.contacts), None
    if number is not None:
        near = await contacts.page(context, workspace_id=workspace_id, after=number - 1, limit=1)
        found = [each for each in near.contacts if each.id == number]
    elif asked:
        try:
            found = (
                await contacts.search(
                    context, workspace_id=workspace_id, text=asked, limit=_OFFERED
                )
            ).contacts
        except InvalidParameter as error:
            found, problem = [], "; ".join(said_of(error).values())
    else:
        return Reader(asked="", offered=offered)
    if len(found) == 1:
        return Reader(asked=asked, contact=found[0], offered=offered)
    if found:
        return Reader(asked=asked, offered=_numbered(found), problem=None)
    missing = InvalidParameter(marked("there is no such contact"))
    return Reader(
        asked=asked, offered=offered, problem=problem or "; ".join(said_of(missing).values())
    )


def _numbered(found: Sequence[Contact]) -> list[tuple[str, Contact]]:
    return [(numbered("ctc", each.id), each) for each in found]


async def _reading(
    request: PageRequest, template: StoredTemplate, reader: Reader, values: Mapping[str, str]
) -> Reading:
    if reader.asked and reader.contact is None:
        return Reading(problem=reader.problem)
    try:
        made = await templates.preview(
            request.context,
            workspace_id=request.workspace_id,
            template_id=template.id,
            contact_id=reader.contact.id if reader.contact else None,
            fields={},
            values=values,
        )
    except InvalidParameter as error:
        return Reading(problem="; ".join(said_of(error).values()))
    plainer = None
    if made.size is not None and made.size.unusual:
        words = content.words(made.content)
        kept = "".join(
            each for each in words if sms_text.alphabet_of(each) is sms_text.Alphabet.GSM7
        )
        plainer = sms_text.size(kept).segments
    return Reading(
        made=made,
        segments_without=plainer,
        sent=(
            msgspec.to_builtins(made.content)
            if isinstance(made.content, content.Template)
            else None
        ),
    )


async def _tests(request: PageRequest, template: StoredTemplate) -> dict[str, Any]:
    """Channels it can be tried over, the person's own address, what became of the last ones."""
    context, workspace_id = request.context, request.workspace_id
    async with context.db.read(workspace_id=workspace_id) as tx:
        every = await store_channels.list_all(tx, workspace_id=workspace_id)
    usable = [
        each
        for each in every
        if each.channel_type == template.channel_type and each.paused_at is None
    ]
    tested = next((each for each in every if each.id == request.query_params.get("tested")), None)
    return {
        "channels": [(each.id, each.name) for each in usable],
        "own": (
            request.visitor.email
            if template.channel_type is ChannelType.EMAIL
            else await own_numbers.get(context, visitor=request.visitor)
        ),
        "tested": tested.name if tested else None,
        "tested_id": tested.id if tested else "",
        "tests": (
            await channel_tests.latest(context, workspace_id=workspace_id, channel_id=tested.id)
            if tested
            else ()
        ),
    }
