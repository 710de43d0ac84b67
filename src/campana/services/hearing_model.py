"""Asks an endpoint of OpenAI's `audio/transcriptions` what was said.

What it answers is taken for words of the callee and for nothing else.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec

from campana.domain.sound_models import HearingModel
from campana.services.model_endpoints import Bounds, Open, received
from campana.voice.media import PHONE_RATE, resample, seconds
from campana.voice.mind import Lost
from campana.voice.wav import written

RATE = 16_000
"""Samples per second of what is sent: what such models were made with."""
MOST_BYTES = 65_536
LETTERS_A_SECOND, LETTERS_AT_LEAST = 40, 80
"""Nobody speaks faster: more than this was not said."""

_WHAT = "the hearing endpoint"
_BOUNDARY = "campana-sound-and-what-to-do-with-it"


class _Answer(msgspec.Struct):
    text: str


@dataclass(frozen=True, kw_only=True)
class TranscribingModel:
    """One model of one endpoint: a `Reader`."""

    model: HearingModel
    name: str
    key: str
    open: Open

    async def read(self, pcm: bytes) -> str:
        """The words in 16-bit mono PCM at the rate of a call.

        Raises:
            Lost
        """
        body = await asyncio.to_thread(self._body, pcm)
        # Somebody waits for the whole of it: a byte now and then is no sign of life.
        bounds = Bounds(patience=self.model.seconds, longest=self.model.seconds, most=MOST_BYTES)
        answer = await received(self.open, body, _HEADERS, bounds=bounds, what=_WHAT)
        try:
            text = msgspec.json.decode(answer.body, type=_Answer).text
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Lost(f"{_WHAT} did not answer with words") from None
        if len(text) > LETTERS_AT_LEAST + LETTERS_A_SECOND * seconds(pcm, PHONE_RATE):
            raise Lost(f"{_WHAT} answered with more than can be said in that time")
        return " ".join("".join(c if c.isprintable() else " " for c in text).split())

    def _body(self, pcm: bytes) -> bytes:
        """The form, as RFC 7578 has it; blocks."""
        fields = {"model": self.name, "response_format": "json", "temperature": "0"}
        if self.model.language is not None:
            fields["language"] = self.model.language
        sound = written(resample(pcm, source=PHONE_RATE, target=RATE), rate=RATE)
        parts = [
            f'--{_BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        file = (
            f'--{_BOUNDARY}\r\ncontent-disposition: form-data; name="file";'
            ' filename="said.wav"\r\ncontent-type: audio/wav\r\n\r\n'
        )
        return (
            b"".join([*(part.encode() for part in parts), file.encode(), sound])
            + f"\r\n--{_BOUNDARY}--\r\n".encode()
        )


_HEADERS = {
    "accept": "application/json",
    "accept-encoding": "identity",
    "content-type": f"multipart/form-data; boundary={_BOUNDARY}",
}
