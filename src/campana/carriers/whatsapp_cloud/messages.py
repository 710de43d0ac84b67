"""What is to be said, in the words of `POST /{phone number}/messages`.

Whatever Meta would refuse for its shape is refused here, before the network, with every reason.
Limits: Meta, "Interactive reply buttons", "Interactive list", "Text messages" and "Template
messages" (May 2026), in characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, assert_never

from campana.domain.content import Choices, Content, Email, Media, Template, TemplateButton, Text

BODY, CAPTION, CHOICE_BODY, HEADER, FOOTER = 4096, 1024, 1024, 60, 60
BUTTONS, BUTTON_TITLE, BUTTON_ID = 3, 20, 256
ROWS, ROW_TITLE, ROW_ID, ROW_DESCRIPTION, SECTION_TITLE, LIST_BUTTON = 10, 24, 200, 72, 24, 20
_WITH_CAPTION = frozenset({"image", "video", "document"})
_UNFIT = re.compile(r"[\n\r\t]| {5}")
"""What Meta refuses within the value of a template's variable."""

Json = dict[str, Any]


class Unsayable(ValueError):
    """WhatsApp has no words for it; each reason in one line."""


def message(content: Content) -> Json:
    """The `type` of a message and the object of that name.

    Raises:
        Unsayable: naming all that does not fit.
    """
    match content:
        case Text():
            problems = list(_of_text(content))
        case Template():
            problems = list(_of_template(content))
        case Email():
            problems = ["a letter cannot go over WhatsApp"]
        case _:
            assert_never(content)
    if problems:
        raise Unsayable("; ".join(problems))
    if isinstance(content, Text):
        return _text(content)
    if isinstance(content, Template):
        return {"type": "template", "template": _template(content)}
    raise AssertionError


def _text(content: Text) -> Json:
    if content.buttons or content.list is not None:
        return {"type": "interactive", "interactive": _interactive(content)}
    if content.media is not None:
        shown = _media(content.media)
        if content.body:
            shown["caption"] = content.body
        return {"type": content.media.kind, content.media.kind: shown}
    text: Json = {"body": content.body, "preview_url": content.preview_url}
    return {"type": "text", "text": text}


def _interactive(content: Text) -> Json:
    shown: Json = {"body": {"text": content.body}}
    if content.media is not None:
        kind = content.media.kind
        shown["header"] = {"type": kind, kind: _media(content.media)}
    elif content.header:
        shown["header"] = {"type": "text", "text": content.header}
    if content.footer:
        shown["footer"] = {"text": content.footer}
    if content.list is not None:
        return {"type": "list", **shown, "action": _choices(content.list)}
    buttons = [
        {"type": "reply", "reply": {"id": each.id, "title": each.title}} for each in content.buttons
    ]
    return {"type": "button", **shown, "action": {"buttons": buttons}}


def _choices(choices: Choices) -> Json:
    sections: list[Json] = []
    for section in choices.sections:
        rows = [
            {"id": row.id, "title": row.title}
            | ({"description": row.description} if row.description else {})
            for row in section.rows
        ]
        sections.append({"rows": rows} | ({"title": section.title} if section.title else {}))
    return {"button": choices.button, "sections": sections}


def _media(media: Media) -> Json:
    shown: Json = {"id": media.ref} if media.ref is not None else {"link": media.link}
    if media.kind == "document" and media.filename:
        shown["filename"] = media.filename
    return shown


def _template(content: Template) -> Json:
    components: list[Json] = []
    header = content.header
    if isinstance(header, Media):
        shown = {"type": header.kind, header.kind: _media(header)}
        components.append({"type": "header", "parameters": [shown]})
    elif header:
        components.append({"type": "header", "parameters": _values(header)})
    if content.variables:
        components.append({"type": "body", "parameters": _values(content.variables)})
    components += [_button(each) for each in sorted(content.buttons, key=lambda b: b.index)]
    shown: Json = {"name": content.name, "language": {"code": content.language}}
    return shown | ({"components": components} if components else {})


def _values(values: Mapping[str, str]) -> list[Json]:
    if _are_counted(values):
        return [{"type": "text", "text": values[str(n + 1)]} for n in range(len(values))]
    return [{"type": "text", "parameter_name": name, "text": text} for name, text in values.items()]


def _button(button: TemplateButton) -> Json:
    value: Json
    match button.kind:
        case "url":
            value = {"type": "text", "text": button.value}
        case "quick_reply":
            value = {"type": "payload", "payload": button.value}
        case "copy_code":
            value = {"type": "coupon_code", "coupon_code": button.value}
        case _:
            assert_never(button.kind)
    return {
        "type": "button",
        "sub_type": button.kind,
        "index": str(button.index),
        "parameters": [value],
    }


def _are_counted(values: Mapping[str, str]) -> bool:
    return set(values) == {str(n + 1) for n in range(len(values))}


def _of_text(content: Text) -> Iterator[str]:
    has_choice = bool(content.buttons) or content.list is not None
    if not content.body and (content.media is None or has_choice):
        yield "there is no text"
    if content.footer and not has_choice:
        yield "only a message with buttons or a list has a footer"
    if content.header and (not has_choice or content.media is not None):
        yield "only a message with buttons or a list has a headline, and no media besides"
    limit = CHOICE_BODY if has_choice else CAPTION if content.media is not None else BODY
    yield from _too_long("the text", content.body, limit)
    yield from _too_long("the headline", content.header, HEADER)
    yield from _too_long("the footer", content.footer, FOOTER)
    yield from _of_media(content)
    yield from _of_buttons(content)
    if content.list is not None:
        yield from _of_choices(content.list)


def _of_media(content: Text) -> Iterator[str]:
    if content.media is None:
        return
    if content.list is not None:
        yield "a list has no media"
    if content.media.kind not in _WITH_CAPTION and (content.body or content.buttons):
        yield f"{content.media.kind} goes alone, without a text or buttons"


def _of_buttons(content: Text) -> Iterator[str]:
    if content.buttons and content.list is not None:
        yield "buttons and a list exclude each other"
    if len(content.buttons) > BUTTONS:
        yield f"at most {BUTTONS} buttons"
    yield from _ids("button", [each.id for each in content.buttons])
    for each in content.buttons:
        yield from _needed(f"the title of button {each.id!r}", each.title, BUTTON_TITLE)
        yield from _needed("the id of a button", each.id, BUTTON_ID)


def _of_choices(choices: Choices) -> Iterator[str]:
    rows = [row for section in choices.sections for row in section.rows]
    if not 1 <= len(rows) <= ROWS or any(not section.rows for section in choices.sections):
        yield f"a list has 1 to {ROWS} rows, and no empty section"
    if len(choices.sections) > 1 and any(not section.title for section in choices.sections):
        yield "each of several sections needs a title"
    yield from _needed("the button of the list", choices.button, LIST_BUTTON)
    yield from _ids("row", [row.id for row in rows])
    for section in choices.sections:
        yield from _too_long("the title of a section", section.title, SECTION_TITLE)
    for row in rows:
        yield from _needed(f"the title of row {row.id!r}", row.title, ROW_TITLE)
        yield from _needed("the id of a row", row.id, ROW_ID)
        yield from _too_long(f"the description of row {row.id!r}", row.description, ROW_DESCRIPTION)


def _of_template(content: Template) -> Iterator[str]:
    yield from _of_values("", content.variables)
    if isinstance(content.header, Media):
        if content.header.kind not in _WITH_CAPTION:
            yield f"a template's header is no {content.header.kind}"
    elif content.header:
        yield from _of_values("header ", content.header)
    for button in content.buttons:
        if not button.value or not 0 <= button.index <= 9:
            yield f"button {button.index} of the template has no value, or cannot exist"


def _of_values(where: str, values: Mapping[str, str]) -> Iterator[str]:
    if any(name.isdecimal() for name in values) and not _are_counted(values):
        yield f"the {where}variables are not counted from 1 without a gap"
    for name, value in values.items():
        if not value.strip():
            yield f"{where}variable {name} is empty"
        elif _UNFIT.search(value):
            yield f"{where}variable {name} holds a line break, a tab or five spaces in a row"


def _ids(what: str, ids: list[str]) -> Iterator[str]:
    if len(set(ids)) < len(ids):
        yield f"two of its {what}s have the same id"


def _needed(what: str, text: str, limit: int) -> Iterator[str]:
    if not text:
        yield f"{what} is empty"
    yield from _too_long(what, text, limit)


def _too_long(what: str, text: str | None, limit: int) -> Iterator[str]:
    if text and len(text) > limit:
        yield f"{what} has {len(text)} characters, at most {limit} may be"
