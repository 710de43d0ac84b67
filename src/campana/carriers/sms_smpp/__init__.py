"""SMS over SMPP 3.4: the account of a channel at a message center, and what its codes mean.

The provider reports by an id of its own, which it tells in its answer to a submit. So receipts go
up as `NamedReport`, over the connection that this adapter holds while `listen` runs; a submit
whose answer never came stays in doubt, and its receipt, found by the number, resolves it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from campana.carriers.base import (
    Accepted,
    Callback,
    Carrier,
    CarrierError,
    CarrierKind,
    ForgedCallback,
    Heard,
    Inbound,
    Keep,
    NamedReport,
    NotSent,
    Outbound,
    Patience,
    Report,
    Unknowable,
)
from campana.carriers.own_words import own_words
from campana.carriers.sms_smpp import config
from campana.carriers.sms_smpp.config import Config
from campana.domain import sms_text
from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.campaign import ChannelType
from campana.domain.content import Text
from campana.domain.disposition import Disposition
from campana.domain.sms_text import Alphabet
from campana.smpp.addressing import address_of, number_of
from campana.smpp.binding import PUSH_BACK, Binding, Provider, Refused
from campana.smpp.inbox import Inbox, Written
from campana.smpp.meaning import OUTCOMES, REFUSALS
from campana.smpp.parts import split
from campana.smpp.pdu import Bind, Message, Status, period
from campana.smpp.receipt import Receipt, State, is_receipt, read_receipt, words_of
from campana.smpp.session import (
    BindRefused,
    Delivery,
    Go,
    Line,
    NotWritten,
    Unanswered,
    trusting,
)

log = logging.getLogger(__name__)

_NOT_TAKEN_SECONDS = 0.5
"""Before saying that deliveries were not taken: many providers repeat them at once."""


class Smpp:
    """One channel's account, and its connection while `listen` runs."""

    awaits_leave = True

    def __init__(self, config: Config) -> None:
        self._config = config
        self._binding = Binding(
            Provider(
                host=config.host,
                port=config.port,
                tls=trusting(config.tls_authority) if config.tls else None,
                bind=Bind(
                    system_id=config.system_id,
                    password=config.password,
                    system_type=config.system_type,
                ),
                line=Line(
                    window=config.window,
                    answer_seconds=config.answer_seconds,
                    idle_seconds=config.enquire_link_seconds,
                ),
                throttle_seconds=config.throttle_seconds,
            )
        )
        self._now: Callable[[], datetime] = _nobody_listens
        self._inbox = Inbox(self._written, now=lambda: self._now())
        self._keep: Keep | None = None
        self.most_connections = config.max_binds
        self.patience = Patience(
            ask_after=timedelta(seconds=config.ask_after_seconds),
            give_up_after=timedelta(seconds=config.give_up_after_seconds),
        )

    def __repr__(self) -> str:
        return f"Smpp({self._config!r})"

    @property
    def most_at_once(self) -> int:
        """Nothing without a connection; with one, the window and as much that waits for it."""
        return 2 * self._config.window if self._binding.is_bound else 0

    async def send(self, outbound: Outbound) -> Accepted:
        """Submit it, in as many parts as it takes.

        Raises:
            CarrierError: it was not taken, or nobody knows.
        """
        if not isinstance(outbound.content, Text) or outbound.content.media is not None:
            raise _refusal("an SMS holds nothing but text")
        pieces = self._pieces(outbound, outbound.content.body)
        try:
            go = Go(may_send=outbound.may_send, leave=outbound.leave)
            names = await self._binding.submit(pieces, go=go)
        except NotWritten as error:
            raise CarrierError(
                Disposition.NOT_SENT, retryable=not self._binding.is_bound, detail=str(error)
            ) from error
        except Refused as error:
            raise self._refused(error.status) from error
        except Unanswered as error:
            raise _doubt(str(error)) from error
        refs = tuple(map(self._config.message_ids.of_answer, names))
        return Accepted(ref=refs[0], refs=refs)

    def parse_callback(self, callback: Callback) -> list[Heard]:
        """Its provider never comes by HTTP.

        Raises:
            ForgedCallback: always.
        """
        del callback
        raise ForgedCallback("an SMPP provider sends no callbacks")

    async def lookup(self, attempt_id: UUID) -> list[Report] | NotSent | Unknowable:
        """It knows our messages only by names of its own (`lookup_named`)."""
        del attempt_id
        return Unknowable(why="its answer with the name of the message never came")

    async def lookup_named(
        self, attempt_id: UUID, refs: Sequence[str], *, now: datetime
    ) -> list[Report] | Unknowable:
        """Ask what became of each part, where the provider answers that."""
        if not self._config.can_query:
            return Unknowable(why="the provider does not answer query_sm")
        ends: list[Disposition | None] = []
        for ref in refs:
            try:
                state = await self._binding.query(
                    self._config.message_ids.to_ask(ref), self._config.senders[0]
                )
            except (NotWritten, Unanswered, Refused) as error:
                return Unknowable(why=f"query_sm: {error}")
            ends.append(OUTCOMES[state])
        bad = next((end for end in ends if end not in (None, Disposition.DELIVERED)), None)
        if bad is None and None in ends:
            return []
        end = bad or Disposition.DELIVERED
        event = _ended(end, reason=f"query_sm: {end}", at=now)
        return [Report(attempt_id=attempt_id, key=f"query:{end}", event=event)]

    async def check(self) -> str:
        """Bind and say goodbye. What is delivered meanwhile is not taken, and comes again.

        Raises:
            CarrierError: the account is not let in.
        """
        try:
            await self._binding.try_once()
        except BindRefused as error:
            if error.status == Status.ALREADY_BOUND:
                return "the account is bound already"
            detail = f"the account is not let in: {error}"
            raise CarrierError(Disposition.CARRIER_ERROR, retryable=False, detail=detail) from error
        except (OSError, TimeoutError, NotWritten, Unanswered) as error:
            detail = f"no connection: {str(error) or type(error).__name__}"[:200]
            raise CarrierError(Disposition.NOT_SENT, retryable=True, detail=detail) from error
        return "the account is let in"

    async def listen(self, keep: Keep, *, now: Callable[[], datetime]) -> None:
        """Hold a connection, again and again, until cancelled; then say goodbye."""
        self._keep, self._now = keep, now
        await self._binding.keep(self._take)

    async def aclose(self) -> None:
        """Give up the connection, after the answers that are due."""
        await self._binding.aclose()

    def _pieces(self, outbound: Outbound, text: str) -> list[bytes]:
        """The bodies to submit.

        Raises:
            CarrierError: it cannot be said in this many segments.
        """
        if self._config.plain_characters:
            text = sms_text.plainer(text)
        if not text.strip():
            raise _refusal("there is no text to send")
        size = sms_text.size(text)
        if size.segments > self._config.max_segments:
            raise _refusal(
                f"the text takes {size.segments} segments, more than {self._config.max_segments}"
            )
        message = Message(
            source=address_of(outbound.sender or self._config.senders[0]),
            destination=address_of(outbound.to),
            octets=b"",
            data_coding=0 if size.alphabet is Alphabet.GSM7 else 8,
            registered_delivery=1,
            validity=period(self._config.validity_minutes),
        )
        reference = hashlib.sha256(outbound.attempt_id.bytes).digest()[0]
        parts = split(
            message, text, size.alphabet, how=self._config.long_messages, reference=reference
        )
        return [part.body() for part in parts]

    def _refused(self, status: int) -> CarrierError:
        disposition, retryable = REFUSALS.get(status, (Disposition.CARRIER_ERROR, False))
        rest = self._config.throttle_seconds if status in PUSH_BACK else None
        return CarrierError(
            disposition,
            retryable=retryable,
            retry_after=timedelta(seconds=rest) if rest is not None else None,
            detail=f"refused with status 0x{status:08x}",
        )

    async def _take(self, deliveries: Sequence[Delivery]) -> None:
        """Receipts are kept together, and each delivery answered once it is."""
        receipts: list[Delivery] = []
        reports: list[NamedReport] = []
        for delivery in deliveries:
            if not is_receipt(delivery.message):
                self._inbox.add(delivery)
            elif (receipt := read_receipt(delivery.message)) is None:
                log.warning("%r: a receipt that names no message is ignored", self)
                delivery.answer(is_taken=True)
            else:
                receipts.append(delivery)
                reports.append(self._report(receipt, delivery.message, at=self._now()))
        if reports:
            is_taken = await self._kept(reports)
            for delivery in receipts:
                delivery.answer(is_taken=is_taken)

    async def _written(self, written: Written) -> None:
        inbound = Inbound(
            key=written.key,
            sender=written.sender,
            to=written.to,
            text=written.text or "",
            kind="other" if written.text is None else "text",
            at=written.at,
        )
        if await self._kept([inbound]):
            self._inbox.kept(written)
            return
        for delivery in written.deliveries:
            delivery.answer(is_taken=False)

    async def _kept(self, heard: Sequence[NamedReport | Inbound]) -> bool:
        """Hand it on; True once it is durable."""
        try:
            if self._keep is not None:
                await self._keep(heard)
                return True
        except Exception as error:  # noqa: BLE001 - whatever it was, the provider keeps them
            log.warning("%r: %d deliveries are not taken: %s", self, len(heard), error)
        await asyncio.sleep(_NOT_TAKEN_SECONDS)
        return False

    def _report(self, receipt: Receipt, message: Message, *, at: datetime) -> NamedReport:
        ref = self._config.message_ids.of_receipt(receipt.ref)
        end = OUTCOMES[receipt.state]
        if receipt.state is State.UNDELIVERABLE:
            if receipt.is_unknown_subscriber:
                end = Disposition.INVALID_NUMBER
            elif (meaning := self._config.error_meanings.get(receipt.error)) is not None:
                end = Disposition(meaning)
        reason = f"{receipt.state} err:{receipt.error}" if receipt.error else str(receipt.state)
        event = (
            AttemptEvent(type=EventType.ACCEPTED, at=at, detail={"state": str(receipt.state)})
            if end is None
            else _ended(end, reason=reason, at=at)
        )
        return NamedReport(
            ref=ref,
            address=number_of(message.source),
            key=f"receipt:{ref}:{receipt.state}",
            event=replace(event, body=own_words(words_of(message))),
        )


def _nobody_listens() -> datetime:
    raise RuntimeError("a session without a listener")


def _ended(end: Disposition, *, reason: str, at: datetime) -> AttemptEvent:
    return AttemptEvent(type=EventType.ENDED, at=at, detail={"disposition": end, "reason": reason})


def _refusal(why: str) -> CarrierError:
    return CarrierError(Disposition.CARRIER_ERROR, retryable=False, detail=why)


def _doubt(why: str) -> CarrierError:
    return CarrierError(Disposition.UNKNOWN, retryable=True, detail=why)


async def check(chosen: Config) -> str:
    """That the message center lets the account in, for a moment; nothing is submitted.

    Raises:
        CarrierError: it does not.
    """
    async with aclosing(Smpp(chosen)) as account:
        return await account.check()


def open_account(chosen: Config) -> Carrier:
    """The account of a channel."""
    return Smpp(chosen)


KIND = CarrierKind(
    kind="sms_smpp",
    channel_types=(ChannelType.SMS,),
    config=Config,
    is_loopback_only=config.is_loopback_only,
    senders=config.senders,
    masked=config.masked,
    secrets=config.SECRETS,
    check=check,
    open=open_account,
)
