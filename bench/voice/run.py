"""What a voice worker's calls are like from the other end of the line.

    python bench/voice/run.py [--only turns interrupts steady setups] [--quick] [--limit 700]

Callees (`callee.py`) are one process of their own whose sound was made beforehand; callers
(`caller.py`) are what runs in a `campana voice` process, without its database. SIP and RTP on
loopback between them. Nothing of the callees' processor time is in the callers' figures.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from campana.voice.media import PHONE_RATE, resample, trim  # noqa: E402
from campana.voice.speech import Hibari  # noqa: E402

HERE = Path(__file__).parent
PARTS = ("turns", "interrupts", "steady", "setups")
SAYS = ("Yes, I can.", "No, not at all.", "Yes.", "Yes, that is right.", "No.")


@dataclass
class Callees:
    """The process of the callees, and what it told."""

    process: subprocess.Popen[str]
    port: int
    told: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def close(self) -> None:
        """End it and read what it told."""
        self.process.terminate()
        out, _ = self.process.communicate(timeout=20)
        self.told = [json.loads(line) for line in out.splitlines()]


def render(folder: Path) -> None:
    """What callees say, as mu-law."""
    folder.mkdir()
    voice = Hibari(pitch=0.86)
    for number, text in enumerate(SAYS):
        pcm = resample(voice.speak(text), source=voice.rate, target=PHONE_RATE)
        pcm = trim(pcm, rate=PHONE_RATE)
        (folder / f"{number}.ulaw").write_bytes(mu_law(pcm))


def mu_law(pcm: bytes) -> bytes:
    """G.711, in whole frames."""
    values = np.frombuffer(pcm, "<i2").astype(np.int32)
    values = np.pad(values, (0, -len(values) % 160))
    size = np.minimum(np.abs(values), 32635) + 132
    exponent = np.floor(np.log2(size)).astype(np.int32) - 7
    mantissa = (size >> (exponent + 3)) & 15
    coded = ~(np.where(values < 0, 128, 0) | (exponent << 4) | mantissa) & 255
    return coded.astype(np.uint8).tobytes()


@contextlib.contextmanager
def callees(sounds: Path) -> Generator[Callees]:
    """Fresh ones; what they told is there when the block is over."""
    process = subprocess.Popen(
        [sys.executable, str(HERE / "callee.py"), "--sounds", str(sounds)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None  # noqa: S101 - asked for above
    made = Callees(process, json.loads(process.stdout.readline())["port"])
    try:
        yield made
        made.close()
    finally:
        process.kill()
        process.wait()


def call(port: int, *words: str, limit: float, count: int = 1) -> list[dict[str, Any]]:
    """What so many callers, at once, say came of it."""
    command = [sys.executable, str(HERE / "caller.py"), "--port", str(port), *words]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(count)
    ]
    try:
        return [json.loads(each.communicate(timeout=limit)[0]) for each in running]
    finally:
        for each in running:
            each.kill()


def quantile(values: Sequence[float], share: float) -> float:
    """Of the values in order, the one at this share; nan of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def show(what: str, value: str, aim: str, n: str) -> None:
    """A row of the table, with the load of the moment."""
    print(f"{what:<58}{value:>22}{aim:>12}{n:>14}{os.getloadavg()[0]:>7.1f}", flush=True)


def turns(sounds: Path, *, quick: bool) -> None:
    """From the end of what a callee says to the bot's first sound, and what a call costs."""
    for calls, times in ((1, 1 if quick else 4), (8, 1 if quick else 2)):
        waits: list[float] = []
        inside: list[dict[str, int]] = []
        shares: list[float] = []
        answers = wanted = 0
        for _ in range(times):
            with callees(sounds) as there:
                (found,) = call(
                    there.port, "talk", "--script", "answers", "--calls", str(calls), limit=150
                )
            waits += [each for told in there.told for each in told.get("turns", ())]
            for result in found["results"]:
                inside += result["waits"]
                answers, wanted = answers + result["answers"], wanted + 6
            if found["meter"] is not None:
                cpu, seconds = found["meter"]
                shares.append(100 * cpu / seconds / calls)
        n = f"{len(waits)} turns"
        name = f"{calls} call{'s' * (calls > 1)}: end of speech to the bot's first sound"
        show(f"{name}, p50", f"{quantile(waits, 0.5):.0f} ms", "450 ms", n)
        show(f"{name}, p95", f"{quantile(waits, 0.95):.0f} ms", "600 ms", n)
        parts = ("vad_ms", "asr_ms", "dialog_ms", "tts_ms")
        middle = [quantile([each[part] for each in inside], 0.5) for part in parts]
        split = " + ".join(f"{each:.0f}" for each in middle)
        show("  by the bot's notes: sure + words + dialog + sound, p50", f"{split} ms", "", "")
        show("  answers understood", f"{answers} of {wanted}", "", "")
        aim = "2.5 %" if calls == 8 else ""
        show(
            f"  {calls} call{'s' * (calls > 1)}: of a core, a call",
            f"{quantile(shares, 0.5):.1f} %",
            aim,
            f"{times} runs",
        )


def interrupts(sounds: Path, *, quick: bool) -> None:
    """From the first sound of an interruption to the bot's last."""
    for calls, times in ((1, 1 if quick else 3), (8, 0 if quick else 1)):
        stops: list[float] = []
        for _ in range(times):
            with callees(sounds) as there:
                call(there.port, "talk", "--script", "interrupts", "--calls", str(calls), limit=150)
            stops += [each for told in there.told for each in told.get("stops", ())]
        if times:
            n, name = (
                f"{len(stops)} times",
                f"{calls} call{'s' * (calls > 1)}: interrupted to silent",
            )
            show(f"{name}, p50", f"{quantile(stops, 0.5):.0f} ms", "150 ms", n)
            show(f"{name}, p95", f"{quantile(stops, 0.95):.0f} ms", "", n)


def steady(sounds: Path, *, quick: bool) -> None:
    """How even a worker's packets are with many calls, both sides talking, nobody listening."""
    calls = 20 if quick else 100
    with callees(sounds) as there:
        (found,) = call(there.port, "talk", "--script", "steady", "--calls", str(calls), limit=120)
    ended = [told for told in there.told if "deviations" in told]
    all_of_them = [each for told in ended for each in told["deviations"]]
    n = f"{len(all_of_them)} pkts"
    name = f"{calls} calls without models: packets off their grid"
    show(f"{name}, p50", f"{quantile(all_of_them, 0.5):.2f} ms", "", n)
    show(f"{name}, p99", f"{quantile(all_of_them, 0.99):.2f} ms", "5 ms", n)
    good = sum(result["end"] == "answered" for result in found["results"])
    show("  calls that came about", f"{good} of {calls}", "", "")
    if found["meter"] is not None:
        cpu, seconds = found["meter"]
        show("  of a core, all calls", f"{100 * cpu / seconds:.0f} %", "", f"{seconds:.0f} s")


def setups(sounds: Path, *, quick: bool) -> None:
    """Calls placed and ended a second."""
    for workers in (1, 4):
        with callees(sounds) as there:
            seconds = "4" if quick else "15"
            found = call(there.port, "setups", "--seconds", seconds, limit=90, count=workers)
        rate = sum(each["setups"] / each["seconds"] for each in found)
        took = [one for each in found for one in each["took"]]
        failed = sum(each["failed"] for each in found)
        cost = 1000 * sum(each["cpu"] for each in found) / max(1, len(took))
        name = f"{workers} worker{'s' * (workers > 1)}"
        show(f"{name}: calls set up and ended a second", f"{rate:.0f}", "", f"{len(took)} calls")
        show(
            "  INVITE to answer, p50 and p95",
            f"{quantile(took, 0.5):.0f}, {quantile(took, 0.95):.0f} ms",
            "",
            "",
        )
        show("  not placed; processor time a call", f"{failed}; {cost:.1f} ms", "", "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    parser.add_argument(
        "--limit", type=float, default=700.0, help="seconds after which no part begins"
    )
    arguments = parser.parse_args()
    began = time.monotonic()
    cores = len(os.sched_getaffinity(0))
    print(f"{cores} cores, load {os.getloadavg()[0]:.1f}\n")
    print(f"{'':<58}{'measured':>22}{'aim':>12}{'n':>14}{'load':>7}")
    with tempfile.TemporaryDirectory(prefix="campana-callees-") as made:
        sounds = Path(made) / "sounds"
        render(sounds)
        for name in PARTS:
            if name in arguments.only and time.monotonic() - began < arguments.limit:
                print(f"[{name}]", file=sys.stderr, flush=True)
                globals()[name](sounds, quick=arguments.quick)
    print(f"\n{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
