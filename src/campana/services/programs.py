"""The programs of one call: those that a language model may have asked, and those of its steps.

Each goes out as every address does that somebody else chose (`outbound.py`), signed if its
credential signs. The same arguments have the same `Idempotency-Key` for the whole call: who asks
twice has nothing done twice by a program that keeps to it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from campana.domain.ids import attempt_text, numbered
from campana.domain.model_talk import Errand
from campana.services import showing
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.services.workspace_endpoints import shown as shown_by
from campana.voice.mind import Lost

log = logging.getLogger(__name__)

MOST_BYTES = 32_768
"""Of a program's answer; a longer one is none."""
NOT_ASKED = "this is a trial of the bot: nobody was asked"


@dataclass(frozen=True, kw_only=True)
class CallPrograms:
    """Programs as the voice wants them asked (`voice.errands.Programs`)."""

    context: Context
    workspace_id: int
    call: Mapping[str, str]
    """What a program is told of the call it is asked in."""

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
class TrialPrograms:
    """Asks nobody: a step goes the way of one whose program fails."""

    tell: Callable[[Errand], None]
    """Told what would have been asked."""

    async def run(self, errand: Errand) -> tuple[bool, str]:
        """Nothing is done."""
        self.tell(errand)
        return False, NOT_ASKED


def programs_of(context: Context, claimed: Claimed) -> CallPrograms:
    """Those of a call that is about to be placed."""
    return CallPrograms(context=context, workspace_id=claimed.workspace_id, call=_call(claimed))


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
