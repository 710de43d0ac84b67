"""How well a call could be heard on our side of it, by what was counted of its packets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundQuality:
    """Of what came from the callee: packets, milliseconds, and an estimate from 1 (bad) to 4.4.

    `mos` is the telephone stack's estimate of the mean opinion score, a simplified E-model (ITU-T
    G.107) of loss, jitter and round trip for narrowband sound. `lost` and `round_trip_ms` come with
    the other side's reports (RTCP), every few seconds: of a short call, or where the other side
    reports nothing, they are 0.
    """

    mos: float
    received: int
    lost: int
    late: int
    jitter_ms: float
    round_trip_ms: float
