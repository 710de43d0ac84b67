"""What the outcome of a SIP call means, and after which final codes another trunk is tried."""

from __future__ import annotations

from typing import assert_never

from campana.domain.answered_by import AnsweredBy
from campana.domain.disposition import Disposition
from campana.voice.call_result import CallResult

DISPOSITIONS: dict[int, Disposition] = {
    403: Disposition.BLOCKED,
    404: Disposition.INVALID_NUMBER,
    408: Disposition.NO_ANSWER,
    410: Disposition.INVALID_NUMBER,
    433: Disposition.BLOCKED,  # anonymity disallowed, RFC 5079
    480: Disposition.NO_ANSWER,
    484: Disposition.INVALID_NUMBER,
    486: Disposition.BUSY,
    487: Disposition.NO_ANSWER,
    600: Disposition.BUSY,
    603: Disposition.DECLINED,
    604: Disposition.INVALID_NUMBER,
    607: Disposition.OPT_OUT,  # the person says we are unwanted, RFC 8197
    608: Disposition.BLOCKED,  # rejected by an intermediary, RFC 8688
}
"""Final SIP codes with a meaning of their own. Of the others 5xx is congestion, else an error."""


def disposition_of_status(status: int) -> Disposition:
    """What a final code that refused a call means."""
    if status in DISPOSITIONS:
        return DISPOSITIONS[status]
    return Disposition.CONGESTION if 500 <= status <= 599 else Disposition.CARRIER_ERROR


_NO_PERSON: dict[AnsweredBy | None, Disposition] = {
    AnsweredBy.MACHINE: Disposition.VOICEMAIL,
    AnsweredBy.SCREENER: Disposition.VOICEMAIL,
    # Nobody can be reached there by voice, today or any other day.
    AnsweredBy.FAX: Disposition.INVALID_NUMBER,
}


def disposition_of(result: CallResult) -> Disposition:
    """What became of the attempt."""
    match result.end:
        case "answered" if result.answered_by in _NO_PERSON and result.result is None:
            return _NO_PERSON[result.answered_by]
        case "answered" if result.is_transferred:
            return Disposition.TRANSFERRED
        case "answered" if result.finished or result.result is not None:
            # Whoever hangs up during the goodbye has heard and answered all there was.
            return Disposition.COMPLETED
        case "answered":
            is_ours = result.reason == "cancelled"
            return Disposition.CANCELLED if is_ours else Disposition.HUNG_UP
        case "refused":
            return disposition_of_status(result.status or 0)
        case "no_answer":
            return Disposition.NO_ANSWER
        case "failed":
            return Disposition.CARRIER_ERROR
        case "too_late":
            return Disposition.NOT_SENT
        case "cancelled":
            # We stopped while it rang: to the person a missed call, and as harmless to repeat.
            return Disposition.NO_ANSWER
        case _:
            assert_never(result.end)


def passes_on(status: int) -> bool:
    """The 5xx codes are about the server that answers; 6xx and 4xx are about the person called, or
    about what every trunk of this account would say."""
    return 500 <= status <= 599
