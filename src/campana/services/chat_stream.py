"""A streamed chat completion as it lies on the wire: lines of server-sent events in, parts out.

No network here. Whatever is not what a chat says is `Garbled`; nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from campana.domain.speaking import CallPart, Counted, Part, Words

MOST_LINE = 262_144
"""Bytes of one event."""
_THINKING, _THOUGHT = "<think>", "</think>"


class Garbled(Exception):
    """It is not what a chat completion says; a phrase for logs."""


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _CallDelta(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(msgspec.Struct):
    content: str | None = None
    tool_calls: list[_CallDelta] | None = None


class _Choice(msgspec.Struct):
    delta: _Delta = msgspec.field(default_factory=_Delta)
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    total_tokens: int | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: object = None


@dataclass(slots=True)
class ChatStream:
    """What came so far."""

    is_over: bool = False
    """It has said all; only a count may follow."""
    is_closed: bool = False
    """Nothing follows."""
    _rest: bytes = b""
    _aside: _Aside = field(default_factory=lambda: _Aside())

    def feed(self, received: bytes) -> list[Part]:
        """The parts that are whole with these bytes.

        Raises:
            Garbled
        """
        *lines, self._rest = (self._rest + received).split(b"\n")
        if len(self._rest) > MOST_LINE:
            raise Garbled("a line has no end")
        return [part for line in lines for part in self._line(line.strip())]

    def _line(self, line: bytes) -> list[Part]:
        # Comments keep the connection open, other fields say nothing here.
        if not line.startswith(b"data:"):
            if line and not line.startswith((b":", b"event:", b"id:", b"retry:")):
                raise Garbled("it does not stream events")
            return []
        said = line.removeprefix(b"data:").strip()
        if said == b"[DONE]":
            self.is_over = self.is_closed = True
            return []
        try:
            chunk = msgspec.json.decode(said, type=_Chunk)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Garbled("an event is no part of a chat") from None
        if chunk.error is not None:
            raise Garbled("it reports an error")
        return self._parts(chunk)

    def _parts(self, chunk: _Chunk) -> list[Part]:
        found: list[Part] = []
        for choice in chunk.choices[:1]:
            if choice.delta.content and (text := self._aside.without(choice.delta.content)):
                found.append(Words(text=text))
            for place, call in enumerate(choice.delta.tool_calls or ()):
                function = call.function or _Function()
                found.append(
                    CallPart(
                        index=place if call.index is None else call.index,
                        id=call.id,
                        name=function.name,
                        arguments=function.arguments or "",
                    )
                )
            if choice.finish_reason == "content_filter":
                raise Garbled("its own filter stopped it")
            self.is_over = self.is_over or choice.finish_reason is not None
        if chunk.usage is not None and chunk.usage.total_tokens is not None:
            found.append(Counted(tokens=max(0, chunk.usage.total_tokens)))
        return found


@dataclass(slots=True)
class _Aside:
    """What a model thinks before it speaks, between marks, is not for the telephone."""

    _held: str = ""
    _is_thinking: bool = False
    _has_spoken: bool = False

    def without(self, text: str) -> str:
        if self._has_spoken:
            return text
        self._held += text
        if not self._is_thinking:
            begun = self._held.lstrip()
            if not begun or (_THINKING.startswith(begun) and begun != _THINKING):
                return ""
            if not begun.startswith(_THINKING):
                self._has_spoken = True
                return begun
            self._is_thinking = True
        _, _, after = self._held.partition(_THOUGHT)
        spoken = after.lstrip()
        self._has_spoken = bool(spoken)
        return spoken
