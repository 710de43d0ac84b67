"""Templates: written as drafts, published as versions that never change, tried on people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from campana.domain import content, sms_text
from campana.domain.campaign import ChannelType
from campana.domain.errors import (
    Conflict,
    FieldProblem,
    InvalidParameter,
    NotFound,
    VersionMismatch,
)
from campana.domain.sms_text import SmsSize
from campana.flow.texts import RenderFailed
from campana.services import documents, segments, template_document
from campana.services.context import Context
from campana.services.template_document import TemplateDocument, TemplatePatch
from campana.services.values import text_of
from campana.store import lists, templates
from campana.store import segments as store_segments
from campana.store.db import Tx
from campana.store.templates import Lacking, StoredTemplate, Version

CONTACT_FIELDS = ("first_name", "last_name", "language", "external_id")
"""What every contact may have; whatever else a text reads of one is an attribute."""
EXACT_TO = 5_000
"""People of a list whose lacks are counted while a page waits; of more, this many are looked at."""
_SHOWN_LACKING = 20
_STRETCHES = 50
_LISTS, _EACH, _MOST_ATTRIBUTES = 30, 20, 60
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a contact would get, how long it is as SMS, and what of the contact it lacks."""

    content: content.Content
    size: SmsSize | None
    lacking: list[str]


async def create(context: Context, *, workspace_id: int, raw: object) -> StoredTemplate:
    """Write a new one.

    Raises:
        InvalidParameter: naming each field that is wrong.
        Conflict: the name is taken.
    """
    document = documents.read(TemplateDocument, raw)
    channel_type = ChannelType(document.channel_type)
    if problems := template_document.problems(document.content, channel_type):
        raise InvalidParameter(problems=problems)
    new_id = context.new_id("tpl")
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        if not await templates.insert(
            tx,
            template_id=new_id,
            workspace_id=workspace_id,
            name=document.name,
            channel_type=channel_type,
            draft=msgspec.to_builtins(document.content),
            now=context.clock.now(),
        ):
            raise _taken(document.name)
        return await _get(tx, workspace_id=workspace_id, template_id=new_id)


async def change(
    context: Context,
    *,
    workspace_id: int,
    template_id: str,
    patch: Mapping[str, Any],
    version: int | None,
) -> StoredTemplate:
    """Change the name or the draft (JSON Merge Patch); what was published stays.

    Raises:
        NotFound: there is none of that id in this workspace.
        VersionMismatch: it is not at `version`, where one is named.
        InvalidParameter: naming each field that is wrong.
        Conflict: the name is taken.
    """
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        found = await templates.lock(tx, workspace_id=workspace_id, wanted=template_id)
        if found is None:
            raise NotFound
        if version is not None and version != found.version:
            raise VersionMismatch
        # As people write it, so that a patch names what they see.
        now = {"name": found.name, "content": found.draft}
        document = documents.read(TemplatePatch, documents.merge(now, patch))
        if problems := template_document.problems(document.content, found.channel_type):
            raise InvalidParameter(problems=problems)
        if not await templates.change(
            tx,
            template_id=found.id,
            name=document.name,
            draft=msgspec.to_builtins(document.content),
            now=context.clock.now(),
        ):
            raise _taken(document.name)
        return await _get(tx, workspace_id=workspace_id, template_id=template_id)


async def publish(context: Context, *, workspace_id: int, template_id: str) -> StoredTemplate:
    """Make the draft a version; publishing what is published already changes nothing.

    Raises:
        NotFound: there is none of that id in this workspace.
    """
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        found = await templates.lock(tx, workspace_id=workspace_id, wanted=template_id)
        if found is None:
            raise NotFound
        newest = (
            await templates.version(tx, template_id=found.id, number=found.published)
            if found.published is not None
            else None
        )
        if newest is None or newest.content != found.draft:
            await templates.publish(tx, template_id=found.id, now=context.clock.now())
        return await _get(tx, workspace_id=workspace_id, template_id=template_id)


async def delete(context: Context, *, workspace_id: int, template_id: str) -> None:
    """Remove a draft.

    Raises:
        NotFound: there is none of that id in this workspace.
        Conflict: it was published, and may have been sent.
    """
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        found = await templates.lock(tx, workspace_id=workspace_id, wanted=template_id)
        if found is None:
            raise NotFound
        if not await templates.delete(tx, template_id=template_id):
            raise Conflict("a template that was published stays, because it may have been sent")


async def get(context: Context, *, workspace_id: int, template_id: str) -> StoredTemplate:
    """One template.

    Raises:
        NotFound: there is none of that id in this workspace.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await _get(tx, workspace_id=workspace_id, template_id=template_id)


async def versions(context: Context, *, workspace_id: int, template_id: str) -> list[Version]:
    """What was published of it, newest first.

    Raises:
        NotFound: there is none of that id in this workspace.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        await _get(tx, workspace_id=workspace_id, template_id=template_id)
        return await templates.versions(tx, template_id=template_id)


async def preview(
    context: Context,
    *,
    workspace_id: int,
    template_id: str,
    contact_id: int | None,
    fields: Mapping[str, str],
    values: Mapping[str, str],
) -> Preview:
    """The draft as a contact would get it, with `fields` over what is known of them.

    Raises:
        NotFound: there is no such template in this workspace.
        InvalidParameter: there is no such contact, or what comes out cannot be sent.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await _get(tx, workspace_id=workspace_id, template_id=template_id)
        known = await known_fields(tx, workspace_id=workspace_id, contact_id=contact_id)
    document = template_document.stored(found.draft)
    told = {**known, **fields}
    lacking = [
        name for name in template_document.required(document) if not told.get(name, "").strip()
    ]
    try:
        made = template_document.rendered(
            document, found.channel_type, fields=told, values=values, with_holes=bool(lacking)
        )
    except RenderFailed as error:
        raise InvalidParameter(
            problems=[FieldProblem(pointer="", message=f"with this contact: {error}")]
        ) from None
    is_sms = found.channel_type is ChannelType.SMS
    return Preview(
        content=made,
        size=sms_text.size(content.words(made)) if is_sms else None,
        lacking=lacking,
    )


async def lacking(
    context: Context, *, workspace_id: int, template_id: str, list_id: str
) -> Lacking:
    """Who of a list or segment lacks something the draft reads.

    Raises:
        NotFound: there is no such template in this workspace.
        InvalidParameter: there is no such list.
        Unavailable: looking for the people of the segment took too long.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await _get(tx, workspace_id=workspace_id, template_id=template_id)
        asked = await lists.get(tx, workspace_id=workspace_id, list_id=list_id)
        if asked is None:
            raise InvalidParameter(
                problems=[FieldProblem(parameter="contactList", message="there is no such list")]
            )
        needed = template_document.required(template_document.stored(found.draft))
        whom = await segments.members_of(tx, workspace_id=workspace_id, found=asked)
        async with store_segments.bounded(tx, seconds=segments.MOST_SECONDS):
            return await templates.lacking(
                tx, whom=whom, fields=needed, shown=_SHOWN_LACKING, now=context.clock.now()
            )


async def lacking_about(
    context: Context, *, workspace_id: int, template_id: str, list_id: str
) -> tuple[Lacking, int | None]:
    """The same, quick however long the list is: of one above EXACT_TO people, of some of them.

    Returns:
        Who lacks something of those looked at, and how many people the list has where they are not
        all of it.

    Raises:
        As `lacking`.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await _get(tx, workspace_id=workspace_id, template_id=template_id)
        asked = await lists.get(tx, workspace_id=workspace_id, list_id=list_id)
        if asked is not None and (asked.contact_count or 0) > EXACT_TO:
            needed = template_document.required(template_document.stored(found.draft))
            some = await templates.lacking_sampled(
                tx,
                list_id=list_id,
                fields=needed,
                shown=_SHOWN_LACKING,
                stretches=_STRETCHES,
                each=EXACT_TO // _STRETCHES,
            )
            return some, asked.contact_count
    every = await lacking(
        context, workspace_id=workspace_id, template_id=template_id, list_id=list_id
    )
    return every, None


async def fields_in_use(context: Context, *, workspace_id: int) -> list[str]:
    """What a text may read of contacts here: their own fields, and attributes that some have.

    Of attributes those of the newest people in the newest lists, the commonest first.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        attributes = await templates.attributes_in_use(
            tx, workspace_id=workspace_id, lists=_LISTS, each=_EACH, most=_MOST_ATTRIBUTES
        )
    return [*CONTACT_FIELDS, *(name for name in attributes if _NAME.fullmatch(name))]


async def content_for(
    tx: Tx,
    *,
    workspace_id: int,
    wanted: str,
    fields: Mapping[str, str],
    values: Mapping[str, str],
    channel_type: ChannelType | None = None,
    is_draft: bool = False,
) -> content.Content:
    """What the newest published version of a template says to somebody.

    Args:
        tx: of any role that sees the workspace.
        workspace_id: where the template is.
        wanted: its id or name.
        fields: the contact's, by name.
        values: what whoever sends it fills in.
        channel_type: what it is to be sent on; None does not ask.
        is_draft: what the draft says instead, published or not: to whoever tries it.

    Raises:
        NotFound: there is no such template, or it was never published.
        Conflict: it is for another kind of channel, or its provider does not let it be sent.
        RenderFailed: what comes out cannot be sent.
    """
    found = await templates.find(tx, workspace_id=workspace_id, wanted=wanted)
    if found is None or (found.published is None and not is_draft):
        raise NotFound(f"there is no published template {wanted!r}")
    if channel_type is not None and found.channel_type is not channel_type:
        raise Conflict(f"the template {found.name!r} is for {found.channel_type}")
    if found.provider_status in {"rejected", "paused"}:
        raise Conflict(f"the template {found.name!r} is {found.provider_status} by its provider")
    written = found.draft
    if not is_draft and found.published is not None:
        version = await templates.version(tx, template_id=found.id, number=found.published)
        if version is None:
            raise NotFound
        written = version.content
    document = template_document.stored(written)
    return template_document.rendered(document, found.channel_type, fields=fields, values=values)


async def fields_of(tx: Tx, *, workspace_id: int, contact_id: int | None) -> dict[str, str]:
    """What a text may read of a contact; nothing of a stranger."""
    if contact_id is None:
        return {}
    found = await templates.contact_fields(tx, workspace_id=workspace_id, contact_id=contact_id)
    return {key: text_of(value) for key, value in (found or {}).items() if value is not None}


async def known_fields(tx: Tx, *, workspace_id: int, contact_id: int | None) -> dict[str, str]:
    """The same of a contact that somebody names.

    Raises:
        InvalidParameter: there is no such contact, at `/contactId`.
    """
    if contact_id is not None:
        known = await templates.contact_fields(tx, workspace_id=workspace_id, contact_id=contact_id)
        if known is None:
            raise InvalidParameter(
                problems=[FieldProblem(pointer="/contactId", message="there is no such contact")]
            )
    return await fields_of(tx, workspace_id=workspace_id, contact_id=contact_id)


async def _get(tx: Tx, *, workspace_id: int, template_id: str) -> StoredTemplate:
    found = await templates.find(tx, workspace_id=workspace_id, wanted=template_id)
    if found is None or found.id != template_id:
        raise NotFound
    return found


def _taken(name: str) -> Conflict:
    return Conflict(f"there is a template named {name!r} already")
