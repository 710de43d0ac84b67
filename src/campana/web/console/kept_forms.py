"""A form sent after its session had ended: kept through signing in, and sent anew by a press.

Nothing is kept on the server. The fields go along as hidden ones of the sign-in form, and come back
as a form of their own that the person sends, or does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from litestar.datastructures import FormMultiDict

from campana.domain.errors import CampanaError
from campana.web.console.cookies import FORM_FIELD

MOST_BYTES = 100_000
"""Of a form that is kept; nobody is signed in who sends it, so it is read for no more than this."""
_PATH, _PREFIX = "kept_path", "kept."


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was sent, and where to."""

    path: str
    fields: Sequence[tuple[str, str]]

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """The fields under names that are none of the sign-in form's own."""
        return [(_PATH, self.path), *((_PREFIX + name, value) for name, value in self.fields)]


class SessionEnded(CampanaError):
    """Your session has ended; what you sent is kept."""

    def __init__(self, kept: Kept) -> None:
        super().__init__()
        self.kept = kept


def may_be_kept(headers: Mapping[bytes, str]) -> bool:
    """Whether a form is plain and small enough to be read from somebody who is not signed in."""
    length = headers.get(b"content-length", "")
    kind = headers.get(b"content-type", "").partition(";")[0].strip().lower()
    is_small = length.isascii() and length.isdecimal() and int(length[:9]) <= MOST_BYTES
    return is_small and kind == "application/x-www-form-urlencoded"


def of_late(path: str, sent: FormMultiDict) -> Kept:
    """A form that came too late."""
    fields = [
        (name, value)
        for name, value in sent.multi_items()
        if isinstance(value, str) and name != FORM_FIELD
    ]
    return Kept(path=path, fields=fields)


def brought(sent: FormMultiDict) -> Kept | None:
    """What a sign-in form brings along."""
    path = sent.get(_PATH)
    if not isinstance(path, str):
        return None
    fields = [
        (name.removeprefix(_PREFIX), value)
        for name, value in sent.multi_items()
        if isinstance(value, str) and name.startswith(_PREFIX)
    ]
    return Kept(path=path, fields=fields)
