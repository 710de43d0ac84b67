"""A person with traces everywhere Campana leaves any, and a search for every one of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psycopg
from psycopg import sql

from campana.domain.address import AddressKind
from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.contact import ContactAddress
from campana.domain.disposition import Disposition
from campana.services import (
    campaigns,
    control,
    dispatch,
    erasures,
    outcomes,
    targets,
)
from campana.services.context import Context
from campana.services.recordings import key_of
from campana.store.attempts import CallFacts
from campana.store.erasures import Erasure
from tests.support.campaign import ANA, Scene, person

EMAIL = "zephyrine@example.com"
TRACES = (
    ANA,
    "2125550101",
    "(212) 555-0101",
    EMAIL,
    "Zephyrine",
    "Quetzalcoatl",
    "P-81234",
    "prefers mornings",
)
PERSON = person(
    ANA,
    first_name="Zephyrine",
    last_name="Quetzalcoatl",
    external_id="P-81234",
    attributes={"note": "prefers mornings", "balance": 12.5},
    addresses=(
        ContactAddress(kind=AddressKind.PHONE, value=ANA, country="US"),
        ContactAddress(kind=AddressKind.EMAIL, value=EMAIL, country=None),
    ),
)


def everything(conninfo: str) -> dict[str, str]:
    """Every row of every table as text, by table; bytes as the text they are."""
    found: dict[str, str] = {}
    with psycopg.connect(conninfo) as conn:
        tables = conn.execute(
            "select schemaname, tablename from pg_tables where schemaname in ('campana', 'jobs')"
        ).fetchall()
        for schema, table in tables:
            rows = conn.execute(
                sql.SQL("select t::text from {}.{} t").format(
                    sql.Identifier(schema), sql.Identifier(table)
                )
            ).fetchall()
            text = "\n".join(str(row[0]) for row in rows)
            found[table] = text + _bytes_in(text)
    return found


def _bytes_in(text: str) -> str:
    """What bytea columns say: `\\\\x7b7d` is `{}`."""
    parts = text.replace('"', " ").replace(",", " ").replace("\\\\x", " \\x").split()
    return " ".join(
        bytes.fromhex(part[2:]).decode(errors="replace")
        for part in parts
        if part.startswith("\\x") and len(part) % 2 == 0
    )


def traces_of(conninfo: str, blobs: Path) -> set[str]:
    """Where something of the person still stands."""
    found = {
        f"{table}: {trace}"
        for table, text in everything(conninfo).items()
        for trace in TRACES
        if trace.lower() in text.lower()
    }
    for path in blobs.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found |= {
                f"{path.name}: {t}" for t in TRACES if t.encode() in content or t in str(path)
            }
    return found


async def erase(context: Context, engine: Context, scene: Scene, contact_id: int) -> str:
    """Asked for and done."""
    asked = await erasures.request(
        context,
        workspace_id=scene.workspace_id,
        contact_id=contact_id,
        reason="Ms Quetzalcoatl asked for it by letter",
        requested_by="key key_1",
    )
    await erasures.run(engine, erasure_id=asked.id)
    return asked.id


async def contact_of(scene: Scene, address: str = ANA) -> int:
    [[found]] = await scene.rows(
        "select contact_id from contact_addresses where value = %s order by 1 limit 1", address
    )
    return int(found)


async def called(scene: Scene, engine: Context, *, disposition: Disposition) -> UUID:
    """Ana is called: with a recording, words on the line, and an end."""
    [claimed] = [each for each in await scene.claim() if each.address == ANA]
    await dispatch.begin_sending(engine, claimed=claimed, owner_id=1, from_number="+12025550100")
    await talk(engine, scene, claimed.attempt_id, disposition=disposition)
    return claimed.attempt_id


async def talk(engine: Context, scene: Scene, attempt_id: UUID, *, disposition: Disposition) -> str:
    """What is said and how it ends; where its recording lies."""
    said = AttemptEvent(
        type=EventType.SAID, at=engine.clock.now(), detail={"text": "Hello Zephyrine."}
    )
    await outcomes.record(engine, attempt_id=attempt_id, event=said)
    key = key_of(campaign_id=scene.campaign_id, attempt_id=attempt_id)
    with engine.blobs.writing(key) as file:
        file.write(b"RIFF Hello Zephyrine")
    engine.blobs.path(key + ".part").write_bytes(b"RIFF Hello Zephyrine, cut off")
    await outcomes.settle(
        engine,
        attempt_id=attempt_id,
        disposition=disposition,
        reason=f"486 {ANA} is busy here",
        facts=CallFacts(
            sip_status=200,
            talk_seconds=12.0,
            keys="1",
            saved={"answer": "Zephyrine says yes"},
            result=None,
            transcript=[{"role": "bot", "text": "Hello Zephyrine Quetzalcoatl.", "atMs": 1}],
            recording_key=key,
            model={
                "values": {"name": "Zephyrine"},
                "tools": [{"name": "end", "outcome": "done", "arguments": "{}", "answer": "-"}],
                "tokens": 7,
                "failure": None,
            },
        ),
        answered_at=engine.clock.now(),
    )
    return key


async def request(
    context: Context, scene: Scene, contact_id: int, *, reason: str = "asked"
) -> Erasure:
    return await erasures.request(
        context,
        workspace_id=scene.workspace_id,
        contact_id=contact_id,
        reason=reason,
        requested_by="key key_1",
    )


async def relaunched(
    scene: Scene, engine: Context, context: Context, list_id: str, *, is_launched: bool = True
) -> Scene:
    """Another campaign of the same kind, of a list that is there."""
    made = await campaigns.create(
        context,
        workspace_id=scene.workspace_id,
        raw={**scene.document, "name": "Again", "contactList": list_id},
    )
    if is_launched:
        await control.launch(context, workspace_id=scene.workspace_id, campaign_id=made.id)
        await targets.enroll(engine, campaign_id=made.id)
    return replace(scene, campaign_id=made.id)
