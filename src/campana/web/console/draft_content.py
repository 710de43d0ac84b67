"""The page of a draft that says what is said: a bot as text, or a published flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campana.web.console import written
from campana.web.console.drafts import Document, Part, Step, Texts, line, number

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
    return {
        "bot": written.shown(document.get("voiceBot")),
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
            values["flow"] = _pin(given, document, texts["params"])
        if "bots" in texts:
            values["voiceBots"] = texts["bots"]
    elif "bot" in texts:
        values["voiceBot"] = _bot(texts["bot"])
    if "variants" in texts:
        values["variants"] = texts["variants"]
    return Part(values=values, problems=problems)


def _bot(value: Any) -> Any:  # noqa: ANN401 - whatever was written
    """A bot copied out of a campaign still stands under `voiceBot:`."""
    if isinstance(value, dict) and set(value) == {"voiceBot"}:  # pyright: ignore[reportUnknownArgumentType]
        return value["voiceBot"]  # pyright: ignore[reportUnknownVariableType]
    return value  # pyright: ignore[reportUnknownVariableType]


def _pin(given: Texts, document: Document, params: Any) -> dict[str, Any] | None:  # noqa: ANN401
    flow_id, version = line(given["flow"]), number(given["flow_version"])
    if flow_id is None:
        return None
    before: Mapping[str, Any] = document.get("flow") or {}
    pin: dict[str, Any] = {"id": flow_id}
    # Another flow has versions of its own: what stood there of the former means nothing.
    if version is not None and (flow_id == before.get("id") or version != before.get("version")):
        pin["version"] = version
    if params is not None:
        pin["params"] = params
    return pin


CONTENT = Step(
    path="content",
    name="What is said",
    fields=("bot", "flow", "flow_version", "params", "bots", "variants"),
    show=_show,
    read=_read,
    places={
        "/voiceBot": "bot",
        "/flow": "flow",
        "/flow/version": "flow_version",
        "/flow/params": "params",
        "/voiceBots": "bots",
        "/variants": "variants",
    },
    texts=("bot", "params", "bots", "variants"),
)
