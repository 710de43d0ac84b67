"""Every error Campana raises on purpose.

    CampanaError
    ├── SetupError                what an operator must mend before anything runs
    ├── InvalidParameter    400   names each field that is wrong
    ├── Unauthenticated     401
    ├── InsufficientScope   403
    ├── NotFound            404
    ├── MethodNotAllowed    405
    ├── Conflict            409
    │   └── InvalidTransition     the resource's state does not allow it
    ├── VersionMismatch     412
    ├── PayloadTooLarge     413
    ├── UnsupportedMediaType 415
    ├── PreflightBlocked    422   lists every reason a launch is refused
    ├── IdempotencyMismatch 422
    ├── PreconditionRequired 428
    ├── RateLimited         429
    ├── InternalError       500
    └── Unavailable         503

The class name in snake_case is the API's `code`; the docstring is the default message.
`web/errors.py` turns them into RFC 9457 problems, `cli.py` into a sentence and an exit code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """One thing wrong with the input: where (`pointer` in a body, `parameter` in a query), and
    why."""

    message: str
    pointer: str | None = None
    parameter: str | None = None

    def __str__(self) -> str:
        where = self.pointer or self.parameter
        return f"{where}: {self.message}" if where else self.message


class CampanaError(Exception):
    """Something went wrong."""

    def __init__(
        self, message: str | None = None, *, problems: Sequence[FieldProblem] = ()
    ) -> None:
        self.problems = tuple(problems)
        self.message = message or (type(self).__doc__ or "").strip()
        super().__init__(self.message)

    @classmethod
    def code(cls) -> str:
        """The class name in snake_case, as the API shows it."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __str__(self) -> str:
        return "; ".join([self.message, *map(str, self.problems)])


class SetupError(CampanaError):
    """Campana cannot run here as things are."""


class InvalidParameter(CampanaError):
    """The request is not valid."""


class Unauthenticated(CampanaError):
    """A valid API key is needed."""


class InsufficientScope(CampanaError):
    """The API key lacks the scope this needs."""


class NotFound(CampanaError):
    """There is no such thing here."""


class MethodNotAllowed(CampanaError):
    """This address does not answer that method."""


class Conflict(CampanaError):
    """The request conflicts with what is stored."""


class InvalidTransition(Conflict):
    """The present state does not allow this."""


class VersionMismatch(CampanaError):
    """The resource has changed since it was read."""


class PayloadTooLarge(CampanaError):
    """The body is larger than this accepts."""


class UnsupportedMediaType(CampanaError):
    """The body's media type is not one this accepts."""


class PreflightBlocked(CampanaError):
    """The campaign is not ready to launch."""


class IdempotencyMismatch(CampanaError):
    """This Idempotency-Key was used with another request."""


class PreconditionRequired(CampanaError):
    """An If-Match header is needed here."""


class RateLimited(CampanaError):
    """Too many requests."""


class InternalError(CampanaError):
    """Something went wrong on our side."""


class Unavailable(CampanaError):
    """Campana cannot answer now; try again shortly."""
