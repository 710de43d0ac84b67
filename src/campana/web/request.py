"""A request as the endpoints see it: who asks, of which context, with what parameters and body.

Reading is strict and bounded. It decides nothing: `web/auth.py` has let the request in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, TypeVar, cast

import msgspec
from litestar import Request
from litestar.datastructures import FormMultiDict, State
from litestar.exceptions import ClientException
from litestar.status_codes import HTTP_400_BAD_REQUEST

from campana.domain.errors import FieldProblem, InvalidParameter, UnsupportedMediaType
from campana.services.context import Context
from campana.store.accounts import Principal
from campana.web import query

T = TypeVar("T", bound=msgspec.Struct)

BODY_LIMIT = 1_000_000
"""Bytes of a JSON body; a file to import has a limit of its own."""

_DEEPEST = 40
"""Levels of nesting in a body: three times what any document needs, far below what hurts."""

_JSON_TYPES = re.compile(
    r'application/(json|merge-patch\+json)\s*(;\s*charset="?utf-8"?\s*)?', re.IGNORECASE
)

_COLONS = (b'":', b" :", b"\t:", b"\n:", b"\r:")
"""One of them stands behind every key, and rarely elsewhere: in a text that begins with a colon."""


class ApiRequest(Request[Principal, None, State]):
    """A request to `/v1`."""

    @property
    def context(self) -> Context:
        return cast("Context", self.app.state["context"])

    @property
    def principal(self) -> Principal:
        """Whom the key speaks for."""
        return self.user

    @property
    def workspace_id(self) -> int:
        return self.user.workspace_id

    @property
    def raw_query(self) -> bytes:
        return self.scope["query_string"]

    @property
    def request_id(self) -> str:
        return str(self.scope["state"]["request_id"])

    def parameters(self, shape: type[T]) -> T:
        """The query as a `shape`.

        Raises:
            InvalidParameter: naming each parameter that is wrong.
        """
        return query.read(shape, self.raw_query)

    def excludes_pii(self) -> bool:
        """Whether the answer is to leave out who somebody is (`X-Exclude-PII`).

        Raises:
            InvalidParameter: it says neither true nor false: nobody shall read by mistake.
        """
        asked = self.headers.get("x-exclude-pii", "false").strip().lower()
        if asked not in {"true", "false"}:
            problem = FieldProblem(parameter="X-Exclude-PII", message="must be true or false")
            raise InvalidParameter(problems=[problem])
        return asked == "true"

    async def document(self) -> object:
        """The JSON body as plain values; what it means is for a service to say.

        Raises:
            UnsupportedMediaType: it does not say it is JSON.
            InvalidParameter: it is no JSON, is nested too deep, holds a NUL character, or one key
                twice in an object.
            PayloadTooLarge: by way of the framework.
        """
        if not _JSON_TYPES.fullmatch(self.headers.get("content-type", "")):
            raise UnsupportedMediaType("the body must be application/json in UTF-8")
        return decoded(await self.body())

    async def optional_document(self) -> object:
        """The JSON body, or an empty object when there is none.

        Raises:
            UnsupportedMediaType, InvalidParameter, PayloadTooLarge: as for `document`.
        """
        return await self.document() if await self.body() else {}

    async def patch(self) -> Mapping[str, Any]:
        """The JSON body of a merge patch (RFC 7396).

        Raises:
            InvalidParameter: no object, or as for `document`.
            UnsupportedMediaType, PayloadTooLarge
        """
        given = await self.document()
        if not isinstance(given, dict):
            raise InvalidParameter(problems=[FieldProblem(pointer="", message="must be an object")])
        return cast("dict[str, Any]", given)

    async def form(self) -> FormMultiDict:
        """The fields and files of a multipart form; files are on disk when they are large.

        Raises:
            UnsupportedMediaType: it is no form.
            InvalidParameter: it is malformed.
        """
        if self.content_type[0] != "multipart/form-data":
            raise UnsupportedMediaType("the body must be multipart/form-data")
        try:
            return await super().form()
        except (UnicodeDecodeError, LookupError, AssertionError):
            raise _no_form("the form is malformed, or not in UTF-8") from None
        except ClientException as error:
            if error.status_code != HTTP_400_BAD_REQUEST:
                raise
            raise _no_form(error.detail) from None

    async def refuse_body(self) -> None:
        """For actions, which take no body but an empty object.

        Raises:
            InvalidParameter: there is something in it.
        """
        if await self.body() and (given := await self.document()) != {}:
            names = cast("dict[str, Any]", given) if isinstance(given, dict) else {"": None}
            raise InvalidParameter(
                problems=[
                    FieldProblem(pointer=f"/{name}" if name else "", message="is not a known field")
                    for name in sorted(names)
                ]
            )


def decoded(body: bytes) -> object:
    """JSON text as plain values.

    Raises:
        InvalidParameter: it is no JSON in UTF-8, is nested too deep, holds a NUL character, or one
            key twice in an object.
    """
    try:
        value: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unreadable(str(error)) from None
    except RecursionError:
        raise _unreadable("it is nested too deep") from None
    keys = _check(value)
    # Reading a body twice takes as long again, so only one that may hold a key twice is.
    if sum(map(body.count, _COLONS)) > keys:
        json.loads(
            body.decode(),
            object_pairs_hook=_without_twins,
            parse_int=str,
            parse_float=str,
        )
    return value


def _without_twins(pairs: list[tuple[str, object]]) -> None:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise _unreadable(f"{json.dumps(key, ensure_ascii=False)} is there twice in one object")
        seen.add(key)


def _check(document: object) -> int:
    """How many keys there are in it.

    Walked without recursion: a body of brackets must not exhaust the stack of whoever reads it.
    """
    level, depth, keys = [document], 0, 0
    while level:
        depth += 1
        if depth > _DEEPEST:
            raise _unreadable("it is nested too deep")
        below: list[object] = []
        for value in level:
            match value:
                case str() if "\0" in value:
                    raise _unreadable("a text holds a NUL character")
                case list():
                    below += cast("list[object]", value)
                case dict():
                    keys += len(cast("dict[object, object]", value))
                    below += cast("dict[object, object]", value).keys()
                    below += cast("dict[object, object]", value).values()
                case _:
                    pass
        level = below
    return keys


def _no_form(why: str) -> InvalidParameter:
    return InvalidParameter(
        "the body cannot be read as a form", problems=[FieldProblem(pointer="", message=why)]
    )


def _unreadable(why: str) -> InvalidParameter:
    return InvalidParameter(
        "the body cannot be read as JSON", problems=[FieldProblem(pointer="", message=why)]
    )
