"""The demo's conversations: a flow over the sandbox's WhatsApp and SMS, beside the calls.

The sandbox is a carrier that reaches nobody; what its people write back is planned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
import msgspec
from rich.table import Table

from campana.demo.api import body, json_lines, mapping
from campana.demo.beside import beside
from campana.domain.campaign import ChannelType
from campana.sandbox.plan import Behavior, Plan, Seconds
from campana.services import documents

SECRET = "the-sandbox-of-the-demo"  # noqa: S105 - of a carrier on this machine alone
_NAMES = ("Noor", "Omar", "Priya", "Quim", "Rosa", "Sami", "Tara", "Ugo", "Vera", "Wim")
_READY_SECONDS = 60.0


def people() -> list[dict[str, Any]]:
    """Whom the flow talks with: numbers nobody has (US 555-01xx), in Denver."""
    return [
        {"externalId": f"C-{n}", "firstName": name, "phones": [f"+1303555{150 + n:04d}"]}
        for n, name in enumerate(_NAMES)
    ]


def plan() -> Plan:
    """What becomes of what is sent to them, and what they write back: of each kind somebody."""
    numbers = [each["phones"][0] for each in people()]
    says = ("good", "good", "great", "good", "bad", "stop", "", "good")
    talkative = {
        number: (Behavior(outcome="delivered", says=said), Behavior(outcome="delivered", says=""))
        for number, said in zip(numbers, says, strict=False)
    }
    # Nobody reads WhatsApp there: the SMS arrives.
    by_sms = {
        number: (
            Behavior(outcome="undelivered"),
            Behavior(outcome="delivered", says="good"),
            Behavior(outcome="delivered", says=""),
        )
        for number in numbers[len(says) :]
    }
    return Plan(
        seed=7,
        people={**talkative, **by_sms},
        seconds=Seconds(reply=(0.0, 0.1), deliver=(0.1, 0.6), think=(0.5, 2.0)),
    )


@asynccontextmanager
async def carrier(data_dir: Path) -> AsyncGenerator[int]:
    """`campana sandbox` in a process of its own; its port.

    It remembers nothing of a demo before: whoever answered then would have nothing more to say.
    """
    written, log = data_dir / "sandbox-plan.json", data_dir / "sandbox.jsonl"
    log.unlink(missing_ok=True)
    written.write_bytes(msgspec.json.encode(plan()))
    words = ["-m", "campana", "sandbox", "--port", "0", "--log", str(log), "--plan", str(written)]
    async with beside(words, name="the sandbox", within=_READY_SECONDS) as said:
        yield int(said["port"])


async def launch(api: httpx.AsyncClient, *, name: str, port: int) -> dict[str, Any]:
    """People, channels, the flow and its campaign: all over the API."""
    made = body(
        await api.post("/contact-lists", json={"name": f"{name} chats", "defaultCountry": "US"})
    )
    body(await api.post(f"/contact-lists/{made['id']}/contacts", json={"contacts": people()}))
    channels = {
        each: body(
            await api.post(
                "/channels",
                json={
                    "name": f"{name} {each}",
                    "kind": "sandbox",
                    "channelType": each,
                    # A busy machine misses the moments of a fast channel: these are a fifth of a
                    # second apart.
                    "rate": 5,
                    "burst": 5,
                    "lines": 100,
                    "config": {"url": f"http://127.0.0.1:{port}", "secret": SECRET},
                },
            )
        )["id"]
        for each in (ChannelType.WHATSAPP, ChannelType.SMS)
    }
    flow = await _flow(api)
    campaign = body(
        await api.post(
            "/campaigns",
            json={
                "name": "Feedback chats",
                "description": "Asks by WhatsApp how a visit was, else by SMS.",
                "type": "Flow",
                "channelType": "WhatsApp",
                "contactList": made["id"],
                "channel": channels[ChannelType.WHATSAPP],
                "channels": {"SMS": channels[ChannelType.SMS]},
                "flow": {"id": flow},
                "window": {"always": True},
            },
        )
    )
    return body(await api.post(f"/campaigns/{campaign['id']}/launch"))


_TEMPLATE = {
    "name": "Demo feedback question",
    "channelType": "WhatsApp",
    "content": {
        "text": "Hello {{ contact.first_name }}. How was your visit? Answer good, bad, or stop.",
        "provider": {
            "name": "demo_feedback",
            "language": "en",
            "category": "utility",
            "variables": {"1": "{{ contact.first_name }}"},
        },
    },
}


async def _template(api: httpx.AsyncClient) -> None:
    """The first words of the flow, which WhatsApp would have to approve, published."""
    for each in body(await api.get("/templates", params={"pageSize": 100}))["data"]:
        if each["name"] == _TEMPLATE["name"]:
            return
    made = body(await api.post("/templates", json=_TEMPLATE))
    body(await api.post(f"/templates/{made['id']}/publish"))


async def _flow(api: httpx.AsyncClient) -> str:
    """The flow that ships with the program, published; a second demo finds it there."""
    await _template(api)
    text = (resources.files("campana.demo") / "chat.yaml").read_text("utf-8")
    definition = mapping(documents.read_yaml(text))
    for each in body(await api.get("/flows", params={"pageSize": 100}))["data"]:
        if each["name"] == definition["name"]:
            return str(each["id"])
    made = body(await api.post("/flows", json={"definition": definition}))
    body(await api.post(f"/flows/{made['id']}/publish"))
    return str(made["id"])


def told(stats: Mapping[str, Any], *, log: Path) -> Table:
    """What came of the conversations, and what was said on which channel."""
    table = Table(title="Feedback chats (flow: WhatsApp, then SMS)", min_width=64)
    table.add_column("what came of it")
    table.add_column("people", justify="right")
    for outcome, count in sorted(stats["dispositions"].items(), key=lambda each: -each[1]):
        table.add_row(outcome.replace("_", " "), str(count))
    table.add_section()
    lines = json_lines(log)
    sends = Counter(line["channelType"] for line in lines if line["event"] == "send")
    replies = {line["inbound"] for line in lines if line["event"] == "said"}
    for channel_type, count in sends.items():
        table.add_row(f"messages by {channel_type}", str(count))
    table.add_row("answers from people", str(len(replies)))
    return table
