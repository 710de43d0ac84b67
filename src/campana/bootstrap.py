"""The composition root: settings, clock and randomness enter here, once, and are passed down.

Everything that runs (web, work, voice, a command) starts by opening a Context here. What only one
of them needs is imported there: the others would wait a third of a second for it.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import socket
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from campana import endpoints
from campana.blobs import Blobs
from campana.carriers import load_all, voice_sip
from campana.domain.errors import SetupError, Unavailable
from campana.engine import processes
from campana.engine.runner import STAGGER_SECONDS, Loop, repeat, stop_on_signals
from campana.services.context import Context
from campana.services.outbound import Outbound
from campana.services.secrets import open_secrets
from campana.settings import Settings
from campana.store import migrations
from campana.store.db import SHORTLY_IDLE_SECONDS, Database, DatabaseClock, Role

if TYPE_CHECKING:
    from campana.voice.ears.hearing import Ears

log = logging.getLogger(__name__)

# An import holds thousands of people at once, none of them in a circle: to look for circles after
# every seven hundred objects, as Python does unless told otherwise, took a quarter of its time.
_YOUNG_OBJECTS = 50_000

DEFAULT_WORKSPACE = "default"
PROGRAM = (sys.executable, "-m", "campana")
_DISPATCHING, _BESIDE_IT, _ON_JOBS = 8, 8, 4
_ON_CALLS, _BESIDE_CALLS = 18, 2
"""Connections of a work process and of a voice worker, at most."""
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what is bound, told apart


@contextmanager
def database(settings: Settings) -> Generator[str]:
    """The connection string of the configured PostgreSQL, or of the embedded one while the block
    lasts.

    Raises:
        SetupError: the data directory or the server cannot be used.
    """
    if settings.database_url:
        yield settings.database_url
        return
    from campana.store.embedded import attach

    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(
            f"cannot use the data directory {settings.data_dir}: {error.strerror}"
        ) from error
    embedded = attach(settings.data_dir)
    try:
        yield embedded.conninfo
    finally:
        embedded.close()


def prepare(settings: Settings, conninfo: str) -> None:
    """Make the schema ready: the embedded database is migrated, a given one only checked.

    Raises:
        SetupError: a given database has another schema than this program.
    """
    if settings.database_url:
        migrations.check(conninfo)
    else:
        migrations.migrate(conninfo)


def wall_clock() -> datetime:
    """This machine's own clock, for what stands outside Campana; Campana follows the database's."""
    return datetime.now(UTC)


@asynccontextmanager
async def opened(
    settings: Settings, conninfo: str, *, role: Role, max_connections: int = 10
) -> AsyncGenerator[Context]:
    """A Context on `conninfo` whose clock follows the database's until the block ends.

    Raises:
        SetupError: the database does not answer.
    """
    gc.set_threshold(_YOUNG_OBJECTS, 20, 100)
    speech, hearing = endpoints.sound_endpoints(settings)
    db = Database(conninfo, role=role, max_connections=max_connections)
    await db.open()
    clock = DatabaseClock(shift=timedelta(seconds=settings.clock_shift_seconds))
    try:
        async with db.read() as tx:
            await clock.sample(tx)
        keeper = asyncio.create_task(_keep(clock, db))
        try:
            yield Context(
                db=db,
                clock=clock,
                entropy=os.urandom,
                blobs=Blobs(root=settings.data_dir / "blobs"),
                carriers=load_all(),
                secrets=open_secrets(settings.secret_key, data_dir=settings.data_dir),
                outbound=Outbound(
                    allow_loopback=settings.webhooks_to_loopback,
                    is_confined=settings.clock_shift_seconds != 0,
                ),
                language_model=endpoints.language_model(settings),
                speech_endpoint=speech,
                hearing_endpoint=hearing,
                is_rehearsal=settings.clock_shift_seconds != 0,
            )
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
    finally:
        await db.close()


async def _keep(clock: DatabaseClock, db: Database) -> None:
    while True:
        await asyncio.sleep(1)
        if clock.is_due:
            try:
                async with db.read() as tx:
                    await clock.sample(tx)
            except Unavailable:
                # The monotonic clock carries on; nothing is dialed without the database anyway.
                continue


@asynccontextmanager
async def _shortly_idle(
    context: Context, *, max_connections: int, only_by_index: bool = False
) -> AsyncGenerator[Context]:
    """The same with connections of its own, on which nobody stands still for long."""
    db = Database(
        context.db.conninfo,
        role=context.db.role,
        max_connections=max_connections,
        only_by_index=only_by_index,
        idle_seconds=SHORTLY_IDLE_SECONDS,
    )
    try:
        await db.open()
        yield replace(context, db=db)
    finally:
        await db.close()


async def work(settings: Settings, conninfo: str) -> None:
    """One work process: sending on channels that take requests, applying what carriers report,
    sweeping, closing, windows, background jobs; until SIGTERM, then drains."""
    from campana.engine.accounts import Accounts
    from campana.engine.answerer import Answerer
    from campana.engine.dispatcher import Dispatcher
    from campana.engine.listening import Listening
    from campana.engine.loops import answer_loops, work_loops
    from campana.engine.webhooks import Deliverer
    from campana.jobs.app import build as build_jobs
    from campana.jobs.app import work as work_on_jobs
    from campana.services import channel_secrets

    stop = stop_on_signals()
    async with (
        opened(settings, conninfo, role=Role.ENGINE, max_connections=_ON_JOBS) as with_time,
        _shortly_idle(with_time, max_connections=_BESIDE_IT) as context,
        _shortly_idle(with_time, max_connections=_DISPATCHING, only_by_index=True) as by_index,
    ):
        await channel_secrets.seal_all(with_time)
        # A job may read thousands of rows between two statements.
        jobs = build_jobs(with_time)
        accounts = Accounts(context)
        dispatcher = Dispatcher(by_index, accounts=accounts, public_url=public_url(settings))
        answerer = Answerer(context, accounts=accounts, public_url=public_url(settings))
        dispatch, *others = work_loops(context, accounts=accounts, dispatcher=dispatcher)
        others += answer_loops(answerer, duty=dispatcher.duty)
        try:
            async with jobs.open_async(), asyncio.TaskGroup() as group:
                group.create_task(processes.until_orphaned(stop, environment=os.environ))
                owner = group.create_task(dispatcher.ownership.keep())
                answering = group.create_task(answerer.ownership.keep())
                for n, loop in enumerate(others):
                    group.create_task(repeat(loop, stop, after=n * STAGGER_SECONDS))
                group.create_task(Deliverer(context, duty=dispatcher.duty).run(stop))
                listening = group.create_task(Listening(context, accounts=accounts).run())
                dispatching = group.create_task(repeat(dispatch, stop))
                worker = group.create_task(work_on_jobs(jobs))
                await stop.wait()
                worker.cancel()
                await dispatching
                await asyncio.gather(
                    dispatcher.drain(seconds=settings.drain_seconds),
                    answerer.drain(seconds=settings.drain_seconds),
                )
                listening.cancel()
                owner.cancel()
                answering.cancel()
        finally:
            await accounts.aclose()


def public_url(settings: Settings) -> str:
    """How browsers and carriers reach the web processes, without a slash at its end.

    Of processes that are bound to every address, this machine knows its own.
    """
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host = _ANYWHERE.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


async def voice(settings: Settings, conninfo: str) -> None:
    """One voice worker: places calls on SIP channels; until SIGTERM, then drains.

    Raises:
        SetupError: the voice packages are missing, or the SIP port cannot be had.
    """
    from campana.engine.loops import ACCOUNT_SECONDS
    from campana.engine.voice_worker import VoiceWorker
    from campana.voice.sip import SipDriver
    from campana.voice.speech import Speech

    stop = stop_on_signals()
    async with (
        opened(settings, conninfo, role=Role.ENGINE, max_connections=_BESIDE_CALLS) as with_time,
        _shortly_idle(with_time, max_connections=_ON_CALLS) as context,
    ):
        speech = await Speech.open(cache=settings.data_dir / "speech")
        ears = await _ears(settings)
        port = settings.voice_inbound_port
        driver = await SipDriver.open(
            interface=settings.voice_interface,
            max_calls=settings.voice_lines,
            takes_calls=bool(port),
        )
        worker = VoiceWorker(
            context,
            carrier=voice_sip.VoiceSip(),
            driver=driver,
            speech=speech,
            lines=settings.voice_lines,
            salt=os.getpid(),
            ears=ears,
            door=driver,
            inbound_port=port,
            registers=driver,
        )
        try:
            async with asyncio.TaskGroup() as group:
                owner = group.create_task(worker.ownership.keep())
                group.create_task(processes.until_orphaned(stop, environment=os.environ))
                obeying = group.create_task(
                    repeat(Loop(name="hang up", step=worker.obey, rest=0.3), asyncio.Event())
                )
                loops = (
                    Loop(name="account", step=worker.ownership.account, rest=ACCOUNT_SECONDS),
                    Loop(name="calls in", step=worker.receive, rest=1.0),
                    Loop(name="registrations", step=worker.register, rest=1.0),
                )
                beside = [group.create_task(repeat(each, stop)) for each in loops]
                await repeat(Loop(name="voice", step=worker.step, rest=0.1), stop)
                await worker.drain(seconds=settings.drain_seconds)
                obeying.cancel()
                await asyncio.gather(*beside)
                owner.cancel()
        finally:
            await driver.aclose()
            speech.close()
            if ears is not None:
                ears.close()


async def _ears(settings: Settings) -> Ears | None:
    from campana.voice.ears.hearing import Ears

    try:
        ears = await Ears.open(model_dir=settings.asr_model_dir, needs_words=False)
    except SetupError as error:
        log.warning("bots hear keys only: %s", error.message)
        return None
    if ears.wordless is not None:
        log.warning("bots without a hearing endpoint hear keys only: %s", ears.wordless)
    return ears


async def talker(settings: Settings, conninfo: str, *, fd: int) -> None:
    """The bots of those who talk to them in the console; until the other end of `fd` is closed."""
    from campana.engine.talker import Talker
    from campana.voice.speech import Speech

    async with opened(settings, conninfo, role=Role.WEB, max_connections=2) as context:
        speech = await Speech.open(cache=settings.data_dir / "speech")
        ears = await _ears(settings)
        made = Talker(context, carrier=voice_sip.VoiceSip(), speech=speech, ears=ears)
        try:
            await made.serve(socket.socket(fileno=fd))
        finally:
            speech.close()
            if ears is not None:
                ears.close()


async def web(settings: Settings, conninfo: str, *, fd: int | None = None) -> None:
    """One web process, on the socket `fd` when its parent has opened it; until SIGTERM.

    Raises:
        SetupError: the port cannot be had.
    """
    from campana.engine.talker_process import TalkerProcess
    from campana.web.server import serve

    async with opened(settings, conninfo, role=Role.WEB) as context:
        stop = asyncio.Event()
        orphan = asyncio.create_task(processes.until_orphaned(stop, environment=os.environ))
        talks = TalkerProcess(
            [*PROGRAM, "talker"], environment=os.environ, most=settings.browser_talks
        )
        serving = asyncio.create_task(
            serve(
                context,
                host=settings.host,
                port=settings.port,
                fd=fd,
                public_url=settings.public_url,
                talks=talks,
            )
        )
        gone = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, gone}, return_when=asyncio.FIRST_COMPLETED)
        for task in (orphan, gone, serving):
            task.cancel()
        *_, ended = await asyncio.gather(orphan, gone, serving, return_exceptions=True)
        await talks.aclose()
        if isinstance(ended, Exception):
            raise ended


def listen(settings: Settings) -> socket.socket:
    """The socket every web process shares, bound now so that a port in use is known at once.

    Raises:
        SetupError: the address cannot be had.
    """
    try:
        listener = socket.create_server(
            (settings.host, settings.port), backlog=2048, reuse_port=False
        )
    except OSError as error:
        raise SetupError(
            f"cannot listen on {settings.host}:{settings.port}: {os.strerror(error.errno or 0)}"
        ) from error
    listener.set_inheritable(True)
    return listener


async def serve(settings: Settings, *, listener: socket.socket) -> None:
    """Keep web, work and voice processes until SIGTERM.

    Raises:
        SetupError: one of them keeps failing.
    """
    fd = listener.fileno()
    children = [
        processes.Child(
            name=f"web {n + 1}",
            command=[*PROGRAM, "web", "--fd", str(fd)],
            file_descriptors=[fd],
        )
        for n in range(settings.web_processes)
    ]
    children.append(processes.Child(name="work", command=[*PROGRAM, "work"]))
    children += [
        processes.Child(name=f"voice {n + 1}", command=[*PROGRAM, "voice"])
        for n in range(settings.voice_processes)
    ]
    await processes.keep(
        children,
        environment=os.environ,
        stop=stop_on_signals(),
        drain_seconds=settings.drain_seconds,
    )
