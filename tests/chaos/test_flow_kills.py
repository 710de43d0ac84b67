"""A kill -9 between every two steps of a conversation: no message twice, none lost.

A flow on the sandbox, and a work process that ends itself at one after another of the commits that
conversations are made of. What was sent the sandbox's own log says; what is left, the ledger.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from campana import bootstrap
from campana.domain.campaign import ChannelType
from campana.sandbox.plan import Plan, Seconds
from campana.services import accounts, campaigns, channels, control, flows, targets
from campana.settings import Settings
from campana.store.db import Role
from tests.support.campaign import add_list, person
from tests.support.chaos.failpoints import AFTER, BEFORE, POINTS
from tests.support.chaos.fleet import FAILPOINTS, PATIENCE
from tests.support.chaos.trial import Trial, trial
from tests.support.database import SECRET_KEY
from tests.support.people import reserved_numbers
from tests.support.talking import flow

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]

PEOPLE, RATE, MESSAGES = 90, 4, 3
STEPS = (
    "services.dispatch.claim",
    "services.sent.store_answers",
    "services.sessions.time_out",
    "services.reports.apply_kept",
    "services.flow_requests.take",
    "services.flow_requests.settle",
)
PLAN = Plan(
    mix={ChannelType.SMS: {"delivered": 1}},
    seconds=Seconds(reply=(0.05, 0.3), deliver=(0.0, 0.3)),
)


def nodes(port: int) -> Mapping[str, Any]:
    """A message, a question to a program, a second one, a wait in vain, a third."""
    url = f"http://127.0.0.1:{port}/ask"
    say = {"type": "send_message"}
    return {
        "a": {**say, "text": "One.", "next": "ask"},
        "ask": {
            "type": "webhook",
            "url": url,
            "timeoutSeconds": 60,
            "next": "b",
            "onFailure": "b",
        },
        "b": {**say, "text": "Two.", "next": "wait"},
        "wait": {"type": "wait_for_response", "timeoutSeconds": 1, "next": "c", "onTimeout": "c"},
        "c": {**say, "text": "Three.", "next": "end"},
        "end": {"type": "end", "status": "told"},
    }


@pytest.fixture(scope="module")
def program() -> Iterator[int]:
    """Answers whatever it is asked; its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


async def launch(made: Trial, *, port: int) -> str:
    """The campaign of the flow; returns its id."""
    settings = Settings(
        data_dir=made.folder / "data", database_url=made.server.conninfo, secret_key=SECRET_KEY
    )
    conninfo = made.server.conninfo
    async with (
        bootstrap.opened(settings, conninfo, role=Role.ENGINE, max_connections=3) as engine,
        bootstrap.opened(settings, conninfo, role=Role.WEB, max_connections=3) as web,
    ):
        home = await accounts.workspace_named(engine, bootstrap.DEFAULT_WORKSPACE)
        at_home = home.workspace_id
        people = [person(number) for number in reserved_numbers()[100 : 100 + PEOPLE]]
        list_id = await add_list(web, workspace_id=at_home, people=people, name="chats")
        channel = await channels.create(
            web,
            workspace_id=at_home,
            raw={
                "name": "chats",
                "kind": "sandbox",
                "channelType": "SMS",
                "rate": RATE,
                "burst": 2,
                "lines": 1000,
                "config": made.sandboxed.config(askAfterSeconds=2, timeoutSeconds=3),
            },
        )
        written = {"definition": flow(nodes(port))}
        talk = await flows.create(web, workspace_id=at_home, raw=written)
        await flows.publish(web, workspace_id=at_home, flow_id=talk.id)
        campaign = await campaigns.create(
            web,
            workspace_id=at_home,
            raw={
                "name": "Chats",
                "type": "Flow",
                "channelType": "SMS",
                "contactList": list_id,
                "channel": channel.id,
                "flow": {"id": talk.id},
                "window": {"always": True},
            },
        )
        await control.launch(web, workspace_id=at_home, campaign_id=campaign.id)
        await targets.enroll(engine, campaign_id=campaign.id)
    return campaign.id


@pytest.fixture(scope="module")
def running(program: int) -> Iterator[Trial]:
    """One web process, and no work process but those the tests start."""
    folder = Path(tempfile.mkdtemp(prefix="campana-test-"))
    folder.chmod(0o755)
    try:
        with trial(folder, people=1, rate=5, work=1, web=1, plan=PLAN, start=False) as made:
            asyncio.run(launch(made, port=program))
            try:
                made.fleet.web[0].start()
                yield made
            finally:
                for member in made.fleet.members:
                    member.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("moment", [BEFORE, AFTER])
@pytest.mark.parametrize("step", STEPS)
def test_a_work_process_dies(step: str, moment: str, running: Trial) -> None:
    [work] = running.fleet.work
    loopback = {"CAMPANA_WEBHOOKS_TO_LOOPBACK": "true"}
    work.start(program=FAILPOINTS, **{POINTS: f"{step}: {moment}=2"}, **loopback)
    assert work.process is not None
    try:
        assert work.process.wait(PATIENCE) == -signal.SIGKILL
    except subprocess.TimeoutExpired:
        raise AssertionError(f"{running.standing()} {work.log.read_text()[-2000:]}") from None
    assert running.broken() == {}


def test_after_all_that_everybody_was_told_everything_once(running: Trial) -> None:
    running.rows("update channels set rate = 40, burst = 20 returning 1")
    running.fleet.work[0].start(CAMPANA_WEBHOOKS_TO_LOOPBACK="true")
    deadline = time.monotonic() + 300
    while not running.rows("select 1 from campaigns where type = 'Flow' and state = 'completed'"):
        assert time.monotonic() < deadline, running.standing()
        assert running.fleet.work[0].lives
        time.sleep(0.2)
    rows = running.rows(
        "select 'att_' || replace(id::text, '-', ''), address, message_no from attempts"
        " where session_id is not null"
    )
    carried = {attempt: (address, number) for attempt, address, number in rows}
    sent = Counter(
        carried[line["attempt"]]
        for line in running.sandboxed.accepted()
        if line["channelType"] == "SMS" and not line["is_repeat"]
    )
    assert {what: count for what, count in sent.items() if count > 1} == {}
    assert Counter(address for address, _ in sent) == dict.fromkeys(
        reserved_numbers()[100 : 100 + PEOPLE], MESSAGES
    )
    ended = running.rows(
        "select t.disposition, count(*) from targets t join flow_sessions s on s.target_id = t.id"
        " where not s.is_current group by 1"
    )
    assert ended == [("completed", PEOPLE)]
    assert running.broken() == {}
