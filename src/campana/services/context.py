"""What every use case is given: the database, the time, randomness, and where files lie."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from campana.blobs import Blobs
from campana.carriers.base import Carriers
from campana.domain.clock import Clock
from campana.domain.ids import public_id
from campana.services.counting import Counts
from campana.services.installed import SoundEndpoint
from campana.services.language_model import LanguageModel
from campana.services.outbound import Outbound
from campana.services.secrets import NO_SECRETS, Secrets
from campana.store.db import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Made once in bootstrap and handed down.

    `db` plays one role: web for requests, engine for loops.
    """

    db: Database
    clock: Clock
    entropy: Callable[[int], bytes]
    blobs: Blobs
    carriers: Carriers
    secrets: Secrets = NO_SECRETS
    outbound: Outbound = field(default_factory=Outbound)
    language_model: LanguageModel | None = None
    """Whom flows ask what somebody meant; None when none is configured."""
    speech_endpoint: SoundEndpoint | None = None
    """Who speaks for bots that name no voice; None where our own does."""
    hearing_endpoint: SoundEndpoint | None = None
    """Who reads what is said to bots that name nobody; None where our own models do."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds that pass evenly, for spans within one process."""
    doze: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Waits between looks at something that is nearly always as it was."""
    counts: Counts = field(default_factory=Counts)
    """What this process counted last, for whoever watches."""
    is_rehearsal: bool = False
    """The clock is not the real one: nothing may leave this machine."""

    def new_id(self, prefix: str) -> str:
        """A fresh public id such as `camp_…`."""
        return public_id(prefix, self.entropy(10))
