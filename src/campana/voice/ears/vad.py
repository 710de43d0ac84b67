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

    def probabilities(
        self, detectors: Sequence[Detector], sounds: Sequence[bytes]
    ) -> list[list[float]]:
        """That somebody speaks, for each next chunk of each of these calls, 256 samples of 16-bit
        PCM; blocks for 0.1 ms a chunk, and for 0.3 ms where there is one from each of eight calls.

        Args:
            detectors: of the calls, each once.
            sounds: whole chunks, perhaps none, and not as many of each.
        """
        # Those with the most chunks first: who has another one is always at the front.
        order = sorted(range(len(sounds)), key=lambda n: -len(sounds[n]))
        counts = [len(sounds[n]) // (2 * CHUNK_SAMPLES) for n in order]
        found: list[list[float]] = [[] for _ in sounds]
        if not counts or not counts[0]:
            return found
        given = np.zeros((counts[0], len(order), _CONTEXT + CHUNK_SAMPLES), np.float32)
        for row, n in enumerate(order):
            wide = np.frombuffer(sounds[n], "<i2").astype(np.float32) / np.float32(32768)
            chunks = wide.reshape(-1, CHUNK_SAMPLES)
            given[: counts[row], row, _CONTEXT:] = chunks
            given[0, row, :_CONTEXT] = detectors[n].before
            given[1 : counts[row], row, :_CONTEXT] = chunks[:-1, -_CONTEXT:]
            if counts[row]:
                detectors[n].before = chunks[-1, -_CONTEXT:]
        state = np.concatenate([detectors[n].state for n in order], axis=1)
        for place in range(counts[0]):
            having = sum(count > place for count in counts)
            inputs = {"input": given[place, :having], "state": state[:, :having], "sr": _RATE}
            likely, states = self._session.run(None, inputs)
            if having == len(order):
                state = states
            else:
                state[:, :having] = states
            for n, one in zip(order, likely[:, 0].tolist(), strict=False):
                found[n].append(one)
        for row, n in enumerate(order):
            detectors[n].state = state[:, row : row + 1]
        return found


class Detector:
    """What the model remembers of one call."""

    def __init__(self, vad: Vad) -> None:
        self._vad = vad
        self.state: Floats = np.zeros((2, 1, 128), np.float32)
        self.before: Floats = np.zeros(_CONTEXT, np.float32)

    def probability(self, chunk: bytes) -> float:
        """As `Vad.probabilities`, of this call alone."""
        return self._vad.probabilities([self], [chunk])[0][0]
