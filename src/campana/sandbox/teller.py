"""Tells senders what became of their sends: signed callbacks, and whatever goes wrong with them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime

import msgspec

from campana.carriers.connections import Connections, NoAnswer, NotLeft
from campana.sandbox.fate import Post, draw, post
from campana.sandbox.plan import Plan
from campana.sandbox.provider import Provider, Taking
from campana.sandbox.wire import SIGNATURE, Said, Status, sign

_TRIES = 8
_FIRST_PAUSE = 0.25
_ANSWERS_WITHIN = 5.0
_ANSWER_LIMIT = 100_000
_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A report and how it travels; with `due`, in seconds after the taking."""

    status: Status
    post: Post
    due: float


class Teller:
    """Posts callbacks; one task a send, each ended by `close`."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._connections = Connections(most=_AT_ONCE)
        # Waiting here and not for a connection: a callback is signed when its turn has come.
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    def tell(self, taking: Taking, *, url: str, secret: str) -> None:
        """Report everything that comes of a send, each at its time."""
        self._spawn(self._tell_all(taking, url=url, secret=secret))

    def say(self, said: Said, *, url: str, secret: str, after: float = 0.0) -> None:
        """Tell what a person wrote, or writes `after` so many seconds, until it is taken."""
        self._spawn(self._say(said, url=url, secret=secret, after=after))

    async def close(self) -> None:
        """No more callbacks."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._connections.aclose()

    async def _tell_all(self, taking: Taking, *, url: str, secret: str) -> None:
        since = self._provider.now()
        for told in journey(self._provider.plan, taking):
            await asyncio.sleep(told.due - (self._provider.now() - since).total_seconds())
            if told.post.is_forged_first:
                await self._forge(told.status, url=url)
            if told.post.copies == 0:
                self._provider.note("dropped", attempt=taking.attempt, status=told.status.id)
            for _ in range(told.post.copies):
                # Each on its own: a receiver that is slow or away holds nothing else up.
                self._spawn(self._post(told.status, url=url, secret=secret))

    async def _say(self, said: Said, *, url: str, secret: str, after: float) -> None:
        await asyncio.sleep(after)
        await self._post(said, url=url, secret=secret)

    async def _post(self, told: Status | Said, *, url: str, secret: str) -> None:
        pause = _FIRST_PAUSE
        for _ in range(_TRIES):
            answer = await self._try(told, url=url, secret=secret)
            if isinstance(told, Status):
                self._provider.note("callback", attempt=told.attempt, status=told.id, answer=answer)
            else:
                self._provider.note("said", inbound=told.inbound, answer=answer)
            if answer is not None and answer < 300:
                return
            await asyncio.sleep(pause)
            pause *= 2

    async def _try(self, told: Status | Said, *, url: str, secret: str) -> int | None:
        """One request; the answer's HTTP status, or None without an answer."""
        body = msgspec.json.encode(told if isinstance(told, Status) else [told])
        async with self._turns:
            signature = sign(secret, body, at=self._provider.now())
            try:
                answer = await self._connections.exchange(
                    "POST",
                    url,
                    headers={"content-type": "application/json", SIGNATURE: signature},
                    content=body,
                    seconds=_ANSWERS_WITHIN,
                    limit=_ANSWER_LIMIT,
                )
            except (NotLeft, NoAnswer):
                return None
        return answer.status

    async def _forge(self, status: Status, *, url: str) -> None:
        """What an impostor would post who has seen the attempt's id."""
        lie = msgspec.structs.replace(status, status="finished", outcome="declined", id="forged")
        answer = await self._try(lie, url=url, secret="not the secret")  # noqa: S106 - that is it
        self._provider.note("forged", attempt=status.attempt, status=status.id, answer=answer)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def journey(plan: Plan, taking: Taking) -> list[Told]:
    """The reports of a send in the order they set out."""
    first: datetime = taking.taken_at
    told = [
        Told(
            status=status,
            post=(how := post(plan, attempt=taking.attempt, number=number)),
            due=(status.at - first).total_seconds() + how.late_seconds,
        )
        for number, status in enumerate(taking.statuses())
    ]
    if told and told[0].post.is_shuffled:
        end = max(each.due for each in told)
        told = [Told(status=each.status, post=each.post, due=end) for each in told]
        told.sort(key=lambda each: draw(plan.seed, taking.attempt, f"order {each.status.id}"))
        return told
    return sorted(told, key=lambda each: each.due)
