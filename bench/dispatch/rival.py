"""Celery with Redis, as its documentation teaches; runs in `.venv.bench`, without Campana.

    celery -A bench.dispatch.rival worker --pool threads --concurrency 100

Every task waits for the same 50 ms of nothing as Campana's carrier, on one event loop of the
process, and then writes its contact's row into PostgreSQL. A task is acknowledged when that is
done, so that a worker that dies loses nobody, as Campana loses nobody. No results are kept.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterable
from functools import cache

from celery import Celery
from psycopg_pool import ConnectionPool

from bench.dispatch.nothing import nothing

QUEUE = "contacts"
CONNECTIONS = 10

app = Celery("rival", broker=os.environ["BENCH_REDIS"])
app.conf.update(
    task_default_queue=QUEUE,
    task_ignore_result=True,
    task_acks_late=True,
    worker_prefetch_multiplier=4,
    broker_connection_retry_on_startup=True,
    worker_send_task_events=False,
    worker_hijack_root_logger=True,
)


@app.task
def contact(contact_id: int, address: str) -> None:
    """Reach one contact and write down what became of it."""
    outcome = asyncio.run_coroutine_threadsafe(nothing(), _loop()).result()
    with _pool().connection() as conn:
        conn.execute(
            "insert into attempts (contact_id, address, outcome) values (%s, %s, %s)",
            (contact_id, address, outcome),
        )


def preload(people: Iterable[tuple[int, str]], *, queue: str) -> None:
    """Put a task for each into a queue nobody reads yet."""
    with app.producer_or_acquire() as producer:
        for contact_id, address in people:
            contact.apply_async((contact_id, address), producer=producer, queue=queue)


_lock = threading.Lock()


def _loop() -> asyncio.AbstractEventLoop:
    with _lock:
        return _made_loop()


@cache
def _made_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop


def _pool() -> ConnectionPool:
    with _lock:
        return _made_pool()


@cache
def _made_pool() -> ConnectionPool:
    return ConnectionPool(
        os.environ["BENCH_DATABASE"],
        min_size=CONNECTIONS,
        max_size=CONNECTIONS,
        kwargs={"autocommit": True},
        open=True,
    )
