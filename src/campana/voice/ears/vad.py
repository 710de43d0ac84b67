"""Is somebody speaking? Silero's detector for 8 kHz, 32 ms at a time.

The model (`silero_vad.onnx`, MIT, its licence beside it) is loaded once and shared; each call has a
`Detector` with the little that the model remembers.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

from campana.domain.errors import SetupError

RATE = 8000
CHUNK_SAMPLES = 256
_CONTEXT = 32
_SHA256 = "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3"
_FILE = Path(__file__).parent / "silero_vad.onnx"


class _Session(Protocol):
    def run(self, outputs: None, inputs: Mapping[str, Any]) -> Sequence[Any]: ...


class Vad:
    """The shared model."""

    def __init__(self, path: Path = _FILE) -> None:
        """Load it, a few tens of milliseconds.

        Raises:
            SetupError: the file is not the one, or onnxruntime is missing.
        """
        try:
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() != _SHA256:
                raise SetupError(f"{path} is not the detector of speech that was published")
            ort = importlib.import_module("onnxruntime")
            options = ort.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            self._session = cast("_Session", ort.InferenceSession(content, options))
        except (ImportError, OSError, RuntimeError) as error:
            raise SetupError(f"speech cannot be detected: {error}") from error

    def detector(self) -> Detector:
        """For one call."""
        return Detector(self._session)


class Detector:
    """What the model remembers of one call."""

    def __init__(self, session: _Session) -> None:
        self._session = session
        self._state = np.zeros((2, 1, 128), np.float32)
        self._before = np.zeros(_CONTEXT, np.float32)
        self._rate = np.array(RATE, np.int64)

    def probability(self, chunk: bytes) -> float:
        """That somebody speaks in these 256 samples of 16-bit PCM; blocks for 0.1 ms."""
        sound = np.frombuffer(chunk, "<i2").astype(np.float32) / 32768
        given = np.concatenate([self._before, sound])
        likely, self._state = self._session.run(
            None, {"input": given[None], "state": self._state, "sr": self._rate}
        )
        self._before = given[-_CONTEXT:]
        return float(likely[0, 0])
