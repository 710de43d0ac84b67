"""A flow's message in the words of the port.

Buttons and pictures are those of the channel; what it has nothing for is text, so that nothing is
dropped.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, cast

from campana.domain.campaign import ChannelType
from campana.domain.content import (
    Button,
    Choices,
    Content,
    Email,
    Media,
    MediaKind,
    Row,
    Section,
    Template,
    Text,
)
from campana.domain.errors import Conflict, NotFound
from campana.services.flow_templates import LANGUAGE
from campana.store.db import Tx
from campana.store.sessions import Message, StoredSession

log = logging.getLogger(__name__)

_MOST_BUTTONS = 3
"""Beyond this WhatsApp has lists."""
_SUBJECT = 150
"""Characters: the first line of a letter that has no subject of its own."""
_KINDS: Mapping[str, MediaKind] = {
    "jpg": "image", "jpeg": "image", "png": "image", "webp": "image",
    "mp4": "video", "3gp": "video", "mp3": "audio", "ogg": "audio", "amr": "audio",
}  # fmt: skip


async def content_of(
    tx: Tx, message: Message, stored: StoredSession, *, replaced: Mapping[str, str]
) -> Content | None:
    """What a flow's message or template says; None when it cannot be said.

    In place of a template whose name is `replaced` the other is sent. A template is the workspace's
    of that name, with the contact's fields; one that the workspace does not keep is its provider's,
    and goes by name.
    """
    content = message.content
    if message.kind == "template":
        named = str(content["template"])
        content = {**content, "template": replaced.get(named, named)}
        return await _template(tx, content, stored, ChannelType(message.channel_type))
    text = str(content["text"])
    replies = [(str(each["id"]), str(each["title"])) for each in content.get("quickReplies", ())]
    link = content.get("mediaUrl")
    match ChannelType(message.channel_type):
        case ChannelType.WHATSAPP:
            return _rich(text, replies, link)
        case ChannelType.EMAIL:
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            subject = lines[0][:_SUBJECT]
            return Email(subject=subject, text=_plain(text, replies, link))
        case _:
            return Text(body=_plain(text, replies, link))


async def _template(
    tx: Tx, content: Mapping[str, Any], stored: StoredSession, channel_type: ChannelType
) -> Content | None:
    from campana.services import templates

    values = cast("Mapping[str, str]", content.get("values", {}))
    try:
        return await templates.content_for(
            tx,
            workspace_id=stored.workspace_id,
            wanted=str(content["template"]),
            fields=stored.started["fields"],
            values=values,
            channel_type=channel_type,
        )
    except NotFound:
        return Template(
            name=str(content["template"]),
            language=str(content.get("language") or LANGUAGE),
            variables=dict(values),
            text=" ".join([f"[{content['template']}]", *values.values()]),
        )
    except (Conflict, templates.RenderFailed) as error:
        log.warning("session %d: %s", stored.id, error)
        return None


def _rich(text: str, replies: Sequence[tuple[str, str]], link: str | None) -> Text:
    media = None if link is None else Media(kind=_kind(link), link=link)
    if len(replies) <= _MOST_BUTTONS:
        buttons = tuple(Button(id=each, title=title) for each, title in replies)
        return Text(body=text, media=media, buttons=buttons)
    rows = tuple(Row(id=each, title=title) for each, title in replies)
    choices = Choices(button="…", sections=(Section(rows=rows),))
    body = text if link is None else f"{text}\n{link}"
    return Text(body=body, list=choices)


def _plain(text: str, replies: Sequence[tuple[str, str]], link: str | None) -> str:
    """Everything as text: the answers a person may give are its last lines."""
    lines = [text, *([link] if link else []), *(title for _, title in replies)]
    return "\n".join(lines)


def _kind(link: str) -> MediaKind:
    ending = link.partition("?")[0].rpartition(".")[2].lower()
    return _KINDS.get(ending, "document")
