"""How fast a campaign may go and what stops it, as people write it; part of `campaign_document`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from msgspec import Meta, Struct

from campana.domain.breakers import Breakers, Canary, Limit, Measure
from campana.domain.campaign import ChannelType
from campana.domain.errors import FieldProblem
from campana.domain.pacing import OwnLimits
from campana.services import documents

Share = Annotated[float, Meta(ge=0, le=1)]
Priority = Literal["urgent", "high", "normal", "low"]
Weight = Annotated[int, Meta(ge=1, le=1000)]


class _Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    pass


class PacingDocument(_Document, frozen=True):
    """Limits of the campaign's own, below those of its channel; what is left out is the channel's.

    `dailyAttempts` counts days of UTC. With `rampUpSeconds` the rate grows from a twentieth to its
    full height after each start.
    """

    rate: Annotated[float, Meta(ge=0.001, le=10_000)] | None = None
    lines: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    daily_attempts: Annotated[int, Meta(ge=1, le=100_000_000)] | None = None
    ramp_up_seconds: Annotated[int, Meta(ge=0, le=86_400)] = 0


class BreakersDocument(_Document, frozen=True):
    """What stops a campaign by itself: shares of its last attempts, null for never.

    Looked at are the last `sampleSize` that ended within `withinMinutes`, once there are `minimum`.
    With `resumeAfterSeconds` it goes on by itself after that time.
    """

    max_failure_rate: Share | None = 0.8
    """Attempts the carrier failed, refused or could not place."""
    min_answer_rate: Share | None = None
    max_opt_out_rate: Share | None = None
    """People who were put on a suppression list after being contacted."""
    max_abandoned_transfer_rate: Share | None = None
    """Calls that were to be handed to a person and that nobody took, of all such calls among those
    looked at, once there are ten."""
    max_complaint_rate: Share | None = 0.003
    """People who complained to their provider of mail, of all in the last 24 hours; fewer than a
    thousand are judged as a thousand."""
    minimum: Annotated[int, Meta(ge=1, le=1000)] = 50
    sample_size: Annotated[int, Meta(ge=1, le=1000)] = 100
    within_minutes: Annotated[int, Meta(ge=1, le=1440)] = 15
    resume_after_seconds: Annotated[int, Meta(ge=1, le=30 * 86_400)] | None = None


class CanaryDocument(_Document, frozen=True):
    """First `percent` of the people alone; the rest only if what became of them is within these.

    A limit that is null is not looked at. The verdict waits for `waitSeconds` after the last of
    their attempts, so that whoever answers a message with STOP counts; null is ten minutes for
    messages with a `maxOptOutRate`, and no time for anything else.
    """

    percent: Annotated[float, Meta(gt=0, lt=100)]
    max_failure_rate: Share | None = 0.5
    min_answer_rate: Share | None = None
    max_opt_out_rate: Share | None = 0.1
    max_abandoned_transfer_rate: Share | None = None
    wait_seconds: Annotated[int, Meta(ge=0, le=7 * 86_400)] | None = None


_ANSWERS_WITHIN = timedelta(minutes=10)
"""Most of those who answer a message with STOP have done so by then."""


def problems(raw: object) -> list[FieldProblem]:
    """What contradicts itself in the limits of a campaign as written, whatever their shape."""
    found: list[FieldProblem] = []
    document, _, _ = documents.sift(BreakersDocument, documents.inside(raw, "breakers"))
    if document is not None and document.minimum > document.sample_size:
        found.append(
            FieldProblem(
                pointer="/breakers/minimum",
                message=f"must not be above sampleSize, which is {document.sample_size}",
            )
        )
    return found


def own_limits(document: PacingDocument | None) -> OwnLimits:
    """The domain's limits of a document."""
    if document is None:
        return OwnLimits()
    return OwnLimits(
        rate=document.rate,
        lines=document.lines,
        daily=document.daily_attempts,
        ramp_up=timedelta(seconds=document.ramp_up_seconds),
    )


def breakers(document: BreakersDocument | None) -> Breakers:
    """The domain's breakers of a document; the defaults without one."""
    document = document or BreakersDocument()
    resume = document.resume_after_seconds
    return Breakers(
        limits=_limits(document),
        complaint_share=document.max_complaint_rate,
        minimum=document.minimum,
        sample_size=max(document.sample_size, document.minimum),
        within=timedelta(minutes=document.within_minutes),
        resume_after=None if resume is None else timedelta(seconds=resume),
    )


def canary(document: CanaryDocument | None, *, channel_type: ChannelType) -> Canary | None:
    """The domain's canary of a document."""
    if document is None:
        return None
    is_answered_later = channel_type is not ChannelType.VOICE
    wait = timedelta(0)
    if document.wait_seconds is not None:
        wait = timedelta(seconds=document.wait_seconds)
    elif is_answered_later and document.max_opt_out_rate is not None:
        wait = _ANSWERS_WITHIN
    return Canary(share=document.percent / 100, limits=_limits(document), wait=wait)


def _limits(document: BreakersDocument | CanaryDocument) -> tuple[Limit, ...]:
    stated = {
        Measure.FAILURE: document.max_failure_rate,
        Measure.ANSWER: document.min_answer_rate,
        Measure.OPT_OUT: document.max_opt_out_rate,
        Measure.ABANDONED: document.max_abandoned_transfer_rate,
    }
    return tuple(
        Limit(measure=measure, share=share)
        for measure, share in stated.items()
        if share is not None
    )
