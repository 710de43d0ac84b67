"""The language model of one call, and the programs that it may have asked.

The installation's endpoint is its operator's choice. One that a workspace names goes out as every
address does that somebody else chose (`outbound.py`), and so does every `http` tool, signed if its
credential signs. The same arguments have the same `Idempotency-Key` for the whole call: a model
that asks twice has nothing done twice by a program that keeps to it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import msgspec

from campana.domain.errors import Unavailable
from campana.domain.ids import attempt_text, numbered
from campana.domain.model_talk import Errand, Talked
from campana.domain.prompted import Model
from campana.domain.script import Script
from campana.domain.speaking import Part
from campana.services import showing
from campana.services.chat_model import ChatModel, Open, completions, directly
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.services.showing import Shown
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

    def reply(self, talked: Talked) -> AsyncGenerator[Part]:
        """As `ChatModel.reply`."""
        return self.model.reply(talked)

    async def run(self, errand: Errand) -> tuple[bool, str]:
        """Ask the program of a tool. Whatever goes wrong is an answer, not an error."""
        tool = errand.tool
        try:
            shown = await _shown(self.context, workspace_id=self.workspace_id, name=tool.credential)
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

    def reply(self, talked: Talked) -> AsyncGenerator[Part]:
        """As `ChatModel.reply`."""
        return self.model.reply(talked)

    async def run(self, errand: Errand) -> tuple[bool, str]:
        """Nothing is asked: the model goes on as if it had been done."""
        self.tell(errand)
        return True, "This is a trial: nothing was really asked. Go on as if it had been done."


def mind_of(context: Context, claimed: Claimed, script: Script) -> CallMind | None:
    """The mind of a call that is about to be placed; None where none is needed, or can be had.

    Nothing is asked of anybody yet: a call that is to be placed within a moment waits for nobody.
    """
    model = _model_of(context, script, workspace_id=claimed.workspace_id)
    if model is None:
        return None
    return CallMind(
        context=context, model=model, workspace_id=claimed.workspace_id, call=_call(claimed)
    )


def trial_mind(
    context: Context, script: Script, *, workspace_id: int, tell: Callable[[Errand], None]
) -> TrialMind | None:
    """The mind of a talk that calls nobody; None where none is needed, or can be had."""
    model = _model_of(context, script, workspace_id=workspace_id)
    return None if model is None else TrialMind(model=model, tell=tell)


def _model_of(context: Context, script: Script, *, workspace_id: int) -> ChatModel | None:
    prompt = script.prompt
    if prompt is None:
        return None
    if prompt.model.url is not None:
        name = prompt.model.name or ""
        opened = _guarded(context, prompt.model, workspace_id=workspace_id)
    else:
        model = context.language_model
        if model is None or (context.is_rehearsal and not model.is_on_this_machine):
            return None
        name, opened = prompt.model.name or model.model, directly(model.url, model.key)
    return ChatModel(prompt=prompt, name=name, open=opened)


def _guarded(context: Context, model: Model, *, workspace_id: int) -> Open:
    """To an endpoint of the workspace's own, with its credential, asked for once a call."""
    known: list[Shown] = [Shown()] if model.credential is None else []

    @asynccontextmanager
    async def opened(
        body: bytes, headers: Mapping[str, str], seconds: float
    ) -> AsyncGenerator[httpx.Response]:
        if not known:
            known.append(await _shown(context, workspace_id=workspace_id, name=model.credential))
        whole = showing.with_query(completions(model.url or ""), known[0].query)
        async with context.outbound.stream(
            whole, body=body, headers={**headers, **known[0].headers}, seconds=seconds
        ) as response:
            yield response

    return opened


async def _shown(context: Context, *, workspace_id: int, name: str | None) -> Shown:
    """What that credential adds.

    Raises:
        Lost: it is not to be had now.
    """
    if name is None:
        return Shown()
    try:
        found = await showing.of(context, workspace_id=workspace_id, name=name)
    except Unavailable:
        found = None
    if found is None:
        raise Lost(f"the credential {name} is not to be had")
    return found


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
