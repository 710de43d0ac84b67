"""SMS and MMS over Twilio's Messages API.

Our attempt's id travels in the query of the status callback's address, which Twilio signs, and
comes back with each status. Twilio takes no idempotency key, and its messages can be listed by
number and day but not by our id: a send without an answer is UNKNOWN, and its statuses tell the
rest. The words are in `webhooks` and `codes` beside this.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from campana.carriers.base import (
    Accepted,
    Callback,
    Carrier,
    CarrierError,
    CarrierKind,
    ForgedCallback,
    Heard,
    NotSent,
    Outbound,
    Patience,
    Report,
    Unknowable,
)
from campana.carriers.codes import Meaning
from campana.carriers.http import Answer, NoAnswer, Provider, not_understood
from campana.carriers.sms_twilio import config, webhooks
from campana.carriers.sms_twilio.codes import CODES
from campana.carriers.sms_twilio.config import Config
from campana.domain.campaign import ChannelType
from campana.domain.content import Content, Text
from campana.domain.disposition import Disposition
from campana.domain.ids import attempt_text

BODY = 1600
"""Characters of a message at most (Twilio, error 21617)."""
_MOST_AT_ONCE = 200
_SECONDS = 10.0


class _Taken(Struct, frozen=True):
    sid: Annotated[str, Meta(min_length=1, max_length=100)]
    status: str


class _Refused(Struct, frozen=True):
    code: int
    message: str = ""


class _About(Struct, frozen=True):
    status: str
    friendly_name: str = ""
    type: str = ""


class Twilio:
    """One channel's account."""

    most_at_once = _MOST_AT_ONCE

    def __init__(self, chosen: Config) -> None:
        self._config = chosen
        self.patience = Patience(
            ask_after=timedelta(seconds=chosen.ask_after_seconds),
            give_up_after=timedelta(seconds=chosen.give_up_after_seconds),
        )
        self._provider = _provider(chosen)

    def __repr__(self) -> str:
        return f"Twilio({self._config.account_sid})"

    async def send(self, outbound: Outbound) -> Accepted:
        """Hand it over; within `timeoutSeconds`, whatever happens.

        Raises:
            CarrierError: it was not taken, or nobody knows.
        """
        fields = {"To": outbound.to, **_words(outbound.content)}
        sender = outbound.sender or next(iter(self._config.senders), None)
        if self._config.messaging_service_sid is not None:
            fields["MessagingServiceSid"] = self._config.messaging_service_sid
            # With a service, its choice of a sender stands unless a campaign names one.
            sender = outbound.sender if outbound.sender in self._config.senders else None
        if sender is not None:
            fields["From"] = sender
        mark = urlencode({webhooks.ATTEMPT: attempt_text(outbound.attempt_id)})
        joint = "&" if "?" in outbound.callback_url else "?"
        fields["StatusCallback"] = f"{outbound.callback_url}{joint}{mark}"
        if self._config.validity_seconds is not None:
            fields["ValidityPeriod"] = str(self._config.validity_seconds)
        answer = await self._provider.send(
            f"/2010-04-01/Accounts/{self._config.account_sid}/Messages.json",
            content=urlencode(fields).encode(),
            headers={"content-type": "application/x-www-form-urlencoded"},
            may_send=outbound.may_send,
        )
        if not answer.is_success:
            raise _refusal(answer)
        try:
            return Accepted(ref=msgspec.json.decode(answer.body, type=_Taken).sid)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise not_understood(answer) from error

    def parse_callback(self, callback: Callback) -> list[Heard]:
        """A status of one of our messages, or what a person sent.

        Raises:
            ForgedCallback: the signature is missing or wrong.
            UnreadableCallback: it is none of the above.
        """
        if callback.method != "POST":
            raise ForgedCallback("Twilio is to report by POST")
        webhooks.check_signature(callback, self._config.auth_token)
        return [*webhooks.read(callback, account_sid=self._config.account_sid)]

    async def lookup(self, attempt_id: UUID) -> list[Report] | NotSent | Unknowable:
        """Twilio lists messages by number and day, and knows nothing of our ids."""
        del attempt_id
        return Unknowable(why="Twilio cannot be asked about a message by our id")

    async def aclose(self) -> None:
        """Give up the connections."""
        await self._provider.aclose()


def _provider(chosen: Config) -> Provider:
    user, secret = chosen.account_sid, chosen.auth_token
    if chosen.api_key_sid is not None and chosen.api_key_secret is not None:
        user, secret = chosen.api_key_sid, chosen.api_key_secret
    return Provider(chosen.url, auth=(user, secret), timeout_seconds=chosen.timeout_seconds)


def _words(content: Content) -> dict[str, str]:
    """The fields that say it.

    Raises:
        CarrierError: an SMS has no words for it.
    """
    problems = list(_problems(content))
    if problems or not isinstance(content, Text):
        detail = "; ".join(problems)[:500]
        raise CarrierError(Disposition.CARRIER_ERROR, retryable=False, detail=detail)
    fields: dict[str, str] = {}
    if content.body:
        fields["Body"] = content.body
    if content.media is not None and content.media.link is not None:
        fields["MediaUrl"] = content.media.link
    return fields


def _problems(content: Content) -> Iterator[str]:
    if not isinstance(content, Text):
        yield f"an SMS is a text, and no {type(content).__name__.lower()}"
        return
    if content.buttons or content.list is not None:
        yield "an SMS has neither buttons nor a list"
    if content.header or content.footer:
        yield "an SMS has neither a headline nor a footer"
    if content.media is not None and content.media.link is None:
        yield "media go by a public link"
    if not content.body and content.media is None:
        yield "there is no text"
    if len(content.body) > BODY:
        yield f"the text has {len(content.body)} characters, at most {BODY} may be"


def _refusal(answer: Answer) -> CarrierError:
    try:
        refused = msgspec.json.decode(answer.body, type=_Refused)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return not_understood(answer)
    meaning = CODES.get(refused.code) or _by_status(answer.status)
    return meaning.error(refused.code, refused.message, retry_after=answer.retry_after)


def _by_status(status: int) -> Meaning:
    if status in {401, 403}:
        return Meaning(Disposition.CARRIER_ERROR, "access denied", rests=True)
    if status == 429:
        return Meaning(Disposition.CONGESTION, "too many requests", rests=True)
    if status >= 500:
        return Meaning(Disposition.UNKNOWN, "an error on Twilio's side", rests=True)
    return Meaning(Disposition.CARRIER_ERROR, "refused")


async def check(chosen: Config) -> str:
    """That the account opens; what Twilio says of it, for people.

    Raises:
        CarrierError: it does not.
    """
    connections = _provider(chosen)
    try:
        answer = await connections.ask(
            f"/2010-04-01/Accounts/{chosen.account_sid}.json", seconds=_SECONDS
        )
    except NoAnswer as error:
        raise CarrierError(Disposition.NOT_SENT, retryable=True, detail=str(error)) from error
    finally:
        await connections.aclose()
    if not answer.is_success:
        raise _refusal(answer)
    try:
        about = msgspec.json.decode(answer.body, type=_About)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise not_understood(answer) from error
    if about.status != "active":
        detail = f"the account is {about.status}"
        raise CarrierError(Disposition.CARRIER_ERROR, retryable=False, detail=detail)
    return ", ".join(filter(None, (about.friendly_name, about.type, about.status)))


def open_account(chosen: Config) -> Carrier:
    """The account of a channel."""
    return Twilio(chosen)


KIND = CarrierKind(
    kind="sms_twilio",
    channel_types=(ChannelType.SMS,),
    config=Config,
    is_loopback_only=config.is_loopback_only,
    senders=config.senders,
    masked=config.masked,
    secrets=config.SECRETS,
    check=check,
    open=open_account,
)
