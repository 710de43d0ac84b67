"""What the documents say is what the program does."""

from __future__ import annotations

import re
from pathlib import Path

from campana import settings
from campana.domain.event import EventName
from campana.store.invariants import INVARIANTS

ROOT = Path(__file__).parents[1]


def settings_table() -> str:
    """The table of docs/operating.md, from the settings themselves."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for name, (default, meaning) in settings.described().items():
        shown = "" if default is None else f"`{default}`"
        lines.append(f"| `{name}` | {shown} | {meaning} |")
    return "\n".join(lines)


def test_every_setting_is_documented_as_it_is() -> None:
    assert settings_table() in (ROOT / "docs/operating.md").read_text("utf-8")


def test_every_invariant_is_documented_as_it_is() -> None:
    page = (ROOT / "docs/reliability.md").read_text("utf-8")
    rows = [f"| `{each.name}` | {each.sentence} |" for each in INVARIANTS]
    assert "\n".join(["| name | what holds |", "|---|---|", *rows]) in page


def test_links_between_documents_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_type_of_event_is_documented() -> None:
    page = (ROOT / "docs/events.md").read_text("utf-8")
    assert {name for name in EventName if f"`{name}`" not in page} == set()
