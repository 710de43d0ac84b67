"""Reading what the Graph API answers; whatever is not its own proves nothing."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from campana.carriers.base import CarrierError
from campana.carriers.codes import Meaning
from campana.carriers.http import Answer, not_understood
from campana.carriers.whatsapp_cloud.codes import CODES
from campana.domain.disposition import Disposition


class _Data(Struct, frozen=True):
    details: str = ""


class _Error(Struct, frozen=True):
    code: int
    message: str = ""
    error_data: _Data | None = None


class _Refused(Struct, frozen=True):
    error: _Error


class _Taken(Struct, frozen=True):
    id: Annotated[str, Meta(min_length=1, max_length=200)]


class _Accepted(Struct, frozen=True):
    messages: Annotated[tuple[_Taken, ...], Meta(min_length=1)]


def accepted(answer: Answer) -> str:
    """Meta's id of a message it took.

    Raises:
        CarrierError: it did not, or the answer is not one of Meta's.
    """
    if not answer.is_success:
        raise refusal(answer)
    try:
        return msgspec.json.decode(answer.body, type=_Accepted).messages[0].id
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise not_understood(answer) from error


def refusal(answer: Answer) -> CarrierError:
    """What an answer that is no success means."""
    try:
        error = msgspec.json.decode(answer.body, type=_Refused).error
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return not_understood(answer)
    details = error.error_data.details if error.error_data is not None else error.message
    if error.code == 1 and answer.status >= 500:
        # It failed in the middle, by its own word: nobody knows how far it came.
        return Meaning(Disposition.UNKNOWN, "an unknown error", rests=True).error(1, details)
    meaning = CODES.get(error.code) or _by_status(error.code, answer.status)
    return meaning.error(error.code, details, retry_after=answer.retry_after)


def _by_status(code: int, status: int) -> Meaning:
    if 200 <= code <= 299 or status in {401, 403}:
        return Meaning(Disposition.CARRIER_ERROR, "a permission is missing", rests=True)
    if status == 429:
        return Meaning(Disposition.CONGESTION, "too many requests", rests=True)
    if status >= 500:
        return Meaning(Disposition.UNKNOWN, "an error on Meta's side", rests=True)
    return Meaning(Disposition.CARRIER_ERROR, "refused")
