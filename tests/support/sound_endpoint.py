"""An endpoint on loopback that speaks and hears as OpenAI's do: it streams, stalls, breaks and
lies as told."""

from __future__ import annotations

import asyncio
import io
import json
import re
import wave
from collections.abc import Callable, Mapping
from typing import Any

from campana.voice.media import tone
from campana.voice.wav import written
from tests.support.receiver import Behavior, Message, answers, hangs_up

STREAMED = b"\xff\xff\xff\xff"
"""What a WAV says of its length while it is being made."""
RATE = 24_000
HERTZ = 600


def sounds(text: str) -> bytes:
    """A tone that lasts longer the more there is to say."""
    return tone(HERTZ, duration=0.2 + 0.03 * len(text), rate=RATE)


def streamed_wav(pcm: bytes, *, rate: int = RATE) -> bytes:
    """As it is sent by who does not know how long it will be."""
    whole = written(pcm, rate=rate)
    return whole[:4] + STREAMED + whole[8:40] + STREAMED + whole[44:]


def audio(*pieces: bytes | float, kind: str = "audio/wav") -> Behavior:
    """Answers with this sound, and waits where a number says so; then the connection ends."""

    async def answer(_: Message, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode())
        for piece in pieces:
            if isinstance(piece, bytes):
                writer.write(piece)
            else:
                await writer.drain()
                await asyncio.sleep(piece)

    return answer


async def speaks(message: Message, writer: asyncio.StreamWriter) -> None:
    """Answers as a good endpoint does: a tone for what it was to say, in the format asked for."""
    asked = json.loads(message.body)
    pcm = sounds(asked["input"])
    is_wav = asked["response_format"] == "wav"
    kind = "audio/wav" if is_wav else "audio/pcm"
    body = streamed_wav(pcm) if is_wav else pcm
    await audio(body[:1000], body[1000:], kind=kind)(message, writer)


def hears(words: str | Callable[[bytes], str]) -> Behavior:
    """Answers with these words, or with what is made of the WAV that it was sent."""

    async def answer(message: Message, writer: asyncio.StreamWriter) -> None:
        text = words
        if not isinstance(text, str):
            text = await asyncio.to_thread(text, parts_of(message)["file"])
        body = json.dumps({"text": text}).encode()
        await answers(200, body, content_type="application/json")(message, writer)

    return answer


def reads() -> Behavior:
    """Answers as a good endpoint does: with the words that a model of its own finds in the WAV."""
    from campana.voice.ears.recognizer import Recognizer

    recognizer = Recognizer(None, threads=1)

    def read(sent: bytes) -> str:
        with wave.open(io.BytesIO(sent)) as file:
            pcm, rate = file.readframes(file.getnframes()), file.getframerate()
        return recognizer.recognize(pcm, rate=rate, spoken_seconds=len(pcm) / 2 / rate).text

    return hears(read)


def by_target(**ways: Behavior) -> Behavior:
    """One endpoint for all: the last word of where it is asked chooses."""

    async def answer(message: Message, writer: asyncio.StreamWriter) -> None:
        await ways.get(message.target.rpartition("/")[2], hangs_up)(message, writer)

    return answer


def parts_of(message: Message) -> Mapping[str, Any]:
    """The fields of a form, as bytes."""
    found = re.search("boundary=(.+)", message.headers["content-type"])
    assert found is not None
    parts: dict[str, bytes] = {}
    for part in message.body.split(b"--" + found[1].encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = re.search(b' name="([a-z_]+)"', head)
        assert name is not None, head
        parts[name[1].decode()] = content.removesuffix(b"\r\n")
    return parts
