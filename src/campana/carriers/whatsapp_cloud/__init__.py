"""WhatsApp over Meta's Cloud API: one channel is one business number.

Our attempt's id travels in `biz_opaque_callback_data` and comes back with each status. Meta takes
no idempotency key and cannot be asked about a message whose own id never came back: a send without
an answer is UNKNOWN, and its statuses tell the rest. The words are in `messages`, `webhooks` and
`codes` beside this.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec

from campana.carriers.base import (
    Accepted,
    Callback,
    Carrier,
    CarrierError,
    CarrierKind,
    Heard,
    NotSent,
    Outbound,
    Patience,
    Report,
    Unknowable,
)
from campana.carriers.whatsapp_cloud import account, config, messages, webhooks
from campana.carriers.whatsapp_cloud.answers import accepted
from campana.carriers.whatsapp_cloud.config import Config
from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from campana.domain.ids import attempt_text

_MOST_AT_ONCE = 200
_REPLY_WINDOW = timedelta(hours=24)
_PAIR_INTERVAL = timedelta(seconds=6)
_CALLBACK_LIMIT = 4_000_000
"""Meta's webhooks have up to 3 MB, whichever megabytes it means."""


class WhatsAppCloud:
    """One channel's number."""

    most_at_once = _MOST_AT_ONCE

    def __init__(self, chosen: Config) -> None:
        self._config = chosen
        self.patience = Patience(
            ask_after=timedelta(seconds=chosen.ask_after_seconds),
            give_up_after=timedelta(seconds=chosen.give_up_after_seconds),
        )
        self._provider = account.provider(chosen)

    def __repr__(self) -> str:
        return f"WhatsAppCloud({self._config.phone_number_id})"

    async def send(self, outbound: Outbound) -> Accepted:
        """Hand it over; within `timeoutSeconds`, whatever happens.

        Raises:
            CarrierError: it was not taken, or nobody knows.
        """
        try:
            said = messages.message(outbound.content)
        except messages.Unsayable as error:
            raise CarrierError(
                Disposition.CARRIER_ERROR, retryable=False, detail=str(error)[:500]
            ) from error
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": outbound.to,
            "biz_opaque_callback_data": attempt_text(outbound.attempt_id),
            **said,
        }
        answer = await self._provider.send(
            f"/{self._config.phone_number_id}/messages",
            content=msgspec.json.encode(body),
            headers={"content-type": "application/json"},
            may_send=outbound.may_send,
        )
        return Accepted(ref=accepted(answer))

    def parse_callback(self, callback: Callback) -> list[Heard]:
        """Statuses and messages of this number, or Meta's question whether the address is ours.

        Raises:
            ForgedCallback: the signature, or the verify token of a question, is missing or wrong.
            UnreadableCallback: it is none of the above, or of another number.
        """
        if callback.method == "GET":
            return [webhooks.challenge(callback, self._config.verify_token)]
        webhooks.check_signature(callback, self._config.app_secret)
        return [*webhooks.read(callback.body, phone_number_id=self._config.phone_number_id)]

    async def lookup(self, attempt_id: UUID) -> list[Report] | NotSent | Unknowable:
        """Meta knows messages by its own ids alone."""
        del attempt_id
        return Unknowable(why="Meta cannot be asked about a message by our id")

    async def aclose(self) -> None:
        """Give up the connections."""
        await self._provider.aclose()


def open_account(chosen: Config) -> Carrier:
    """The number of a channel."""
    return WhatsAppCloud(chosen)


KIND = CarrierKind(
    kind="whatsapp_cloud",
    channel_types=(ChannelType.WHATSAPP,),
    config=Config,
    is_loopback_only=config.is_loopback_only,
    senders=config.senders,
    masked=config.masked,
    secrets=config.SECRETS,
    is_greeted=True,
    callback_limit=_CALLBACK_LIMIT,
    most_a_second=config.most_a_second,
    portfolio=config.portfolio,
    reply_window=_REPLY_WINDOW,
    pair_interval=_PAIR_INTERVAL,
    templates=account.fetch_templates,
    check=account.check,
    open=open_account,
)
