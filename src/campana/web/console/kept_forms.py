"""A form that came too late, or from an earlier visit: kept, and sent anew by a press of a button.

Nothing is kept on the server. The fields go along as hidden ones of the sign-in form, and come back
as a form of their own that the person sends, or does not. Two things are asked of it first, since
its token no longer says where it is from: that the browser says it comes from a page of this
server, and that it was made for the person who is to send it anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from litestar.datastructures import FormMultiDict, UploadFile

from campana.domain.errors import CampanaError
from campana.web.console.cookies import FORM_FIELD, made_for

MOST_BYTES = 1_000_000
"""Of a form that is kept: as many as a form without a file may have."""
HIDDEN = frozenset(
    (
        "back", "campaign", "column", "enabled", "form", "from", "kind", "launched", "reader",
        "revision", "seen", "sure", "told", "undo", "version", "view",
    )
)  # fmt: skip
"""Fields of forms that nobody sees: they go along, and are not shown."""
_SECRET = ("secret", "password", "token")
_PATH, _PAGE, _PERSON, _FILE, _PREFIX = (
    "kept_path",
    "kept_page",
    "kept_person",
    "kept_file",
    "kept.",
)
_KINDS = {"application/x-www-form-urlencoded", "multipart/form-data"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was sent, and where to."""

    path: str
    page: str
    """The page the form was on."""
    person: str | None
    """For whom that page was made."""
    fields: Sequence[tuple[str, str]]
    files: Sequence[str] = ()
    """Fields whose file has to be chosen anew: a page cannot choose one."""

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """All of it under names that are none of the sign-in form's own."""
        return [
            (_PATH, self.path),
            (_PAGE, self.page),
            *([(_PERSON, self.person)] if self.person else []),
            *((_FILE, name) for name in self.files),
            *((_PREFIX + name, value) for name, value in self.fields),
        ]

    @property
    def shown(self) -> list[tuple[str, str]]:
        """What the person typed or chose; of what is secret, only that it is there."""
        return [
            (name, "•••" if any(word in name.lower() for word in _SECRET) else value)
            for name, value in self.fields
            if value.strip() and name not in HIDDEN
        ]


class SessionEnded(CampanaError):
    """Your session has ended; what you sent is kept."""

    def __init__(self, kept: Kept) -> None:
        super().__init__()
        self.kept = kept


class EarlierVisit(CampanaError):
    """This form is of an earlier visit; what you sent is kept."""

    def __init__(self, kept: Kept) -> None:
        super().__init__()
        self.kept = kept


class StaleEntry(CampanaError):
    """The page of signing in was of an earlier visit; what it brought along is kept."""

    def __init__(self, sent: FormMultiDict) -> None:
        super().__init__()
        self.sent = sent


def may_be_kept(headers: Mapping[bytes, str]) -> bool:
    """Whether a form is small enough to be read from somebody who is not signed in."""
    length = headers.get(b"content-length", "")
    kind = headers.get(b"content-type", "").partition(";")[0].strip().lower()
    is_small = length.isascii() and length.isdecimal() and int(length[:9]) <= MOST_BYTES
    return is_small and kind in _KINDS


def of_late(path: str, sent: FormMultiDict, *, page: str) -> Kept:
    """A form that came too late."""
    fields = [
        (name, value)
        for name, value in sent.multi_items()
        if isinstance(value, str) and name != FORM_FIELD
    ]
    files = [name for name, value in sent.multi_items() if isinstance(value, UploadFile)]
    return Kept(
        path=path,
        page=page,
        person=made_for(sent.get(FORM_FIELD)),
        fields=fields,
        files=list(dict.fromkeys(files)),
    )


def brought(sent: FormMultiDict) -> Kept | None:
    """What a sign-in form brings along."""
    path, person = _text(sent, _PATH), _text(sent, _PERSON)
    if not path:
        return None
    fields = [
        (name.removeprefix(_PREFIX), value)
        for name, value in sent.multi_items()
        if isinstance(value, str) and name.startswith(_PREFIX)
    ]
    return Kept(
        path=inside(path),
        page=inside(_text(sent, _PAGE)),
        person=person or None,
        fields=fields,
        files=[each for each in sent.getall(_FILE, []) if isinstance(each, str)],
    )


def inside(path: str) -> str:
    """A path of this server; anything else becomes the first page."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours else "/"


def page_of(address: str | None, *, host: str) -> str:
    """The path of the page that a browser names (Referer); the first page, if it is not ours."""
    try:
        found = urlsplit(address or "")
    except ValueError:
        return "/"
    if found.netloc != host:
        return "/"
    return inside(f"{found.path}?{found.query}" if found.query else found.path)


def _text(sent: FormMultiDict, name: str) -> str:
    found = sent.get(name, "")
    return found if isinstance(found, str) else ""
