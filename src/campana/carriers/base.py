"""The port to a provider. What the rest of Campana knows of any carrier stands here.

A carrier adapts one kind of provider; a channel is a configured account on one. Errors of an
adapter are facts about the attempt, never exceptions a caller must guess at:

    Accepted              the provider has it; how it goes on comes by callback or look-up
    CarrierError
    ├── NOT_SENT          it never reached the provider, for certain
    ├── UNKNOWN           it may have: the provider is to be asked (`lookup`)
    └── any other         the provider refused it, and this is what that means for the person

No framework's types reach an adapter, and no provider's words leave it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, runtime_checkable
from uuid import UUID

from msgspec import Struct
from msgspec.structs import force_setattr

from campana.carriers.account import Portfolio, ProviderTemplate, SecretField
from campana.carriers.own_words import plain, storable
from campana.domain.attempt import AttemptEvent
from campana.domain.caller_id import CallerIds
from campana.domain.calling_in import CallsIn
from campana.domain.campaign import ChannelType
from campana.domain.clock import in_utc
from campana.domain.content import Content, Media
from campana.domain.disposition import Disposition
from campana.domain.pacing import TrunkLimits


async def at_once() -> bool:
    """Nothing is to be written down first."""
    return True


class Outbound(Struct, frozen=True, kw_only=True, gc=False):
    """One message or call to hand to a provider, once."""

    attempt_id: UUID
    """Also the idempotency key: a provider that is asked twice acts once."""
    channel_type: ChannelType
    to: str
    sender: str | None
    """The identity to show; None is the channel's first."""
    content: Content
    callback_url: str
    """Where the provider reports what becomes of it."""
    is_conducted: bool = False
    """A flow asks in this call: who plays the callee tells with its end what they answered."""
    unsubscribe_url: str | None = None
    """Where the person says with one click that they want no more letters (RFC 8058)."""
    may_send: Callable[[], bool] = lambda: True
    """Asked last, with a connection at hand and before the first byte: an adapter that waited for
    one may have become too late. Where the answer is no, the send was NOT_SENT."""
    leave: Callable[[], Awaitable[bool]] = at_once
    """Awaited by a Marking carrier before it asks `may_send` the last time; no means NOT_SENT."""


class Accepted(Struct, frozen=True, kw_only=True, gc=False):
    """The provider has taken it; `ref` is the provider's own name for it."""

    ref: str | None = None
    refs: tuple[str, ...] = ()
    """Its names of what it took, one a part, where it reports by them (`NamedReport`)."""
    reports: tuple[Report, ...] = ()
    """What its answer tells beyond that. Where the answer is the provider's last word, the attempt
    ends with it: no callback is waited for."""

    def __post_init__(self) -> None:
        """Whatever the provider calls it, it can be stored."""
        if self.ref is not None:
            force_setattr(self, "ref", plain(self.ref))
        if self.refs:
            force_setattr(self, "refs", tuple(map(plain, self.refs)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A provider's HTTP request, as it came: header names in lower case, the body untouched."""

    method: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    url: str = ""
    """The whole public address as the provider knows it, query untouched: some sign it."""
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of the address; of a name that stands there twice, the last."""


class Report(Struct, frozen=True, kw_only=True, gc=False):
    """What a provider says happened to one of our attempts.

    An end carries `disposition` and `reason` in the event's detail, and `answered_at` (ISO 8601)
    where the provider says it again, so that the end alone tells all that matters.
    """

    attempt_id: UUID
    key: str
    """The provider's name of this report: the same in each repetition, and in a look-up."""
    event: AttemptEvent

    def __post_init__(self) -> None:
        """Hold an adapter to it: what comes out of one can be stored, with whatever else came in.

        Raises:
            ValueError: an end without a disposition that exists, or a time that is none.
        """
        force_setattr(self, "key", plain(self.key))
        force_setattr(self, "event", storable(self.event))


class NamedReport(Struct, frozen=True, kw_only=True, gc=False):
    """What a provider that never gives our attempt's id back says of something it named itself.

    It may overtake the answer that told the name: then it waits for it.
    """

    ref: str
    """One of `Accepted.refs`."""
    address: str
    """Whom it is about: finds the attempt where the answer with the name never came."""
    key: str
    """As of a Report."""
    event: AttemptEvent

    def __post_init__(self) -> None:
        """As a Report is.

        Raises:
            ValueError: as there.
        """
        for name in ("ref", "address", "key"):
            force_setattr(self, name, plain(getattr(self, name)))
        force_setattr(self, "event", storable(self.event))


InboundKind = Literal[
    "text", "button", "list", "media", "reaction", "location", "contacts", "call", "other"
]
"""`call`: they did not write but call, on a carrier that plays them, and do what the lines of the
text say. `other` is what we have no words for; it still shows that they wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """Something a person sent to us.

    Nothing takes it yet: a callback that holds one is not acknowledged, so that the provider
    keeps it.
    """

    key: str
    """The provider's name of it, the same in each repetition."""
    sender: str
    """The person's address."""
    text: str
    """What they wrote, the title of what they chose, or the caption of what they sent."""
    at: datetime
    to: str | None = None
    """Which of our identities they wrote to."""
    kind: InboundKind = "text"
    payload: str | None = None
    """The id of the button or the row that was chosen, or the emoji of a reaction."""
    reply_to: str | None = None
    """What it answers: one of our attempts (`att_…`) where the provider says so, else the
    provider's own reference of it (`Accepted.ref`)."""
    media: Media | None = None
    name: str | None = None
    """As they call themselves there."""
    asks_to: Literal["stop", "start", "help"] | None = None
    """Where the provider itself has read it as an opt-out word, and acted on it."""

    def __post_init__(self) -> None:
        """Raises ValueError when its time is none."""
        object.__setattr__(self, "at", in_utc(self.at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """The provider asks whether we are who it was told of: this is to be answered, with 200."""

    body: str


Heard = Report | Inbound | Challenge
"""What a callback may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """The provider has never heard of the attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknowable:
    """The provider cannot say now, or never can; `why` is for people."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long silence about an attempt is normal, before somebody asks or gives up."""

    ask_after: timedelta
    """Without news for this long, the provider is asked."""
    give_up_after: timedelta
    """From the moment it was sent: longer than anything the provider does can take."""


class CarrierError(Exception):
    """A send that did not end in Accepted."""

    def __init__(
        self,
        disposition: Disposition,
        *,
        retryable: bool,
        detail: str,
        retry_after: timedelta | None = None,
    ) -> None:
        """Say what is known.

        Args:
            disposition: NOT_SENT, UNKNOWN, or what a refusal means.
            retryable: it is not about this message: the next would meet the same, so the channel
                had better rest. False: it is this message's, or this person's.
            detail: for people and logs; without secrets.
            retry_after: how long the provider asked to be left alone. Where nothing was sent and
                it is not retryable, this message alone is left for so long.
        """
        super().__init__(detail)
        self.disposition = disposition
        self.retryable = retryable
        self.retry_after = retry_after
        self.detail = plain(detail)


class ForgedCallback(Exception):
    """The signature is missing, wrong, or too old to be anything but a replay."""


class UnreadableCallback(Exception):
    """Signed by the provider and not understood."""


class Carrier(Protocol):
    """One channel's account with a provider that takes messages and calls by request."""

    @property
    def patience(self) -> Patience:
        """How long silence is normal on this channel."""
        ...

    @property
    def most_at_once(self) -> int:
        """How many sends of one process it takes at once: more of them would only wait inside."""
        ...

    async def send(self, outbound: Outbound) -> Accepted:
        """Hand it over, within a time-out of the adapter's own.

        Raises:
            CarrierError: in every other case, whatever went wrong.
        """
        ...

    def parse_callback(self, callback: Callback) -> list[Heard]:
        """What the provider reports: pure, and only after its signature was found right.

        A Challenge stands alone, and only in answer to a GET.

        Raises:
            ForgedCallback: it does not come from the provider.
            UnreadableCallback: it does, and makes no sense.
        """
        ...

    async def lookup(self, attempt_id: UUID) -> list[Report] | NotSent | Unknowable:
        """Everything the provider knows of an attempt so far. Never raises for its failures."""
        ...

    async def aclose(self) -> None:
        """Give up its connections."""
        ...


Keep = Callable[[Sequence[NamedReport | Report | Inbound]], Awaitable[None]]
"""Keeps what came in over a carrier's own connection. Durable when it returns; it raises when it
could not, and then the provider is to be left believing that it was not taken."""


@runtime_checkable
class Marking(Protocol):
    """A Carrier whose provider can never say that it has not heard of an attempt.

    It awaits `Outbound.leave` before its first octet: until then what a campaign sends by it is an
    intent. An answer to a conversation counts as sent from its claim on, as by any carrier.
    """

    awaits_leave: bool


@runtime_checkable
class Listener(Protocol):
    """A Carrier whose provider reports over a connection that the carrier itself holds.

    While `listen` runs, one process holds one connection; without one `most_at_once` is 0.
    """

    @property
    def most_connections(self) -> int | None:
        """How many of all processes may listen at once; None is as many as there are."""
        ...

    async def listen(self, keep: Keep, *, now: Callable[[], datetime]) -> None:
        """Hold the connection, and acknowledge nothing that `keep` has not returned for.

        Runs until it is cancelled, and then finishes what is under way; whatever goes wrong with
        the provider is its own affair.
        """
        ...

    async def lookup_named(
        self, attempt_id: UUID, refs: Sequence[str], *, now: datetime
    ) -> list[Report] | Unknowable:
        """`Carrier.lookup`, for a provider that knows the attempt by its own names."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierKind:
    """One row of the carriers table: what a channel of this kind needs and where it may reach."""

    kind: str
    channel_types: tuple[ChannelType, ...]
    """What its channels may be; where there are several, a channel says which it is."""
    config: type[Struct]
    """Shape of a channel's `config`; its JSON Schema is published."""
    is_loopback_only: Callable[[Any], bool]
    """True when a channel with this config cannot leave the machine: only then may hours be
    ignored."""
    senders: Callable[[Any], tuple[str, ...]]
    """The identities a campaign may show on such a channel."""
    masked: Callable[[Any], Mapping[str, Any]]
    """The config as it may be shown: without its secrets."""
    secrets: tuple[SecretField, ...] = ()
    is_greeted: bool = False
    """Its provider asks by GET whether we are here, before it reports (Challenge)."""
    callback_limit: int = 1_000_000
    """The largest body its provider may report with, in bytes."""
    trunks: Callable[[Any], tuple[TrunkLimits, ...]] | None = None
    """The ways its calls may go out, in the order they are tried, each with limits of its own; None
    where there is but one way."""
    limit_trunks: Callable[[Any, Mapping[str, TrunkLimits]], Any] | None = None
    """The config with these limits for its trunks, by name; None where there are no trunks."""
    caller_ids: Callable[[Any], CallerIds] | None = None
    """The numbers its calls are placed from, in turn; None where calls show a sender or nothing."""
    hosts: Callable[[Any], tuple[str, ...]] | None = None
    """Where a call may be handed over to a SIP name; None: nowhere."""
    calls_in: Callable[[Any], tuple[CallsIn, ...]] | None = None
    """By which trunks people may call us; None where nobody can."""
    plays_callers: bool = False
    """Its people call us without a trunk: it reaches nobody, and plays them."""
    most_a_second: Callable[[Any], float] | None = None
    """The most its channels may send in a second; None: as the channel says."""
    portfolio: Callable[[Any], Portfolio | None] | None = None
    """Where the people it writes to first are counted, if anywhere."""
    reply_window: timedelta | None = None
    """How long after a person wrote free text may be sent to them; None: at any time."""
    pair_interval: timedelta | None = None
    """The least between two messages to one person."""
    templates: Callable[[Any], Awaitable[list[ProviderTemplate]]] | None = None
    """Fetches all of the account's; raises CarrierError."""
    check: Callable[[Any], Awaitable[str]] | None = None
    """Asks whether the account can be used, and says what it is; raises CarrierError."""
    open: Callable[[Any], Carrier] | None = None
    """The account behind a config; None where a worker of its own serves the kind (calls we place
    ourselves)."""


Carriers = Mapping[str, CarrierKind]
"""Every kind by name; made in bootstrap, so that no other part imports an adapter."""
