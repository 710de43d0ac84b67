"""The demo's spoken conversations: people with another voice than the bot's, who say yes and no,
"call me tomorrow", "stop calling me", and a machine with its beep.

What the bot understood is read from the records, and judged: who asked not to be called again is
suppressed, a no is no yes. What it did not catch, and asked for keys, is shown and is no failure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from rich.console import Group, RenderableType
from rich.table import Table

from campana.demo import voices
from campana.demo.api import body, json_lines, mapping
from campana.demo.plan import Behavior
from campana.services import documents

CAMPAIGN = "Visit reminders"
LINES = 4
ZONE = ZoneInfo("America/Chicago")
CALLBACK_HOUR, THURSDAY = 17, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who speaks. Each sentence is said in its turn, when the bot has been silent."""

    name: str
    number: str
    says: tuple[str, ...]
    wants: str
    """What it comes to: the result of the script, or the outcome of the attempt."""
    is_machine: bool = False


_HELLO = "Hello?"
_YES, _THERE = "Yes, that works for me.", "Yes, I will be there."
_NO, _DAY = "No, I can't make it.", "Next Thursday, please."
_LATER = "Please call me tomorrow at five."
_STOP, _LIST = "Please stop calling me.", "Take me off your list."
_GREETING = "Hi, you have reached Maria. Please leave a message after the tone."


def _person(name: str, line: int, wants: str, *says: str) -> Person:
    # What is said again is for a bot that did not catch it.
    return Person(name=name, number=f"+1512555{line:04d}", wants=wants, says=(_HELLO, *says))


PEOPLE: Sequence[Person] = (
    _person("Xenia", 111, "opt_out", _STOP, _LIST, _STOP),
    _person("Yusuf", 112, "booked", _YES, _YES, _YES),
    _person("Zoe", 113, "moved", _NO, _DAY, _DAY),
    _person("Adil", 114, "callback_request", _LATER, _LATER, _LATER),
    Person(
        name="Maria", number="+15125550115", says=(_GREETING,), wants="voicemail", is_machine=True
    ),
    _person("Bea", 116, "booked", _THERE, _YES, _YES),
)


async def behaviors(folder: Path) -> dict[str, tuple[Behavior, ...]]:
    """How each of them behaves, by number; their sentences are made first.

    Raises:
        SetupError: the voice packages are missing.
    """
    files = await voices.rendered(
        (sentence for person in PEOPLE for sentence in person.says),
        folder,
        beeping=[sentence for person in PEOPLE if person.is_machine for sentence in person.says],
    )
    return {
        person.number: (
            Behavior(play=tuple(str(files[said]) for said in person.says), speaks_first=True),
        )
        for person in PEOPLE
    }


async def launch(api: httpx.AsyncClient, *, name: str, channel: Mapping[str, Any]) -> str:
    """Their list, a channel with few lines, and the campaign; its id.

    One of an earlier demo that waits for somebody's "tomorrow at five" is cancelled.
    """
    running = body(await api.get("/campaigns", params={"status": "Running", "pageSize": 100}))
    for each in running["data"]:
        if each["name"] == CAMPAIGN:
            body(await api.post(f"/campaigns/{each['id']}/cancel"))
    people = [
        {"externalId": f"S-{person.number[-3:]}", "firstName": person.name}
        | {"phones": [person.number]}
        for person in PEOPLE
    ]
    chosen = {"name": f"{name} speakers", "defaultCountry": "US"}
    made = body(await api.post("/contact-lists", json=chosen))
    body(await api.post(f"/contact-lists/{made['id']}/contacts", json={"contacts": people}))
    text = (resources.files("campana.demo") / "spoken.yaml").read_text("utf-8")
    own = body(
        await api.post(
            "/channels",
            json={**channel, "name": f"{name} speakers", "rate": 2, "burst": 1, "lines": LINES},
        )
    )
    where = {"contactList": made["id"], "channel": own["id"]}
    document = documents.merge(mapping(documents.read_yaml(text)), where)
    campaign = body(await api.post("/campaigns", json=document))
    return str(body(await api.post(f"/campaigns/{campaign['id']}/launch"))["id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the records hold of one of them."""

    person: Person
    call: Mapping[str, Any] | None
    """The last call as the API shows it; None when there was none."""
    disposition: str | None
    """Of the target; None while it waits."""
    is_suppressed: bool
    said: Sequence[str] = ()
    """What they said, as the softphones saw it."""

    @property
    def latencies(self) -> list[int]:
        """How long they waited for each reply, in milliseconds."""
        lines = self.call["transcript"] if self.call is not None else ()
        return [line["latency"]["totalMs"] for line in lines if "latency" in line]

    @property
    def heard(self) -> list[str]:
        """Every sentence and key of theirs in the transcript."""
        if self.call is None:
            return []
        return [line["text"] for line in self.call["transcript"] if line["role"] == "callee"]

    @property
    def saved(self) -> Mapping[str, str]:
        return self.call["saved"] if self.call is not None else {}

    @property
    def came_to(self) -> str:
        """The result of the script, else the outcome of the call."""
        if self.call is None:
            return self.disposition or "not called"
        return self.call["result"] or self.call["disposition"] or "not over"


async def facts(api: httpx.AsyncClient, campaign_id: str, *, witness: Path) -> list[Facts]:
    """Of all of them; `witness` is the log of the softphones."""
    of_campaign = f"/campaigns/{campaign_id}/targets"
    targets = {each["address"]: each for each in body(await api.get(of_campaign))["data"]}
    asked = {"addresses": [person.number for person in PEOPLE]}
    checked = body(await api.post("/suppressions:check", json=asked))["data"]
    suppressed = {each["address"] for each in checked if each["isSuppressed"]}
    listed = body(await api.get("/voice-calls", params={"campaignId": campaign_id}))["data"]
    spoken = _witnessed(witness)
    found: list[Facts] = []
    for person in PEOPLE:
        calls = [each for each in listed if each["to"] == person.number and each["answeredAt"]]
        call = body(await api.get(f"/voice-calls/{calls[0]['id']}")) if calls else None
        found.append(
            Facts(
                person=person,
                call=call,
                disposition=targets.get(person.number, {}).get("disposition"),
                is_suppressed=person.number in suppressed,
                said=_said(person, call, spoken),
            )
        )
    return found


def _witnessed(log: Path) -> list[dict[str, Any]]:
    return [line for line in json_lines(log) if line["event"] == "speaks"]


def _said(
    person: Person, call: Mapping[str, Any] | None, spoken: Sequence[Mapping[str, Any]]
) -> list[str]:
    sentences = {voices.file_name(sentence): sentence for sentence in person.says}
    of_call = [line["what"] for line in spoken if call and line["attempt"] == call["id"]]
    return [sentences[what] for what in of_call]


def problems(found: Sequence[Facts]) -> list[str]:
    """What was understood wrongly in a way that matters; none when all is well."""
    return [f"{each.person.name}: {wrong}" for each in found for wrong in _wrong(each)]


def _wrong(each: Facts) -> list[str]:
    wants, call = each.person.wants, each.call
    if wants == "opt_out":
        # Who said so in an earlier demo is not called at all any more: that is right, too.
        is_honored = each.is_suppressed and (call is None or call["disposition"] == "opt_out")
        return [] if is_honored else ["asked not to be called again, and that was not honored"]
    if call is None:
        return [f"was never talked to ({each.came_to.replace('_', ' ')})"]
    found: list[str] = []
    if each.is_suppressed:
        found.append("is suppressed, and never asked for it")
    if each.came_to not in {wants, "unclear", "hung_up"}:
        found.append(f"meant {wants.replace('_', ' ')}, taken for {each.came_to}")
    if each.person.is_machine and not call["hasLeftMessage"]:
        found.append("is a machine that beeped, and no message was left")
    if each.came_to == "callback_request" and not _is_tomorrow_at_five(call):
        found.append(f"said tomorrow at five, taken for {call['callbackAt']}")
    day = each.saved.get("day")
    if day is not None and date.fromisoformat(day).weekday() != THURSDAY:
        found.append(f"said Thursday, taken for {day}")
    return found


def _is_tomorrow_at_five(call: Mapping[str, Any]) -> bool:
    if call["callbackAt"] is None:
        return False
    asked, said = (
        datetime.fromisoformat(call[key]).astimezone(ZONE) for key in ("callbackAt", "answeredAt")
    )
    return asked.hour == CALLBACK_HOUR and (asked.date() - said.date()).days == 1


def told(found: Sequence[Facts]) -> RenderableType:
    """What each said, what the bot understood and what came of it."""
    table = Table(title=f"{CAMPAIGN} (spoken)", show_lines=True)
    for column in ("who", "said", "the bot heard", "understood", "what came of it"):
        table.add_column(column, overflow="fold")
    for each in found:
        table.add_row(
            each.person.name,
            "\n".join(each.said) or "(not called)",
            "\n".join(each.heard) or ("a greeting, a beep" if each.person.is_machine else ""),
            _understood(each),
            each.came_to.replace("_", " "),
        )
    waited = sorted(latency for each in found for latency in each.latencies)
    closing = [] if problems(found) else ["Everything that matters was understood."]
    if waited:
        closing.append(
            f"The bot replied {waited[len(waited) // 2]} ms after they had finished (median of "
            f"{len(waited)} replies; at worst {waited[-1]} ms)."
        )
    return Group(table, *closing)


def _understood(each: Facts) -> str:
    if each.call is None:
        return "suppressed earlier" if each.is_suppressed else "-"
    if each.came_to == "opt_out":
        return "never again" + (": suppressed" if each.is_suppressed else "")
    if each.came_to == "callback_request":
        at = each.call["callbackAt"]
        when = datetime.fromisoformat(at).astimezone(ZONE) if at else None
        return f"call again {when:%A at %H:%M}, their time" if when else "call again later"
    if each.call["answeredBy"] == "machine":
        return "a machine" + (", message left" if each.call["hasLeftMessage"] else "")
    answers = [f"{given['step']}: {_shown(given['value'])}" for given in each.call["answers"]]
    return "\n".join(answers) or "nothing"


def _shown(value: str) -> str:
    try:
        return f"{date.fromisoformat(value):%A, %d %B}"
    except ValueError:
        return value
