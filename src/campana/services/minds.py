"""The language model of one call, and the programs that it may have asked.

The installation's endpoint is its operator's choice. One that a workspace names goes out as every
address does that somebody else chose (`outbound.py`), and so does every `http` tool, signed if its
credential signs. The same arguments have the same `Idempotency-Key` for the whole call: a model
that asks twice has nothing done twice by a program that keeps to it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from campana.domain.earlier import Earlier
from campana.domain.errors import Unavailable
from campana.domain.ids import attempt_text, numbered
from campana.domain.model_talk import Errand, Talked
from campana.domain.prompted import Prompt
from campana.domain.script import Script
from campana.domain.speaking import Part
from campana.services import showing
from campana.services.chat_model import ChatModel, completions
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.services.model_endpoints import directly
from campana.services.workspace_endpoints import guarded
from campana.services.workspace_endpoints import shown as shown_by
from campana.store import earlier
from campana.voice.mind import Lost

log = logging.getLogger(__name__)

MOST_BYTES = 32_768
"""Of a program's answer; a longer one is none."""


@dataclass(frozen=True, kw_only=True)
class CallMind:
    """A mind as the voice wants one."""

    context: Context
    model: ChatModel
    workspace_id: int
    call: Mapping[str, str]
    """What a program is told of the call it is asked in."""
    earlier: Sequence[Earlier] | None = None

    def reply(self, talked: Talked) -> AsyncGenerator[Part]:
        """As `ChatModel.reply`."""
        return self.model.reply(talked)

    async def run(self, errand: Errand) -> tuple[bool, str]:
        """Ask the program of a tool. Whatever goes wrong is an answer, not an error."""
        tool = errand.tool
        try:
            shown = await shown_by(
                self.context, workspace_id=self.workspace_id, name=tool.credential
            )
        except Lost:
            return False, "it could not be asked"
        url, body = showing.with_query(tool.url, shown.query), b""
        key = self._key(errand)
        headers = {**shown.headers, "idempotency-key": key}
        if tool.method in {"GET", "DELETE"}:
            url = showing.with_query(url, _plain(errand.arguments))
        else:
            told = {**self.call, "tool": tool.name, "arguments": errand.arguments}
            body = msgspec.json.encode(told)
            headers["content-type"] = "application/json"
        headers |= shown.signature(body, message_id=key, now=self.context.clock.now())
        outcome = await self.context.outbound.ask(
            tool.method,
            url,
            body=body,
            headers=headers,
            seconds=tool.seconds,
            most_bytes=MOST_BYTES,
        )
        if outcome.status is None:
            log.info("call %s: %s: %s", self.call["call"], tool.name, outcome.problem)
            return False, outcome.problem or "it could not be asked"
        answer = (outcome.body or b"").decode("utf-8", errors="replace")
        is_done = 200 <= outcome.status < 300
        return is_done, answer if is_done else f"it answered {outcome.status}: {answer}"

    def _key(self, errand: Errand) -> str:
        asked = msgspec.json.encode([errand.tool.name, errand.arguments], order="sorted")
        return f"campana-{self.call['call']}-{hashlib.sha256(asked).hexdigest()[:24]}"


@dataclass(frozen=True, kw_only=True)
class TrialMind:
    """A mind that speaks as in a call, and asks no program of anything."""

    model: ChatModel
    tell: Callable[[Errand], None]
    """Told what would have been asked."""
    earlier: Sequence[Earlier] | None = None
    """None: a trial is of nobody in particular, who was never contacted."""

    def reply(self, talked: Talked) -> AsyncGenerator[Part]:
        """As `ChatModel.reply`."""
        return self.model.reply(talked)

    async def run(self, errand: Errand) -> tuple[bool, str]:
        """Nothing is asked: the model goes on as if it had been done."""
        self.tell(errand)
        return True, "This is a trial: nothing was really asked. Go on as if it had been done."


def trial_mind(
    context: Context, script: Script, *, workspace_id: int, tell: Callable[[Errand], None]
) -> TrialMind | None:
    """The mind of a talk that calls nobody; None where none is needed, or can be had."""
    if script.prompt is None:
        return None
    model = model_of(context, script.prompt, workspace_id=workspace_id)
    return None if model is None else TrialMind(model=model, tell=tell)


async def mind_of(context: Context, claimed: Claimed, script: Script) -> CallMind | None:
    """The mind of a call that is about to be placed; None where none is needed, or can be had.

    Nobody outside is asked yet: a call that is to be placed within a moment waits for nobody.
    """
    prompt = script.prompt
    if prompt is None:
        return None
    model = model_of(context, prompt, workspace_id=claimed.workspace_id)
    if model is None:
        return None
    return CallMind(
        context=context,
        model=model,
        workspace_id=claimed.workspace_id,
        call=_call(claimed),
        earlier=await _earlier(context, claimed, limit=prompt.history) if prompt.history else None,
    )


def model_of(context: Context, prompt: Prompt, *, workspace_id: int) -> ChatModel | None:
    """The model of a prompt: the workspace's own, else the installation's; None without one."""
    if prompt.model.url is not None:
        name = prompt.model.name or ""
        opened = guarded(
            context,
            completions(prompt.model.url),
            credential=prompt.model.credential,
            workspace_id=workspace_id,
        )
    else:
        model = context.language_model
        if model is None or (context.is_rehearsal and not model.is_on_this_machine):
            return None
        name = prompt.model.name or model.model
        opened = directly(completions(model.url), model.key)
    return ChatModel(prompt=prompt, name=name, open=opened)


async def _earlier(context: Context, claimed: Claimed, *, limit: int) -> Sequence[Earlier] | None:
    """The last contacts with the person; None when they cannot be had now."""
    try:
        async with context.db.read() as tx:
            return await earlier.newest(
                tx,
                workspace_id=claimed.workspace_id,
                contact_id=claimed.contact_id,
                limit=limit,
            )
    except Unavailable:
        return None


def _call(claimed: Claimed) -> dict[str, str]:
    return {
        "call": attempt_text(claimed.attempt_id),
        "campaign": claimed.campaign_id,
        "contact": numbered("ctc", claimed.contact_id),
    }


def _plain(arguments: Mapping[str, object]) -> dict[str, str]:
    """What can stand in a query: the plain values."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in arguments.items()
        if isinstance(value, str | int | float)
    }
