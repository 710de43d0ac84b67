"""Takes the calls that come in at a voice worker: whose call it is, and the call itself.

One worker of a machine has the port; the others stand by and take it when that one is gone. A call
belongs to the workspace whose channel has the number that was called and a trunk at the address it
came from.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from campana.carriers.voice_carrier import VoiceCarrier
from campana.domain.calling_in import CallsIn, is_among, numbers
from campana.domain.errors import Unavailable
from campana.engine.beforehand import Beforehand
from campana.engine.call_sound import sound_of
from campana.engine.conducted import dictation
from campana.engine.holding import Held, hold
from campana.engine.lines import Lines
from campana.engine.ownership import Ownership
from campana.services import receiving, transfers
from campana.services.context import Context
from campana.services.receiving import Refusal, Ringing, Taken
from campana.store.channels import Channel
from campana.voice.driver import NoAnswer, Placement, Progress, Trunk, VoiceCall
from campana.voice.ears.hearing import Ears
from campana.voice.incoming import Door, GaveUp, IncomingCall, TakesCalls
from campana.voice.speech import Speech
from campana.voice.stalls import Stalls

log = logging.getLogger(__name__)

_OUT_OF_ORDER = 503
"""We cannot say whose call it is now."""
_RESOLVED_SECONDS = 60.0
"""How long the addresses of a trunk's name are believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entrance:
    """A trunk that calls come in by, on a channel."""

    channel: Channel
    way: CallsIn
    addresses: frozenset[str]
    """Those of its host."""

    def admits(self, source: str) -> bool:
        return source in self.addresses or is_among(source, self.way.sources)


class Reception:
    """One process's share of the answering. `step` keeps the door and who may come in."""

    def __init__(
        self,
        context: Context,
        *,
        carrier: VoiceCarrier,
        driver: TakesCalls,
        channels: Callable[[], Awaitable[Mapping[str, Channel]]],
        ownership: Ownership,
        lines: Lines,
        speech: Speech,
        port: int,
        ears: Ears | None = None,
        trunk_of: Callable[[str], tuple[int, str] | None] | None = None,
    ) -> None:
        """`channels`, `ownership` and `lines` are those of the worker that places calls here;
        `trunk_of` knows the workspace and the trunk that registered us under a name."""
        self._context = context
        self._carrier = carrier
        self._driver = driver
        self._channels = channels
        self._ownership = ownership
        self._lines = lines
        self._speech = speech
        self._ears = ears
        self._port = port
        self._trunk_of = trunk_of
        self._stalls = Stalls(context.monotonic)
        self._entrances: tuple[_Entrance, ...] = ()
        self._resolved: dict[str, tuple[float, frozenset[str]]] = {}
        self._door: Door | None = None
        self._is_told = self._is_closed = False
        self._asked: set[asyncio.Task[None]] = set()

    @property
    def has_door(self) -> bool:
        """Do calls come in here?"""
        return self._door is not None and not self._is_closed

    async def step(self) -> bool:
        """Look who may call in, and have the port if nobody else has it."""
        await self._look()
        if self._door is None and not self._is_closed:
            try:
                self._door = await self._driver.listen(
                    port=self._port, knows=self._knows, on_call=self._came_in
                )
                log.info("calls come in on port %d", self._port)
            except OSError as error:
                if not self._is_told:
                    log.info("port %d is another's: %s", self._port, error.strerror or error)
                    self._is_told = True
        return False

    async def aclose(self) -> None:
        """Take no more calls; those that are on are the worker's to drain."""
        self._is_closed = True
        if self._door is not None:
            self._door.shut()
        await asyncio.gather(*self._asked, return_exceptions=True)

    async def _look(self) -> None:
        found: list[_Entrance] = []
        for channel in (await self._channels()).values():
            for way in self._carrier.calls_in(channel.config):
                addresses = await self._addresses(way.host)
                found.append(_Entrance(channel=channel, way=way, addresses=addresses))
        self._entrances = tuple(found)

    async def _addresses(self, host: str) -> frozenset[str]:
        """Of a trunk's name; the last that were found while nobody can say."""
        now = self._context.monotonic()
        until, known = self._resolved.get(host, (0.0, frozenset[str]()))
        if now >= until:
            try:
                loop = asyncio.get_running_loop()
                rows = await loop.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
                known = frozenset(str(row[4][0]) for row in rows)
            except OSError as error:
                log.warning("the trunk %s has no address now: %s", host, error.strerror or error)
            self._resolved[host] = (now + _RESOLVED_SECONDS, known)
        return known

    def _knows(self, source: str) -> bool:
        return any(each.admits(source) for each in self._entrances)

    def _came_in(self, incoming: IncomingCall) -> None:
        asking = asyncio.create_task(self._decide(incoming))
        self._asked.add(asking)
        asking.add_done_callback(self._asked.discard)

    async def _decide(self, incoming: IncomingCall) -> None:
        try:
            refusal = await self._take(incoming)
        except Unavailable:
            refusal = _OUT_OF_ORDER
        except Exception:
            log.exception("a call that came in could not be decided about")
            refusal = _OUT_OF_ORDER
        if refusal is not None:
            incoming.refuse(int(refusal))
            # No number: who calls is nobody's business where no flow asked them to.
            log.info("a call from %s was not taken: %s", incoming.source, refusal)

    async def _take(self, incoming: IncomingCall) -> int | None:
        """Begin the call; the code to refuse it with when it is not taken."""
        entrances = [each for each in self._entrances if each.admits(incoming.source)]
        registered = self._registered(incoming)
        if registered is not None:
            entrances = [
                each
                for each in entrances
                if (each.channel.workspace_id, each.way.trunk) == registered
            ]
        rung = _rung(incoming, entrances, self._carrier, by_account=registered is not None)
        if not rung:
            return Refusal.NO_SUCH_NUMBER if entrances else Refusal.STRANGER
        channel_ids = [channel_id for each in rung for channel_id in each.channels]
        if incoming.caller is None:
            await receiving.refuse(self._context, channel_ids=channel_ids)
            return Refusal.WITHHELD
        if not self._ownership.is_held:
            return _OUT_OF_ORDER
        if not self._lines.has_room or self._driver.free_lines < 1:
            await receiving.refuse(self._context, channel_ids=channel_ids)
            return Refusal.BUSY
        refusals: list[Refusal] = []
        for ringing in rung:
            taken = await receiving.take(self._context, ringing, owner_id=self._ownership.owner_id)
            if isinstance(taken, Taken):
                by = next(each for each in entrances if each.channel.id == taken.channel_id)
                self._lines.begin(
                    taken.attempt_id, partial(self._converse, incoming, taken, by, ringing.called)
                )
                return None
            refusals.append(taken)
        return min(refusals)

    def _registered(self, incoming: IncomingCall) -> tuple[int, str] | None:
        """The registration that the call is sent to, if it is to one."""
        if self._trunk_of is None:
            return None
        found = (self._trunk_of(each) for each in incoming.called[:1])
        return next((each for each in found if each is not None), None)

    async def _converse(
        self,
        incoming: IncomingCall,
        taken: Taken,
        by: _Entrance,
        called: str,
        stop: asyncio.Event,
    ) -> None:
        """From the committed attempt to the settled one."""
        held = Held(
            attempt_id=taken.attempt_id,
            campaign_id=taken.campaign_id,
            line=_AnsweringLine(incoming, authority=by.way.authority),
            placement=_placement(taken.attempt_id, caller=taken.address, called=called),
            script=dictation(
                self._context,
                attempt_id=taken.attempt_id,
                opening=taken.opening,
                listens=taken.listens,
            ),
            sound=sound_of(
                self._context,
                None,
                workspace_id=taken.workspace_id,
                speech=self._speech,
                ears=self._ears,
                stalls=self._stalls,
            ),
            known=Beforehand(
                zone=None,
                may_transfer=await transfers.rules(self._context, by.channel),
                mind=None,
            ),
        )
        await hold(self._context, held, stop=stop, disposition_of=self._carrier.disposition_of)
        # What ended before the answer, by an order to hang up, has not been told so.
        incoming.refuse(Refusal.PAUSED)


class _AnsweringLine:
    """A `VoiceLine` on which the other side has called already."""

    def __init__(self, incoming: IncomingCall, *, authority: str) -> None:
        self._incoming = incoming
        self._authority = authority

    async def place(
        self, placement: Placement, *, on_progress: Callable[[Progress], None]
    ) -> VoiceCall:
        del placement, on_progress  # it rings already
        try:
            return await self._incoming.answer(authority=self._authority)
        except GaveUp:
            raise NoAnswer(reason="they hung up before it was answered") from None


def _placement(attempt_id: UUID, *, caller: str, called: str) -> Placement:
    return Placement(attempt_id=attempt_id, to=caller, trunk=Trunk(host=""), caller_id=called)


def _rung(
    incoming: IncomingCall,
    entrances: list[_Entrance],
    carrier: VoiceCarrier,
    *,
    by_account: bool = False,
) -> list[Ringing]:
    """Whose telephone it is: workspaces with a channel that has the number called.

    A call that is sent to a registered account need not say a number: then it is the first.
    """
    found: dict[tuple[int, str], dict[str, _Entrance]] = {}
    for each in entrances:
        own = carrier.caller_ids(each.channel.config).numbers
        meant = (n for text in incoming.called for n in numbers(text, country=each.way.country))
        called = next((number for number in meant if number in own), None)
        if called is None and by_account:
            called = own[0]
        if called is not None:
            rung = found.setdefault((each.channel.workspace_id, called), {})
            rung.setdefault(each.channel.id, each)
    return [
        Ringing(
            workspace_id=workspace_id,
            channels={channel_id: each.way.trunk for channel_id, each in rung.items()},
            numbers=numbers(incoming.caller or "", country=next(iter(rung.values())).way.country),
            called=called,
        )
        for (workspace_id, called), rung in found.items()
    ]
