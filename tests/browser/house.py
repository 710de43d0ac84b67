"""A workspace with something of everything, its names full of markup; who shows it to browsers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from campana.domain.campaign import CampaignState, ChannelType
from campana.domain.role import Role
from campana.services import (
    accounts,
    auditing,
    campaigns,
    channel_pause,
    channel_tests,
    flow_credentials,
    lists,
    people,
    reference_tables,
    suppressions,
    templates,
    voicebots,
    webhooks,
)
from campana.services.auditing import Asked
from campana.services.context import Context
from campana.voice.media import PHONE_RATE, tone
from campana.voice.recording import Recording
from campana.web.flow_examples import DEFINITION
from tests.journeys.served import CAMPANA, ended, until
from tests.support import hearing
from tests.support.campaign import ANA, BOT, BRUNO, CARLA, add_channel, add_list, launched, person
from tests.support.chaos.fleet import answers, environment, free_port
from tests.support.database import SECRET_KEY
from tests.support.talking import published
from tests.web.rows import add_campaign

EVIL = '"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}'
"""What a stranger may have for a name."""
PASSWORD = "a sentence nobody guesses"
EMAIL = "ana@example.com"
PATIENCE = 300.0

_ATTEMPT = UUID(int=7)
_EVENTS: tuple[tuple[str, int, str], ...] = (
    ("intent", 0, "{}"), ("sending", 4, "{}"), ("ringing", 812, '{"status": 180}'),
    ("answered", 4030, '{"status": 200}'), ("said", 4300, '{"text": "Hello Ana."}'),
    ("key", 9120, '{"key": "1"}'), ("ended", 16044, "{}"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class House:
    """The workspace, who owns it, and how they are signed in."""

    conninfo: str
    folder: Path
    web: Context
    engine: Context
    workspace_id: int
    session: str


async def furnished(house: House) -> None:
    """Rows for every screen: campaigns in several states, a call with what was said, a file's
    rejected rows, a flow, a bot of two versions, a template, a conversation, a webhook, a key, an
    invitation."""
    web, engine, workspace_id = house.web, house.engine, house.workspace_id
    named = [
        replace(person(ANA), first_name=EVIL, last_name="Moreno", language="en"),
        person(BRUNO, attributes={EVIL[:30]: EVIL}),
        person(CARLA, tags=("vip",)),
    ]
    calls = await launched(
        engine, web, workspace_id=workspace_id, people=named, name=f"Reminders {EVIL}",
        description=EVIL,
    )  # fmt: skip
    people_list = await add_list(
        web, workspace_id=workspace_id, people=named, name=f"Spring {EVIL}"
    )
    await campaigns.create(
        web,
        workspace_id=workspace_id,
        raw={
            "name": f"Draft {EVIL}", "type": "VoiceBot", "channelType": "Voice",
            "contactList": people_list, "channel": calls.channel.id, "voiceBot": dict(BOT),
        },
    )  # fmt: skip
    ended_at = web.clock.now() - timedelta(days=2)
    await add_campaign(
        web, workspace_id=workspace_id, name="Survey", state=CampaignState.COMPLETED,
        channel_type=ChannelType.SMS, launched_at=ended_at, finished_at=ended_at,
        created_at=ended_at,
    )  # fmt: skip
    tripped = await add_campaign(
        web, workspace_id=workspace_id, name="Payment due", state=CampaignState.TRIPPED
    )
    with psycopg.connect(house.conninfo, options="-c search_path=campana") as db:
        db.execute(
            "update campaigns set state_reason = %s where id = %s",
            ("failure limit: 42 of the last 100 attempts failed", tripped.id),
        )
        _call(db, workspace_id, campaign_id=calls.campaign_id)
        _recorded(house.folder / "blobs" / "x.wav")
        _import(db, workspace_id, list_id=people_list)
    await suppressions.add(web, workspace_id=workspace_id, address=CARLA, reason=EVIL)
    await people.invite(
        web, workspace_id=workspace_id, invited_by=None, email="bruno@example.com",
        role=Role.ANALYST,
    )  # fmt: skip
    await accounts.create_key(web, workspace_id=workspace_id, name=EVIL, scopes=["lists:read"])
    await webhooks.create(
        web,
        workspace_id=workspace_id,
        raw={"url": "https://public.example.com/hook", "description": EVIL},
    )
    await published(web, workspace_id=workspace_id, definition={**DEFINITION, "name": EVIL})
    bot = await voicebots.create(
        web, workspace_id=workspace_id, raw={"definition": {"name": EVIL, **BOT}}
    )
    await voicebots.publish(web, workspace_id=workspace_id, bot_id=bot.id)
    typed = f"# {EVIL}\n{voicebots.text_of({'name': EVIL, **BOT, 'maxSeconds': 60})}"
    await voicebots.write(web, workspace_id=workspace_id, bot_id=bot.id, raw={"text": typed})
    await voicebots.publish(web, workspace_id=workspace_id, bot_id=bot.id)
    template = {"name": "reminder", "channelType": "SMS", "content": {"text": f"Hello {EVIL[:20]}"}}
    await templates.create(web, workspace_id=workspace_id, raw=template)
    city, fee = EVIL.replace("/", ""), 9.5
    await reference_tables.put(
        web, workspace_id=workspace_id, name=city,
        raw={"key": "city", "rows": [{"city": EVIL, "fee": fee}, {"city": "Lima", "fee": None}]},
    )  # fmt: skip
    await flow_credentials.create(
        web, workspace_id=workspace_id, raw={"name": EVIL, "kind": "bearer", "token": "t"}
    )
    chats = await add_channel(
        web, workspace_id=workspace_id, kind="sandbox", channel_type=ChannelType.WHATSAPP,
        name=EVIL, config={"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"},
    )  # fmt: skip
    said = hearing.wrote(EVIL, sender=BRUNO, at=engine.clock.now(), name=EVIL)
    await hearing.hear(engine, chats, said)
    await channel_tests.send(
        web, workspace_id=workspace_id, channel_id=chats.id, raw={"to": BRUNO, "text": EVIL},
        asked_by=EVIL,
    )  # fmt: skip
    asked = Asked(
        workspace_id=workspace_id, person_id=None, actor=EVIL, action="channel.pause",
        subject=chats.id, fields={}, client="127.0.0.1", request_id="r",
    )  # fmt: skip
    await auditing.note_asked(web, asked)
    with auditing.changes_by(web, asked):
        await channel_pause.pause(
            web, workspace_id=workspace_id, wanted=chats.id, actor=EVIL, reason=EVIL
        )
        await lists.create(web, workspace_id=workspace_id, name=EVIL, default_country="US")


def _call(db: psycopg.Connection[Any], workspace_id: int, *, campaign_id: str) -> None:
    """The first person's call is over, with a recording and a transcript; the second's is open."""
    first = db.execute(
        "select t.id, c.channel_id from targets t join campaigns c on c.id = t.campaign_id"
        " where c.id = %s order by t.id limit 1",
        (campaign_id,),
    ).fetchone()
    assert first is not None
    target_id, channel_id = first
    db.execute(
        "insert into attempts (id, workspace_id, campaign_id, target_id, channel_id, attempt_no,"
        " address, state, disposition, owner_id, created_at, sending_at, answered_at, ended_at,"
        " reason) select %s, %s, %s, %s, %s, 1, %s, 'ended', 'completed', 1, n, n, n, n, %s"
        " from (select now() - interval '1 minute' as n) as moment",
        (_ATTEMPT, workspace_id, campaign_id, target_id, channel_id, ANA, EVIL),
    )
    for kind, after, detail in _EVENTS:
        db.execute(
            "insert into attempt_events (workspace_id, attempt_id, type, at, detail)"
            " values (%s, %s, %s, now() - interval '1 minute' + %s * interval '1 ms', %s)",
            (workspace_id, _ATTEMPT, kind, after, detail),
        )
    db.execute(
        "update attempt_events set received_at = at, body = case type when 'answered' then %s"
        " else %s end where attempt_id = %s and type in ('answered', 'ended')",
        (json.dumps({"status": "answered", "to": ANA, "name": EVIL}),
         f"CallStatus=completed&To=%2B12125550101&Said={quote(EVIL)}", _ATTEMPT),
    )  # fmt: skip
    said = Jsonb(
        [
            {"role": "bot", "text": "Hello Ana. Press one to confirm.", "atMs": 300},
            {"role": "callee", "text": EVIL, "atMs": 1200},
        ]
    )
    db.execute(
        "insert into voice_calls (attempt_id, workspace_id, from_number, to_number, sip_status,"
        " talk_seconds, keys, saved, result, transcript, recording_key)"
        " values (%s, %s, '+12025550100', %s, 200, 12, '1', '{\"q\": \"yes\"}', %s, %s, 'x.wav')",
        (_ATTEMPT, workspace_id, ANA, EVIL, said),
    )
    db.execute(
        "update targets set state = 'finished', disposition = 'completed', attempt_count = 1,"
        " finished_at = now() where id = %s",
        (target_id,),
    )
    db.execute("delete from due where target_id = %s", (target_id,))


def _recorded(path: Path) -> None:
    """Two seconds of a call."""
    recording = Recording(path, rate=PHONE_RATE)
    recording.heard(tone(300, duration=2.0, rate=PHONE_RATE), at=0.0)
    recording.said(tone(500, duration=2.0, rate=PHONE_RATE), at=0.0)
    assert recording.finish()


def _import(db: psycopg.Connection[Any], workspace_id: int, *, list_id: str) -> None:
    db.execute(
        "insert into imports (id, workspace_id, list_id, state, file_name, file_key, duplicates,"
        " bytes_total, bytes_done, rows_done, rows_accepted, rows_rejected, created_at,"
        " finished_at) values ('imp_1', %s, %s, 'done', %s, 'x', 'skip', 10, 10, 4, 3, 1, now(),"
        " now())",
        (workspace_id, list_id, f"people {EVIL}.csv"),
    )
    db.execute(
        "insert into imports (id, workspace_id, list_id, state, file_name, file_key, duplicates,"
        " bytes_total, bytes_done, created_at) values ('imp_2', %s, %s, 'running', 'more.csv', 'y',"
        " 'skip', 10, 4, now())",
        (workspace_id, list_id),
    )
    db.execute(
        "insert into import_errors (import_id, workspace_id, row_number, column_name, value,"
        " reason, suggestion) values ('imp_1', %s, 2, 'phone', %s, 'is no phone number', %s)",
        (workspace_id, EVIL, EVIL),
    )


@contextmanager
def web_process(house: House) -> Generator[str]:
    """The URL of `campana web` in a process of its own, ended by SIGTERM."""
    port = free_port()
    with _process(house, f"web-{port}", "web", "--port", str(port)) as (process, told):
        until(lambda: answers(port) or process.poll() is not None, patience=PATIENCE, pause=0.05)
        assert process.poll() is None, told.read_text()
        yield f"http://127.0.0.1:{port}"


@contextmanager
def work_process(house: House, *, public_url: str) -> Generator[None]:
    """`campana work`, told to have carriers report to that URL."""
    with _process(house, "work", "work", CAMPANA_PUBLIC_URL=public_url):
        yield


@contextmanager
def _process(
    house: House, name: str, *words: str, **settings: str
) -> Generator[tuple[subprocess.Popen[bytes], Path]]:
    """A process and its log."""
    shared = environment(
        house.conninfo, folder=house.folder, secret_key=SECRET_KEY, drain_seconds=1
    )
    told = house.folder / f"{name}.log"
    with told.open("wb") as log:
        process = subprocess.Popen(
            [*CAMPANA, *words], env={**shared, **settings}, stdout=log, stderr=log
        )
        try:
            yield process, told
        finally:
            code = ended(process, patience=PATIENCE)
    assert code == 0, told.read_text()
