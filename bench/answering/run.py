"""Who answered: greetings in many voices, through the ears of a call, as a matrix.

    python bench/answering/run.py [--half held-back|learned|both] [--lines 2] [--limit 600]

The greetings are those of `tests/support/greetings.py`, spoken by voices that no half shares, over
lines drawn by `--seed`. A person taken for anything but a person is an error; `unsure` and
`silence` are treated as people and are none. Errors are listed with what was read.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random  # noqa: TID251 - seeded, so every run is the same

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.answering import voices
from bench.answering.bound import clopper_pearson
from campana.domain.answered_by import AnsweredBy
from campana.voice.ears.hearing import Models, load
from tests.support.answering import judged
from tests.support.greetings import HELD_BACK, LEARNED
from tests.support.phone_line import heard, line

HALVES = {"learned": (LEARNED, voices.LEARNED), "held-back": (HELD_BACK, voices.HELD_BACK)}
PEOPLE = frozenset({AnsweredBy.HUMAN, AnsweredBy.UNSURE, AnsweredBy.SILENCE})
"""Verdicts after which the bot talks."""


@dataclass(frozen=True, slots=True)
class Case:
    """One call: who says what, in which voice, over which line (by its seed)."""

    half: str
    truth: str
    kind: str
    text: str
    voice: str
    other: str
    seed: str


@dataclass(frozen=True, slots=True)
class Found:
    """What was made of it."""

    case: Case
    line: str
    who: str
    at: float
    text: str
    took: float
    """Seconds of this machine."""
    lasted: float
    """Seconds of the call up to the verdict."""


def cases(half: str, *, lines: int, seed: int) -> Iterator[Case]:
    """All of a half: each greeting in each voice over `lines` lines; what has no voice, once a line
    and voice too, since the line differs."""
    greetings, names = HALVES[half]
    able = [name for name in names if name not in voices.missing()]
    for number, greeting in enumerate(greetings):
        for place, voice in enumerate(able):
            for again in range(lines if greeting.truth == "human" else max(1, lines // 2)):
                yield Case(
                    half,
                    greeting.truth,
                    greeting.kind,
                    greeting.text,
                    voice,
                    able[(place + 1) % len(able)],
                    f"{seed}-{half}-{number}-{voice}-{again}",
                )


class Bench:
    """What a process needs, made once in it."""

    models: Models
    voices: voices.Voices


def _prepare(folder: str) -> None:
    Bench.models, Bench.voices = load(), voices.Voices(Path(folder))


def find(case: Case) -> Found:
    """Speak it, send it through the line, and ask the ears."""
    spoken = Bench.voices
    dice = Random(case.seed)  # noqa: S311 - no secret
    way = line(dice)
    pcm = heard(
        case.text,
        lambda text: spoken.say(case.voice, text),
        lambda text: spoken.say(case.other, text),
        way,
        dice,
    )
    began = time.monotonic()
    verdict = judged(Bench.models, pcm)
    took = time.monotonic() - began
    read = next(reversed([text for text in verdict.texts if text]), "")
    return Found(case, str(way), verdict.who.value, round(verdict.at, 2), read, took, verdict.at)


def row_of(found: Found) -> str:
    """The row of the matrix that a case is counted in."""
    return "beep" if found.case.kind == "beep" else found.case.truth


def told(half: str, all_found: Sequence[Found]) -> None:
    """Print the matrix of a half, the bound, and the errors."""
    verdicts = [each.value for each in AnsweredBy]
    names = sorted({found.case.voice for found in all_found})
    print(f"\n{half}: {len(all_found)} greetings, {len(names)} voices ({', '.join(names)})\n")
    print(
        f"{'is':>10} |" + "".join(f"{each:>10}" for each in verdicts) + f"{'n':>8}{'median s':>10}"
    )
    rows = dict.fromkeys(row_of(found) for found in all_found)
    for row in rows:
        these = [found for found in all_found if row_of(found) == row]
        counts = Counter(found.who for found in these)
        middle = sorted(found.at for found in these)[len(these) // 2]
        print(
            f"{row:>10} |"
            + "".join(f"{counts[each]:>10}" for each in verdicts)
            + f"{len(these):>8}{middle:>10.1f}"
        )
    people = [found for found in all_found if found.case.truth == "human"]
    wrong = [found for found in people if found.who not in PEOPLE]
    low, high = clopper_pearson(len(wrong), len(people))
    print(
        f"\npeople taken for something else: {len(wrong)} of {len(people)},"
        f" {len(wrong) / max(1, len(people)):.2%} (95 %: {low:.2%} to {high:.2%})"
    )
    machines = [found for found in all_found if found.case.truth == "machine"]
    seen = [found for found in machines if found.who not in PEOPLE]
    low, high = clopper_pearson(len(seen), len(machines))
    print(
        f"machines seen to be machines:    {len(seen)} of {len(machines)},"
        f" {len(seen) / max(1, len(machines)):.1%} (95 %: {low:.1%} to {high:.1%})"
    )
    _by_kind(all_found)
    print("\nerrors, people first:")
    for found in sorted(all_found, key=lambda each: (each.case.truth != "human", each.case.kind)):
        if not is_right(found):
            case = found.case
            print(
                f"  {case.truth} {case.kind}, {case.voice}, {found.line}: {found.who} at"
                f" {found.at:.1f} s; read: {found.text!r}; said: {case.text!r}"
            )


def _by_kind(all_found: Sequence[Found]) -> None:
    for title, key in (
        ("by kind", lambda found: f"{found.case.truth} {found.case.kind}"),
        ("by voice", lambda found: f"{found.case.truth} {found.case.voice}"),
        ("by line", lambda found: f"{found.case.truth} {found.line}"),
    ):
        print(f"\n{title}: right of all")
        groups = sorted({key(found) for found in all_found})
        right = Counter(key(found) for found in all_found if is_right(found))
        total = Counter(key(found) for found in all_found)
        print("  " + ", ".join(f"{each} {right[each]}/{total[each]}" for each in groups))


def is_right(found: Found) -> bool:
    """As the bot acts: it talks to people, and says or does nothing to the others but what is
    theirs."""
    if found.case.truth in {"human", "silence"}:
        return found.who in PEOPLE
    return found.who == found.case.truth


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=[*HALVES, "both"], default="both")
    parser.add_argument(
        "--lines", type=int, default=2, help="lines a greeting of a person goes over"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0, help="of the cases, drawn by the seed")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--limit", type=float, default=900.0, help="seconds after which it ends")
    parser.add_argument("--voices", type=Path, help="keep what the voices said there")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    for name, how in voices.missing().items():
        print(f"without {name}: {how}", file=sys.stderr)
    voices.install_piper()
    halves = list(HALVES) if arguments.half == "both" else [arguments.half]
    every = [
        case for half in halves for case in cases(half, lines=arguments.lines, seed=arguments.seed)
    ]
    dice = Random(arguments.seed)  # noqa: S311 - no secret
    dice.shuffle(every)
    del every[round(len(every) * arguments.share) :]
    deadline = time.monotonic() + arguments.limit
    all_found: list[Found] = []
    with tempfile.TemporaryDirectory(prefix="campana-voices-") as made:
        folder = arguments.voices or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        with multiprocessing.get_context("spawn").Pool(
            arguments.processes, _prepare, (str(folder),)
        ) as pool:
            for found in pool.imap_unordered(find, every):
                all_found.append(found)
                if len(all_found) % 100 == 0:
                    print(f"{len(all_found)} of {len(every)}", file=sys.stderr, flush=True)
                if time.monotonic() > deadline:
                    print(f"time is up after {len(all_found)} of {len(every)}")
                    break
    for half in halves:
        told(half, [found for found in all_found if found.case.half == half])
    called, took = sum(f.lasted for f in all_found), sum(f.took for f in all_found)
    print(
        f"\n{called:.0f} s of calls took {took:.0f} s of processors"
        f" ({called / max(took, 0.1):.1f} times real time each); load {os.getloadavg()[0]:.1f}"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(each) for each in all_found], indent=1))


if __name__ == "__main__":
    main()
