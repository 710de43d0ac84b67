"""A flow's message in the words of the port.

Buttons and pictures are those of the channel; what it has nothing for is text, so that nothing is
dropped.
"""

from __future__ import annotations

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
from campana.store.sessions import Message

_MOST_BUTTONS = 3
"""Beyond this WhatsApp has lists."""
_SUBJECT = 150
"""Characters: the first line of a letter that has no subject of its own."""
_KINDS: Mapping[str, MediaKind] = {
    "jpg": "image", "jpeg": "image", "png": "image", "webp": "image",
    "mp4": "video", "3gp": "video", "mp3": "audio", "ogg": "audio", "amr": "audio",
}  # fmt: skip


def content_of(message: Message) -> Content:
    """What a flow's message or template says."""
    content = message.content
    if message.kind == "template":
        return Template(
            name=str(content["template"]),
            language=str(content.get("language") or "en"),
            variables=dict(content.get("values", {})),
            text=_filled(content),
        )
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


def _filled(content: Mapping[str, Any]) -> str:
    values = cast("Mapping[str, str]", content.get("values", {}))
    return " ".join([f"[{content['template']}]", *values.values()])


def _kind(link: str) -> MediaKind:
    ending = link.partition("?")[0].rpartition(".")[2].lower()
    return _KINDS.get(ending, "document")
