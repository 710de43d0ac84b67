"""A language model, asked to choose: which of these fits what somebody wrote, or none.

Any endpoint that speaks OpenAI's chat completions will do, on this machine too. What the person
wrote goes in as it is; whatever it says, all that comes out is one of the choices or none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from campana.services.installed import is_on_this_machine
from campana.services.model_endpoints import Bounds, below, directly, received
from campana.voice.mind import Lost

SECONDS = 10.0
"""Longer than this nobody waits for: the flow goes on as if nothing fitted."""
_MOST_BYTES = 65_536
_NUMBER = re.compile(r"\d{1,3}")


class Unanswered(Exception):
    """It could not be asked, or what it said is no answer; a phrase for logs."""


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message


class _Answer(msgspec.Struct):
    choices: list[_Choice]


@dataclass(frozen=True, kw_only=True)
class LanguageModel:
    """Where it listens (`…/v1`), which of its models is meant, and what proves who we are."""

    url: str
    model: str
    key: str | None = field(default=None, repr=False)

    @property
    def is_on_this_machine(self) -> bool:
        """Nothing leaves the machine when it is asked."""
        return is_on_this_machine(self.url)

    async def choose(self, text: str, choices: Sequence[str]) -> int | None:
        """Which of the choices says what was meant, counted from 0; None when none does.

        Raises:
            Unanswered
        """
        listed = "\n".join(f"{number}. {each}" for number, each in enumerate(choices, 1))
        asked = {
            "model": self.model,
            "temperature": 0,
            "max_tokens": 8,
            "messages": [
                {
                    "role": "system",
                    "content": "You sort messages. Answer with the number of the line that says"
                    f" what the message means, or with 0 if none does.\n0. none of these\n{listed}",
                },
                {"role": "user", "content": text},
            ],
        }
        try:
            answer = await received(
                directly(below(self.url, "chat/completions"), self.key),
                msgspec.json.encode(asked),
                {"content-type": "application/json", "accept-encoding": "identity"},
                bounds=Bounds(patience=SECONDS, longest=SECONDS, most=_MOST_BYTES),
                what="it",
            )
        except Lost as lost:
            raise Unanswered(str(lost)) from None
        try:
            said = msgspec.json.decode(answer.body, type=_Answer).choices[0].message.content or ""
        except (msgspec.DecodeError, UnicodeDecodeError, IndexError):
            raise Unanswered("it did not answer as a chat does") from None
        found = _NUMBER.search(said)
        if found is None or int(found[0]) > len(choices):
            raise Unanswered("it named none of the choices")
        return int(found[0]) - 1 if int(found[0]) else None
