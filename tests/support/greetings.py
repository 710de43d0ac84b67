"""What answers a phone, as text: the two halves of the trial of who answered (`greetings.tsv`).

Neither half was written with the rules of `domain/answered_by.py` in view. Rules may be mended
after what they do to `LEARNED`; `HELD_BACK` is only ever measured.

In a text `{1.5}` is a pause of so many seconds, `{other}` hands the phone to a second voice,
`{high}` makes the voice a child's, `{beep}` is a machine's; `{cng}`, `{ced}`, `{ansam}`, `{sit}`
are the tones of a fax that calls, of one that answers, of one that does so with modulation, and of
a number out of service.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Greeting:
    """One thing that answers: what it is, of which kind, and what is heard."""

    truth: str
    """`human`, `machine`, `screener`, `fax` or `silence`."""
    kind: str
    text: str


def _half(name: str) -> Iterator[Greeting]:
    for line in Path(__file__).with_suffix(".tsv").read_text("utf-8").splitlines()[1:]:
        half, truth, kind, text = line.split("\t")
        if half == name:
            yield Greeting(truth, kind, text)


LEARNED = tuple(_half("learned"))
HELD_BACK = tuple(_half("held back"))
