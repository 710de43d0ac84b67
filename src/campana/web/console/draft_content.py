"""The page of a draft that says what is said: a bot as text, or a published flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campana.web.console import written
from campana.web.console.drafts import Document, Part, Step, Texts, line, number
from campana.web.console.language import marked, say

EXAMPLE_CALL = """\
greeting: Hello {{ contact.first_name }}, this is the Riverside clinic.
steps:
  - id: coming
    type: ask
    text: Your visit is on Tuesday at three. Can you come?
    answer: {type: yes_no, yes: booked, no: other}
    saveAs: coming
  - {id: booked, type: end, text: Thank you. Goodbye., result: booked}
  - {id: other, type: end, text: We will write to you. Goodbye., result: other_day}
onMachine: {do: leave_message, message: Please call the Riverside clinic about your visit.}"""
EXAMPLE_MESSAGE = """\
greeting: Hello {{ contact.first_name }}, your visit at the Riverside clinic is on Tuesday at three.
steps:
  - {id: done, type: end}"""
EXAMPLE_VARIANTS = """\
- name: as it is
  share: 50
- name: short greeting
  share: 50
  changes:
    voiceBot:
      greeting: Hello, the Riverside clinic here.
      steps:
        - {id: end, type: end, text: Goodbye.}"""
EXAMPLE_TEMPLATES = """\
- name: as it is
  share: 50
- name: friendly
  share: 50
  changes:
    templates: {reminder: reminder_friendly}"""


def _show(document: Document) -> dict[str, str]:
    pin: Mapping[str, Any] = document.get("flow") or {}
    bot: Mapping[str, Any] = document.get("voiceBot") or {}
    is_kept = isinstance(bot.get("id"), str)
    return {
        "kept": str(bot["id"]) if is_kept else "",
        "kept_version": str(bot.get("version") or "") if is_kept else "",
        "bot": "" if is_kept else written.shown(bot),
        "flow": str(pin.get("id") or ""),
        "flow_version": str(pin.get("version") or ""),
        "params": written.shown(pin.get("params")),
        "bots": written.shown(document.get("voiceBots")),
        "variants": written.shown(document.get("variants")),
    }


def _read(given: Texts, document: Document) -> Part:
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    texts: dict[str, Any] = {}
    is_flow = document.get("type") == "Flow"
    for field in ("params", "bots", "variants") if is_flow else ("bot", "variants"):
        try:
            texts[field] = written.read(given[field])
        except written.Unreadable as error:
            problems[field] = str(error)
    if is_flow:
        if "params" in texts:
            pin = _pin(given, "flow", document.get("flow") or {})
            if pin is not None and texts["params"] is not None:
                pin["params"] = texts["params"]
            values["flow"] = pin
        if "bots" in texts:
            values["voiceBots"] = texts["bots"]
    elif "bot" in texts:
        kept = _pin(given, "kept", document.get("voiceBot") or {})
        own = _bot(texts["bot"])
        if kept is not None and own is not None and not _is_example(given["bot"]):
            problems["kept"] = say(
                "There is a bot written below, too: empty it, or choose none here."
            )
        values["voiceBot"] = own if kept is None else kept
    if "variants" in texts:
        values["variants"] = texts["variants"]
    return Part(values=values, problems=problems)


def _bot(value: Any) -> Any:  # noqa: ANN401 - whatever was written
    """A bot copied out of a campaign still stands under `voiceBot:`."""
    if isinstance(value, dict) and set(value) == {"voiceBot"}:  # pyright: ignore[reportUnknownArgumentType]
        return value["voiceBot"]  # pyright: ignore[reportUnknownVariableType]
    return value  # pyright: ignore[reportUnknownVariableType]


def _is_example(text: str) -> bool:
    """Is it what the page came with? Nobody wrote that."""
    return written.tidy(text) in {EXAMPLE_CALL, EXAMPLE_MESSAGE}


def _pin(given: Texts, field: str, before: Mapping[str, Any]) -> dict[str, Any] | None:
    """What was published and is chosen, and the version of it; None for nothing."""
    chosen, version = line(given[field]), number(given[f"{field}_version"])
    if chosen is None:
        return None
    pin: dict[str, Any] = {"id": chosen}
    # Another one has versions of its own: what stood there of the former means nothing.
    if version is not None and (chosen == before.get("id") or version != before.get("version")):
        pin["version"] = version
    return pin


CONTENT = Step(
    path="content",
    name=marked("What is said"),
    fields=("kept", "kept_version", "bot", "flow", "flow_version", "params", "bots", "variants"),
    show=_show,
    read=_read,
    places={
        "/voiceBot": "bot",
        "/voiceBot/id": "kept",
        "/voiceBot/version": "kept_version",
        "/flow": "flow",
        "/flow/version": "flow_version",
        "/flow/params": "params",
        "/voiceBots": "bots",
        "/variants": "variants",
    },
    texts=("bot", "params", "bots", "variants"),
)
