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
from numpy.typing import NDArray

from campana.domain.errors import SetupError

RATE = 8000
CHUNK_SAMPLES = 256
Floats = NDArray[np.float32]
_CONTEXT = 32
_RATE = np.array(RATE, np.int64)
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
        return Detector(self)

    def probabilities(self, detectors: Sequence[Detector], chunks: Sequence[bytes]) -> list[float]:
        """That somebody speaks, for the next chunk of each of these calls, 256 samples of 16-bit
        PCM; blocks for 0.1 ms, and for eight calls at once for 0.3 ms."""
        sound = np.frombuffer(b"".join(chunks), "<i2").astype(np.float32) / np.float32(32768)
        before = np.stack([each.before for each in detectors])
        given = np.concatenate([before, sound.reshape(len(chunks), CHUNK_SAMPLES)], axis=1)
        state = np.concatenate([each.state for each in detectors], axis=1)
        likely, states = self._session.run(None, {"input": given, "state": state, "sr": _RATE})
        for place, each in enumerate(detectors):
            each.before = given[place, -_CONTEXT:]
            each.state = states[:, place : place + 1]
        return [float(one) for one in likely[:, 0]]


class Detector:
    """What the model remembers of one call."""

    def __init__(self, vad: Vad) -> None:
        self._vad = vad
        self.state: Floats = np.zeros((2, 1, 128), np.float32)
        self.before: Floats = np.zeros(_CONTEXT, np.float32)

    def probability(self, chunk: bytes) -> float:
        """As `Vad.probabilities`, of this call alone."""
        return self._vad.probabilities([self], [chunk])[0]
