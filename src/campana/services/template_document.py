"""A template as people write it: what is said, for the kind of channel it is for.

Texts are Liquid. They may read the contact (`contact.first_name`) and what whoever sends it gives
(`values.code`), and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from campana.domain import content, naming
from campana.domain.campaign import ChannelType
from campana.domain.errors import FieldProblem
from campana.flow.texts import BadTemplate, HtmlTemplate, RenderFailed, Template

Source = Annotated[str, Meta(min_length=1, max_length=8192)]
Place = Annotated[str, Meta(pattern="^[A-Za-z0-9_]{1,64}$")]
MessageChannel = Literal["WhatsApp", "SMS", "Email"]


class _Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    pass


class HeaderMedia(_Document, frozen=True):
    """A picture, film or file above the text."""

    kind: Literal["image", "video", "document"]
    link: Annotated[str, Meta(pattern="^https://[^\\s]{1,1990}$")]
    filename: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


class ProviderButton(_Document, frozen=True):
    """What a button of the provider's template lacks."""

    index: Annotated[int, Meta(ge=0, le=9)]
    kind: Literal["url", "quick_reply", "copy_code"]
    value: Source


class ProviderTemplate(_Document, frozen=True):
    """A template as its provider knows it.

    `variables` are Liquid for its numbered or named places, `headerValues` for its headline's; a
    headline is a text or `headerMedia`.
    """

    name: Annotated[str, Meta(pattern="^[a-z0-9_]{1,512}$")]
    language: Annotated[str, Meta(pattern="^[A-Za-z]{2,3}(_[A-Za-z]{2,4})?$")]
    category: Literal["marketing", "utility", "authentication"] | None = None
    variables: dict[Place, Source] = {}
    header_media: HeaderMedia | None = None
    header_values: dict[Place, Source] = {}
    buttons: Annotated[list[ProviderButton], Meta(max_length=10)] = []


class ContentDocument(_Document, frozen=True):
    """What a template says.

    An SMS has `text`; an e-mail `subject`, `text` and maybe `html`; on WhatsApp `provider` is what
    is sent and `text` how it reads.
    """

    text: Source
    subject: Annotated[str, Meta(min_length=1, max_length=500)] | None = None
    html: Annotated[str, Meta(min_length=1, max_length=100_000)] | None = None
    provider: ProviderTemplate | None = None


class TemplateDocument(_Document, frozen=True):
    """A template: its name is what flows and people call it by."""

    name: Annotated[str, Meta(min_length=1, max_length=200, extra_json_schema=naming.AS_NAME)]
    channel_type: MessageChannel
    content: ContentDocument


class TemplatePatch(_Document, frozen=True):
    """What of a template may be changed; the content is its draft's."""

    name: Annotated[str, Meta(min_length=1, max_length=200, extra_json_schema=naming.AS_NAME)]
    content: ContentDocument


def problems(document: ContentDocument, channel_type: ChannelType) -> list[FieldProblem]:
    """Everything that is wrong with what it says, for that kind of channel."""
    found: list[FieldProblem] = []
    wanted = {
        "subject": channel_type is ChannelType.EMAIL,
        "provider": channel_type is ChannelType.WHATSAPP,
    }
    for name, is_wanted in wanted.items():
        has = getattr(document, name) is not None
        if is_wanted and not has:
            found.append(_problem(f"/{name}", f"is needed on {channel_type}"))
        if has and not is_wanted:
            found.append(_problem(f"/{name}", f"means nothing on {channel_type}"))
    if document.html is not None and channel_type is not ChannelType.EMAIL:
        found.append(_problem("/html", f"means nothing on {channel_type}"))
    for pointer, source, is_html in _sources(document):
        try:
            parsed = _parsed(source, is_html=is_html)
        except BadTemplate as error:
            found.append(_problem(pointer, str(error)))
            continue
        strange = sorted({path[0] for path in parsed.paths} - {"contact", "values", "forloop"})
        if strange:
            names = ", ".join(strange)
            message = f"may read contact and values, and not {names}"
            found.append(_problem(pointer, message))
    if document.provider and document.provider.header_media and document.provider.header_values:
        found.append(_problem("/provider/headerValues", "means nothing beside headerMedia"))
    if document.subject is not None and re.search(r"[\r\n]", document.subject):
        found.append(_problem("/subject", "must be one line"))
    return found


def required(document: ContentDocument) -> list[str]:
    """The contact's fields without which a text has a hole, sorted.

    Those that stand in it plainly, with no `default` for their absence.
    """
    names: set[str] = set()
    for _, source, _ in _sources(document):
        names.update(plain_in(source))
    return sorted(names)


def reads(document: ContentDocument) -> set[str]:
    """Every field of the contact that a text names, with a `default` or without."""
    found: set[str] = set()
    for _, source, is_html in _sources(document):
        paths = _parsed(source, is_html=is_html).paths
        found.update(path[1] for path in paths if len(path) > 1 and path[0] == "contact")
    return found


def asked(document: ContentDocument) -> list[str]:
    """What whoever sends it gives: the names it reads of `values`, sorted."""
    return sorted({name for _, source, _ in _sources(document) for name in _GIVEN.findall(source)})


def plain_in(source: str) -> Iterator[str]:
    """The contact's fields that stand plainly in a text, with no `default` for their absence."""
    for found in _PLACE.finditer(source):
        if "default" not in (found[2] or ""):
            yield found[1]


_GIVEN = re.compile(r"\{[{%][^}]*?\bvalues\.(\w+)")
_PLACE = re.compile(r"\{\{-?\s*contact\.(\w+)\s*((?:\|[^}]*)?)-?\}\}")


def rendered(
    document: ContentDocument,
    channel_type: ChannelType,
    *,
    fields: Mapping[str, str],
    values: Mapping[str, str],
    with_holes: bool = False,
) -> content.Content:
    """What is sent to a person of these fields.

    Args:
        document: a template's content.
        channel_type: what the template is for.
        fields: the contact's, by name.
        values: what whoever sends it gives.
        with_holes: show it as it is, though nobody could be sent it for want of something.

    Raises:
        RenderFailed: what the template and these make cannot be sent.
    """
    known = {"contact": fields, "values": values}
    text = Template(document.text).render(known)
    match channel_type:
        case ChannelType.EMAIL:
            subject = Template(document.subject or "").render(known)
            return content.Email(
                # A value must not begin another header.
                subject=" ".join(subject.split()),
                text=text,
                html=HtmlTemplate(document.html).render(known) if document.html else None,
            )
        case ChannelType.WHATSAPP if document.provider is not None:
            return _provided(document.provider, known, text=text, with_holes=with_holes)
        case _:
            if not text.strip() and not with_holes:
                raise RenderFailed("the text is empty")
            return content.Text(body=text)


def _provided(
    provider: ProviderTemplate,
    known: Mapping[str, Mapping[str, str]],
    *,
    text: str,
    with_holes: bool,
) -> content.Template:
    def filled(sources: Mapping[str, str]) -> dict[str, str]:
        made = {place: Template(source).render(known).strip() for place, source in sources.items()}
        empty = sorted(place for place, each in made.items() if not each)
        if empty and not with_holes:
            raise RenderFailed(f"there is nothing for {', '.join(empty)}")
        return made

    header: content.Media | Mapping[str, str] | None = None
    if (media := provider.header_media) is not None:
        header = content.Media(kind=media.kind, link=media.link, filename=media.filename)
    elif provider.header_values:
        header = filled(provider.header_values)
    return content.Template(
        name=provider.name,
        language=provider.language,
        category=provider.category,
        variables=filled(provider.variables),
        header=header,
        buttons=tuple(
            content.TemplateButton(
                index=each.index, kind=each.kind, value=Template(each.value).render(known)
            )
            for each in provider.buttons
        ),
        text=text,
    )


def stored(raw: Mapping[str, Any]) -> ContentDocument:
    """A content as it was stored."""
    return msgspec.convert(raw, ContentDocument)


def _sources(document: ContentDocument) -> Iterator[tuple[str, str, bool]]:
    """Every Liquid source: its pointer, itself, and whether it is HTML."""
    yield "/text", document.text, False
    if document.subject is not None:
        yield "/subject", document.subject, False
    if document.html is not None:
        yield "/html", document.html, True
    if document.provider is not None:
        for place, source in document.provider.variables.items():
            yield f"/provider/variables/{place}", source, False
        for place, source in document.provider.header_values.items():
            yield f"/provider/headerValues/{place}", source, False
        for n, button in enumerate(document.provider.buttons):
            yield f"/provider/buttons/{n}/value", button.value, False


def _parsed(source: str, *, is_html: bool) -> Template:
    return HtmlTemplate(source) if is_html else Template(source)


def _problem(pointer: str, message: str) -> FieldProblem:
    return FieldProblem(pointer=f"/content{pointer}", message=message)
