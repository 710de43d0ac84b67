"""Pause means pause: many pauses under load over HTTP, judged by the carrier's own log.

    python bench/pause.py [--pauses 1000] [--workers 4] [--rate 50]

Work processes send on a sandbox at the rate; at moments of no pattern the campaign is paused with
`POST /v1/campaigns/{id}/pause` and, a while after the answer, resumed; now and then after longer
than anything under way could take. The sandbox's log and this program read one monotonic clock.
Printed are the longest answer and the latest send: how long after an answer, and before the resume,
the carrier still saw one. Every pause counts; the maximum is the result.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random  # noqa: TID251 - a seed given on the command line
import time
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from ground import Ground, ground

from campana.services import accounts

PEOPLE = 5000
"""Of one campaign; when most are reached the next one takes over."""


@dataclass(frozen=True, kw_only=True)
class Pause:
    """One pause, in seconds of the monotonic clock."""

    asked: float
    answered: float
    resumed: float


async def pause_often(
    made: Ground, client: httpx.AsyncClient, *, pauses: int, rate: float, seed: int
) -> list[Pause]:
    """Pause and resume until it was done so often."""
    chance = random.Random(seed)  # noqa: S311 - moments without a pattern, not secrets
    done: list[Pause] = []
    sent_at_start = 0
    channel = await made.channel(rate=rate)
    campaign = ""
    while len(done) < pauses:
        sent = count(made)
        if not campaign or sent - sent_at_start > PEOPLE * 0.9:
            if campaign:
                await act(client, campaign, "cancel")
            scene = await made.campaign(channel, people=PEOPLE)
            campaign, sent_at_start = scene.campaign_id, sent
        while count(made) < sent + 3:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)
        await asyncio.sleep(chance.uniform(0, 0.15))
        asked = time.monotonic()
        await act(client, campaign, "pause")
        answered = time.monotonic()
        await asyncio.sleep(1.2 if len(done) % 10 == 0 else chance.uniform(0.05, 0.2))
        done.append(Pause(asked=asked, answered=answered, resumed=time.monotonic()))
        await act(client, campaign, "resume")
    return done


async def act(client: httpx.AsyncClient, campaign: str, action: str) -> None:
    """One action, which must be answered with 200."""
    answer = await client.post(f"/v1/campaigns/{campaign}/{action}")
    answer.raise_for_status()


def count(made: Ground) -> int:
    """How many sends the sandbox has logged: by the size of what no line lacks."""
    return made.sandboxed.log.read_bytes().count(b'"event":"send"')


def judged(pauses: list[Pause], times: list[float]) -> tuple[float, int, float]:
    """The longest answer, the sends between an answer and a resume, and the latest of them."""
    longest = max(each.answered - each.asked for each in pauses)
    late, latest = 0, 0.0
    for each in pauses:
        among = times[bisect_right(times, each.answered) : bisect_left(times, each.resumed)]
        late += len(among)
        latest = max([latest, *(at - each.answered for at in among)])
    return longest, late, latest


async def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """The whole of it."""
    async with ground() as made:
        key = await accounts.create_key(
            made.engine,
            workspace_id=made.workspace_id,
            name="pause",
            scopes=["campaigns:control"],
        )
        for _ in range(arguments.workers):
            made.start_worker()
        async with httpx.AsyncClient(
            base_url=made.url, headers={"authorization": f"Bearer {key.text}"}, timeout=10
        ) as client:
            began = time.monotonic()
            pauses = await pause_often(
                made, client, pauses=arguments.pauses, rate=arguments.rate, seed=arguments.seed
            )
            seconds = time.monotonic() - began
        times = sorted(line["at"] for line in made.sandboxed.lines("send"))
    longest, late, latest = judged(pauses, times)
    answers = sorted(each.answered - each.asked for each in pauses)
    return {
        "pauses": len(pauses),
        "workers": arguments.workers,
        "sends": len(times),
        "seconds": seconds,
        "median_answer": answers[len(answers) // 2],
        "longest_answer": longest,
        "late_sends": late,
        "latest_send": latest,
        "answers": [round(each.answered - each.asked, 4) for each in pauses],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pauses", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    said = asyncio.run(run(arguments))
    print(
        f"{said['pauses']} pauses under {said['sends']} sends by {said['workers']} workers in"
        f" {said['seconds']:.0f} s, load {os.getloadavg()[0]:.1f}:\n"
        f"  longest answer {said['longest_answer'] * 1000:.0f} ms"
        f" (median {said['median_answer'] * 1000:.0f} ms)\n"
        f"  sends after an answer {said['late_sends']}, the latest"
        f" {said['latest_send'] * 1000:.0f} ms after it"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(said, indent=1))
    if said["late_sends"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
