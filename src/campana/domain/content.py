"""What is to be said to a person, before any provider's words for it.

    Content
    ├── Text        free text, with media, buttons or a list where the channel has them
    ├── Template    a text the provider approved before, with the values it lacks
    └── Email       a letter with a subject

An adapter refuses what its channel has no words for; it never drops a part of it in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

MediaKind = Literal["image", "video", "audio", "document", "sticker"]
Category = Literal["marketing", "utility", "authentication"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file: at a public `link`, or kept by the provider under `ref`; one of the two."""

    kind: MediaKind
    link: str | None = None
    ref: str | None = None
    filename: str | None = None
    mime_type: str | None = None

    def __post_init__(self) -> None:
        if (self.link is None) == (self.ref is None):
            raise ValueError("media has a link or a provider's reference, and only one of them")


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A quick reply; `id` comes back as the payload of what the person sends by it."""

    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One choice of a list; `id` comes back as a button's does."""

    id: str
    title: str
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Choices that belong together; a list of one section needs no title."""

    rows: tuple[Row, ...]
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """A list that opens with a button of that title."""

    button: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Free text. With media it is the caption; buttons and a list exclude each other."""

    body: str
    media: Media | None = None
    buttons: tuple[Button, ...] = ()
    list: Choices | None = None
    header: str | None = None
    footer: str | None = None
    preview_url: bool = False
    """Whether the first link in it is shown as a card, where the channel can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateButton:
    """What a button of a template lacks: the end of its URL, its payload, or its code."""

    index: int
    kind: Literal["url", "quick_reply", "copy_code"]
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """An approved text by name. Values stand under the names the template gives them, which are
    `1`, `2`, … where it counts them."""

    name: str
    language: str
    """As the provider writes it, such as `en_US`."""
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of its body."""
    header: Media | Mapping[str, str] | None = None
    """Its picture, or the values of its headline."""
    buttons: tuple[TemplateButton, ...] = ()
    category: Category | None = None
    """What it was approved for, when known: who had enough of marketing still gets the rest."""
    text: str = ""
    """How it reads, for records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """A letter; `text` is what is shown where `html` is not."""

    subject: str
    text: str
    html: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


Content = Text | Template | Email


def words(content: Content) -> str:
    """What a person reads first in it, for records and for channels that know only text."""
    match content:
        case Text():
            return content.body
        case Template():
            return content.text
        case Email():
            return content.text
