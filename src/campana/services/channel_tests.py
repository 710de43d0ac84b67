"""A test message, or a test call, to one address over one channel.

It is no way around the rules. A message is one more of the conversation with that address, as an
answer is; a call is a campaign of one person, tried once. So each is an attempt that is written
down before the network is touched, and what protects people is asked when it is made, to be told at
once, and again when it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from campana.domain.address import Unusable, parse_phone
from campana.domain.campaign import ChannelType
from campana.domain.clock import wire
from campana.domain.email import parse_email
from campana.domain.errors import (
    CampanaError,
    Conflict,
    FieldProblem,
    InvalidParameter,
    NotFound,
    PreflightBlocked,
    RateLimited,
)
from campana.domain.ids import number_of
from campana.domain.toll import is_refused
from campana.services import (
    campaigns,
    control,
    conversations,
    documents,
    lists,
    outlook,
    suppressed,
    upserts,
)
from campana.services.auditing import untold
from campana.services.context import Context
from campana.services.upserts import Given
from campana.services.voicebot_document import VoiceBotDocument
from campana.store import accounts, channel_tests, channels
from campana.store import conversations as conversation_store
from campana.store.channel_tests import ChannelTest
from campana.store.channels import Channel
from campana.store.db import Tx
from campana.store.suppressions import Scope

MOST_AN_HOUR = 20
"""Of one channel: whoever wants to reach more people makes a campaign."""
CALL_WITHIN = timedelta(minutes=10)
"""A call that could not begin by then never does: whoever asked waits beside the telephone."""
_HOUR = timedelta(hours=1)

Words = Annotated[str, Meta(max_length=4096)]


class TestDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Whom to write to or call, and what to say: a text, or a template, or of calls a bot."""

    __test__ = False

    to: Annotated[str, Meta(min_length=1, max_length=320)]
    text: Words | None = None
    subject: Annotated[str, Meta(max_length=200)] | None = None
    """Of an e-mail."""
    template: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    """Id or name of one that is published, or with `draft` of any."""
    values: Annotated[dict[str, Annotated[str, Meta(max_length=1000)]], Meta(max_length=50)] = {}
    """What its places are filled with."""
    contact_id: Annotated[str, Meta(max_length=40)] | None = None
    """Whose fields the template reads, whoever it is sent to."""
    draft: bool = False
    """The template as it is written now, published or not."""
    voice_bot: VoiceBotDocument | None = None
    """Talks with whoever answers, as that of a campaign would."""


async def send(
    context: Context,
    *,
    workspace_id: int,
    channel_id: str,
    raw: object,
    asked_by: str,
    form: str | None = None,
) -> ChannelTest:
    """Send it as soon as the channel allows.

    Args:
        context: the web role's.
        workspace_id: whose channel it is.
        channel_id: where it is sent.
        raw: a TestDocument in plain values.
        asked_by: the id of a key, or who it is in words.
        form: names the form it came from; of one that is sent twice the second changes nothing.

    Raises:
        NotFound: there is no channel of that id.
        InvalidParameter: naming each field that is wrong, `to` where that may not be contacted.
        Conflict: the channel is paused, or nobody may be called there at this hour.
        PreflightBlocked: the workspace is not ready for calls.
        RateLimited: there were MOST_AN_HOUR within the hour.
    """
    document = documents.read(TestDocument, raw)
    now = context.clock.now()
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        channel = await channels.lock(tx, workspace_id=workspace_id, wanted=channel_id)
        if channel is None or channel.id != channel_id:
            raise NotFound
        if channel.paused_at is not None:
            raise Conflict("the channel is paused: resume it first")
        if problems := _unfit(channel, document):
            raise InvalidParameter(problems=problems)
        address = await _allowed(tx, context, channel, document.to)
        # Behind the channel's row: two at once are counted one after the other.
        made = await channel_tests.since(
            tx, channel_id=channel.id, since=now - _HOUR, most=MOST_AN_HOUR
        )
        test = await channel_tests.add(
            tx, workspace_id=workspace_id, channel_id=channel.id, asked_by=asked_by, form=form,
            now=now,
        )  # fmt: skip
        if test is None:
            raise Conflict("this test was sent already")
        if made >= MOST_AN_HOUR:
            raise RateLimited(f"{MOST_AN_HOUR} tests an hour are all a channel takes")
        test_id, author = test
        if channel.channel_type != ChannelType.VOICE:
            await _write(tx, context, channel, document, address, test_id=test_id, author=author)
    if channel.channel_type == ChannelType.VOICE:
        # Its words may be meant for one person, and nobody keeps the campaign that it makes.
        with untold():
            await _call(context, channel, document, address, test_id=test_id, asked_by=asked_by)
    async with context.db.read(workspace_id=workspace_id) as tx:
        [found] = await channel_tests.latest(
            tx, workspace_id=workspace_id, channel_id=channel.id, now=now, test_id=test_id
        )
    return found


async def latest(
    context: Context, *, workspace_id: int, channel_id: str, test_id: int | None = None
) -> Sequence[ChannelTest]:
    """The channel's newest tests and what became of them, newest first; or the one of that id."""
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await channel_tests.latest(
            tx,
            workspace_id=workspace_id,
            channel_id=channel_id,
            now=context.clock.now(),
            test_id=test_id,
        )


def _unfit(channel: Channel, document: TestDocument) -> list[FieldProblem]:
    """What of the document says nothing on such a channel."""
    is_call, is_mail = (
        channel.channel_type == each for each in (ChannelType.VOICE, ChannelType.EMAIL)
    )
    found: list[FieldProblem] = []
    other, word = (document.voice_bot, "bot") if is_call else (document.template, "template")
    if is_call and document.template is not None:
        found.append(FieldProblem(pointer="/template", message="only messages have one"))
    if not is_call and document.voice_bot is not None:
        found.append(FieldProblem(pointer="/voiceBot", message="only calls have one"))
    if other is None and not (document.text or "").strip():
        found.append(FieldProblem(pointer="/text", message="must say something"))
    if other is not None and document.text is not None:
        found.append(FieldProblem(pointer="/text", message=f"or a {word}, not both"))
    if document.template is None and document.contact_id is not None:
        found.append(FieldProblem(pointer="/contactId", message="only a template reads a contact"))
    if document.template is None and document.draft:
        found.append(FieldProblem(pointer="/draft", message="only a template has one"))
    if document.contact_id is not None and number_of("ctc", document.contact_id) is None:
        found.append(FieldProblem(pointer="/contactId", message="there is no such contact"))
    if document.subject is not None and not is_mail:
        found.append(FieldProblem(pointer="/subject", message="only e-mails have one"))
    return found


async def _allowed(tx: Tx, context: Context, channel: Channel, to: str) -> str:
    """The address as contacts have it, if it may be contacted on the channel."""
    workspace = await accounts.workspace(tx, workspace_id=channel.workspace_id)
    if workspace is None:
        raise NotFound
    if channel.channel_type == ChannelType.EMAIL:
        address = parse_email(to)
    else:
        number = parse_phone(to, default_country=workspace.default_country)
        if isinstance(number, Unusable):
            address = number
        elif is_refused(number.value):
            address = Unusable(reason="is a number of a kind that is never called")
        elif number.country not in workspace.allowed_countries:
            address = Unusable(reason="lies in a country that this workspace may not contact")
        else:
            address = number.value
    if isinstance(address, Unusable):
        raise _wrong(address.reason)
    held = await suppressed.in_force(
        tx, context, workspace_id=channel.workspace_id, addresses=[address]
    )
    if any(
        each.scope is Scope.WORKSPACE or each.channel_type == channel.channel_type for each in held
    ):
        raise _wrong("is suppressed and may not be contacted")
    return address


async def _write(
    tx: Tx,
    context: Context,
    channel: Channel,
    document: TestDocument,
    address: str,
    *,
    test_id: int,
    author: str,
) -> None:
    """One more message of the conversation with that address."""
    now = context.clock.now()
    thread = await conversation_store.open_to(
        tx,
        new_id=context.new_id("conv"),
        workspace_id=channel.workspace_id,
        channel_id=channel.id,
        address=address,
        now=now,
    )
    message = await conversations.write(
        tx,
        thread,
        author=author,
        text=document.text,
        subject=document.subject,
        template=document.template,
        values=document.values,
        now=now,
        contact_id=number_of("ctc", document.contact_id) if document.contact_id else None,
        is_draft=document.draft,
    )
    await channel_tests.becomes(tx, test_id=test_id, message_id=message.id)


async def _call(
    context: Context,
    channel: Channel,
    document: TestDocument,
    address: str,
    *,
    test_id: int,
    asked_by: str,
) -> None:
    """A campaign of one person. Whatever it dies of before its launch calls nobody."""
    workspace_id, now = channel.workspace_id, context.clock.now()
    name = f"Test call on {channel.name}, {wire(now)} ({test_id})"
    listed = await lists.create(context, workspace_id=workspace_id, name=name)
    where: dict[str, Any] = {"workspace_id": workspace_id}
    try:
        person = Given(fields={}, phones=[address], whatsapp=[], emails=[], attributes={})
        await upserts.upsert(context, **where, list_id=listed.id, people=[person])
        raw = _campaign(channel, document, name=name, list_id=listed.id, until=now + CALL_WITHIN)
        where["campaign_id"] = (
            await campaigns.create(context, workspace_id=workspace_id, raw=raw)
        ).id
        await _require_called(context, **where)
        async with context.db.transaction(workspace_id=workspace_id) as tx:
            await channel_tests.becomes(tx, test_id=test_id, campaign_id=where["campaign_id"])
        await control.launch(context, **where, actor=asked_by)
    except (InvalidParameter, Conflict, PreflightBlocked) as error:
        # Refused, and nobody was called: it leaves nothing behind, least of all the number.
        if "campaign_id" in where:
            await campaigns.delete(context, **where)
        await lists.delete(context, workspace_id=workspace_id, list_id=listed.id)
        async with context.db.transaction(workspace_id=workspace_id) as tx:
            await channel_tests.remove(tx, test_id=test_id)
        raise _as_asked(error, is_text=document.text is not None) from None


def _campaign(
    channel: Channel, document: TestDocument, *, name: str, list_id: str, until: datetime
) -> Mapping[str, Any]:
    return {
        "name": name,
        "type": "VoiceBot",
        "channelType": "Voice",
        "contactList": list_id,
        "channel": channel.id,
        "endDate": wire(until),
        "cadence": {"maxAttempts": 1},
        "voiceBot": msgspec.to_builtins(document.voice_bot)
        or {
            "greeting": document.text,
            "steps": [{"type": "end", "id": "end", "result": "said"}],
        },
        # At any hour only where nobody can be reached.
        **({"window": {"always": True}} if channel.is_loopback else {}),
    }


async def _require_called(context: Context, *, workspace_id: int, campaign_id: str) -> None:
    """Return if a launch now would call the one person within CALL_WITHIN."""
    ahead = await outlook.look_ahead(context, workspace_id=workspace_id, campaign_id=campaign_id)
    if ahead.problems:
        raise PreflightBlocked(problems=ahead.problems)
    if not ahead.eligible:
        reasons = ", ".join(each.replace("_", " ") for each in ahead.skipped)
        raise _wrong(f"would not be called: {reasons or 'it is in no list'}")
    if ahead.forecast is None or ahead.forecast.first_at is None:
        raise _wrong("is outside the hours in which people there may be called")


def _as_asked(error: CampanaError, *, is_text: bool) -> CampanaError:
    """What was wrong with the campaign, at the field of the test it comes from."""
    problems = [
        replace(each, pointer="/text") if is_text and "greeting" in (each.pointer or "") else each
        for each in error.problems
    ]
    return type(error)(error.message, problems=problems)


def _wrong(reason: str) -> InvalidParameter:
    return InvalidParameter(problems=[FieldProblem(pointer="/to", message=reason)])
