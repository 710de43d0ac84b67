"""A campaign on the sandbox, run by a fleet on a server of its own, to do things to."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import time
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from campana import bootstrap
from campana.domain.campaign import ChannelType
from campana.sandbox.plan import Plan, Seconds
from campana.services import accounts, campaigns, channels, control, imports, lists, targets
from campana.services.context import Context
from campana.settings import Settings
from campana.store import invariants, migrations
from campana.store.db import Role
from tests.support.chaos import checker, network
from tests.support.chaos.checker import Fault, Verdict
from tests.support.chaos.fleet import PATIENCE, Fleet, running
from tests.support.chaos.network import Host
from tests.support.chaos.postgres import Postgres, postgres
from tests.support.database import SECRET_KEY
from tests.support.people import reserved_numbers
from tests.support.sandbox import Sandboxed, sandbox

TRIES = {"busy": 2, "no_answer": 2}
"""What the campaign's cadence says, as the judge is told it."""

PLAN = Plan(
    mix={ChannelType.VOICE: {"completed": 7, "hung_up": 1, "busy": 1, "no_answer": 1}},
    # An answer takes its time: whoever dies has sends under way.
    seconds=Seconds(
        reply=(0.05, 0.3), ring=(0.0, 0.1), answer=(0.0, 0.1), talk=(0.0, 0.3), deliver=(0.0, 0.3)
    ),
)

_AGAIN_SECONDS = 1


@dataclass(kw_only=True)
class Trial:
    """Everything there is. `faults` is what was done to it so far."""

    folder: Path
    server: Postgres
    sandboxed: Sandboxed
    fleet: Fleet
    campaign_id: str
    faults: list[Fault] = field(default_factory=list[Fault])

    @property
    def people(self) -> Path:
        return self.folder / "people.csv"

    def note(self, what: str, *, since: float, until: float | None = None) -> None:
        """Write down what was done."""
        fault = Fault(what=what, since=since, until=time.monotonic() if until is None else until)
        self.faults.append(fault)
        with (self.folder / "faults.jsonl").open("a") as log:
            line = {"what": fault.what, "since": fault.since, "until": fault.until}
            log.write(json.dumps(line) + "\n")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """A look at the database."""
        with psycopg.connect(self.server.conninfo, options="-c search_path=campana") as superuser:
            return superuser.execute(query).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]

    def until_at_work(self) -> None:
        """Wait until every work process has an identity: before, it is on its way to its database,
        and ends where that is taken from it."""
        names = (
            "select distinct a.application_name from pg_stat_activity a join pg_locks l using (pid)"
            " where a.datname = current_database() and l.locktype = 'advisory' and l.granted"
            " and l.objsubid = 2 and a.application_name <> ''"
        )
        deadline = time.monotonic() + PATIENCE
        while {name for (name,) in self.rows(names)} < {each.name for each in self.fleet.work}:
            if time.monotonic() > deadline:
                raise AssertionError(self.fleet.work[0].log.read_text()[-2000:])
            time.sleep(0.1)

    def is_over(self) -> bool:
        """Is the campaign completed, as far as anybody can tell now?"""
        return self._finds("select 1 from campaigns where state = 'completed'")

    def is_sending(self) -> bool:
        """Has a send begun just now? What a dead process had under way stands as `sending` for
        longer."""
        return self._finds(
            "select 1 from attempts where state = 'sending'"
            " and sending_at > now() - interval '0.3 s' limit 1"
        )

    def _finds(self, query: str) -> bool:
        """Is there a row; none where the database cannot be asked."""
        try:
            return self.rows(query) != []
        except psycopg.OperationalError:
            return False

    def until_over(self, *, patience: float) -> None:
        """Keep the fleet until the campaign is completed."""
        deadline = time.monotonic() + patience
        while not self.is_over():
            if time.monotonic() > deadline:
                raise AssertionError(f"not over after {patience:.0f} s: {self.standing()}")
            assert self.fleet.keep() == []
            time.sleep(0.2)

    def standing(self) -> Mapping[str, Any]:
        """How far it is, for a message."""
        return {
            "targets": self.rows("select state, disposition, count(*) from targets group by 1, 2"),
            "open": self.rows(
                "select state, owner_id, count(*) from attempts"
                " where state not in ('ended', 'unknown') group by 1, 2"
            ),
        }

    def verdict(self) -> Verdict:
        """The judge's word on what was done so far."""
        ledger = self.folder / "ledger.csv"
        with ledger.open("w", newline="") as text:
            table = csv.writer(text)
            table.writerow(["address", "state", "disposition"])
            table.writerows(
                self.rows(
                    "select address, state, coalesce(disposition, '') from targets order by 1"
                )
            )
        return checker.judge(
            sends=checker.read_sends(self.sandboxed.log),
            people=checker.read_people(self.people),
            ledger=checker.read_ledger(ledger),
            tries=TRIES,
            faults=self.faults,
        )

    def broken(self) -> dict[str, Sequence[object]]:
        """The invariants of the ledger that do not hold now."""

        async def judge() -> dict[str, Sequence[object]]:
            async with (
                _opened(self.server.conninfo, self.folder, Role.ENGINE) as context,
                context.db.read() as tx,
            ):
                judged = await invariants.judge(tx, now=context.clock.now())
            return {each.invariant.name: each.breaches for each in judged if not each.holds}

        return asyncio.run(judge())


@asynccontextmanager
async def _opened(conninfo: str, folder: Path, role: Role) -> AsyncGenerator[Context]:
    settings = Settings(data_dir=folder / "data", database_url=conninfo, secret_key=SECRET_KEY)
    async with bootstrap.opened(settings, conninfo, role=role, max_connections=3) as context:
        yield context


async def _launch(
    conninfo: str, folder: Path, people: bytes, *, url: str, rate: float, config: Mapping[str, Any]
) -> str:
    """Import the people, make a channel and a campaign, launch it; returns the campaign's id."""
    async with _opened(conninfo, folder, Role.ENGINE) as engine:
        home = await accounts.ensure_workspace(engine, bootstrap.DEFAULT_WORKSPACE)
        async with _opened(conninfo, folder, Role.WEB) as web:
            at_home = home.workspace_id
            await accounts.allow_countries(
                engine, workspace_id=at_home, countries=["US", "CA"], default="US"
            )
            made = await lists.create(
                web, workspace_id=at_home, name="people", default_country="US"
            )
            started = await lists.start_import(
                web,
                workspace_id=at_home,
                list_id=made.id,
                file_name="people.csv",
                content=io.BytesIO(people),
            )
            await imports.run(engine, import_id=started.id)
            channel = await channels.create(
                web,
                workspace_id=at_home,
                raw={
                    "name": "trial",
                    "kind": "sandbox",
                    "channelType": "Voice",
                    "rate": rate,
                    "burst": 5,
                    "lines": 10_000,
                    "config": {"url": url, **config},
                },
            )
            again = {"attempts": 2, "delaySeconds": _AGAIN_SECONDS}
            campaign = await campaigns.create(
                web,
                workspace_id=at_home,
                raw={
                    "name": "Trial",
                    "type": "VoiceBot",
                    "channelType": "Voice",
                    "contactList": made.id,
                    "channel": channel.id,
                    "window": {"always": True},
                    "cadence": {
                        "busy": again,
                        "noAnswer": again,
                        # Refused by the carrier: as often as it takes. With five tries in all one
                        # person in thirty thousand ends refused after a call that was taken.
                        "congestion": {"attempts": 20, "delaySeconds": _AGAIN_SECONDS},
                        "maxAttempts": 20,
                    },
                    "voiceBot": {
                        "greeting": "Hello.",
                        "steps": [{"type": "end", "id": "end", "text": "Bye."}],
                    },
                },
            )
            await control.launch(web, workspace_id=at_home, campaign_id=campaign.id)
            await targets.enroll(engine, campaign_id=campaign.id)
    return campaign.id


@contextmanager
def trial(
    folder: Path,
    *,
    people: int,
    rate: float,
    work: int = 2,
    web: int = 1,
    plan: Plan = PLAN,
    settings: Mapping[str, str] | None = None,
    start: bool = True,
    hosts: Sequence[Host] = (),
    **config: Any,
) -> Generator[Trial]:
    """Launched, with the fleet running unless `start` is False.

    Args:
        folder: an empty directory that everybody may pass.
        people: how many, with reserved numbers.
        rate: attempts a second.
        work: how many work processes.
        web: how many web processes.
        plan: how the sandbox behaves.
        settings: of the server, over its own.
        start: the fleet too.
        hosts: where the work processes run, one on each, when not on this one.
        config: of the channel, over its own.
    """
    text = "name,phone\n" + "".join(
        f"P{n},{number}\n" for n, number in enumerate(reserved_numbers()[:people])
    )
    (folder / "people.csv").write_text(text)
    with (
        postgres(
            folder / "server", settings=settings, peers=network.PEERS if hosts else None
        ) as server,
        sandbox(folder, plan) as peer,
    ):
        migrations.migrate(server.conninfo)
        campaign_id = asyncio.run(
            _launch(
                server.conninfo,
                folder,
                text.encode(),
                url=peer.url,
                rate=rate,
                config=peer.config(askAfterSeconds=2, timeoutSeconds=3, **config)
                | {"url": peer.url},
            )
        )
        fleet = Fleet(
            server.conninfo,
            folder,
            work=work,
            web=web,
            secret_key=SECRET_KEY,
            work_conninfo=server.conninfo_of_peers if hosts else None,
            hosts=hosts,
        )
        made = Trial(
            folder=folder, server=server, sandboxed=peer, fleet=fleet, campaign_id=campaign_id
        )
        if not start:
            yield made
            return
        with running(fleet):
            made.until_at_work()
            yield made
