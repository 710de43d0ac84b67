"""What the documents say is what the program does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from campana import settings
from campana.carriers import KINDS
from campana.carriers.codes import Codes
from campana.carriers.sms_twilio import codes as twilio_codes
from campana.carriers.sms_twilio import webhooks as twilio_webhooks
from campana.carriers.voice_sip import codes as sip_codes
from campana.carriers.voice_sip import config as sip_config
from campana.carriers.whatsapp_cloud import codes as meta_codes
from campana.carriers.whatsapp_cloud import webhooks as meta_webhooks
from campana.cli import doctor
from campana.domain.attempt import EventType
from campana.domain.disposition import Disposition
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


def codes_table(codes: Codes) -> str:
    """The table of a carrier's page, from the adapter's own."""
    lines = ["| code | becomes | rests | means |", "|---|---|---|---|"]
    for code, each in sorted(codes.items()):
        rest = f"{each.rest.total_seconds():g} s" if each.rest is not None else ""
        lines.append(f"| {code} | {each.disposition} | {rest} | {each.says} |")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("page", "codes", "statuses"),
    [
        ("whatsapp", meta_codes.CODES, meta_webhooks.STATUSES),
        ("twilio", twilio_codes.CODES, twilio_webhooks.STATUSES),
    ],
)
def test_what_a_carriers_codes_and_statuses_mean_is_documented(
    page: str, codes: Codes, statuses: Mapping[str, tuple[EventType, Disposition | None]]
) -> None:
    text = (ROOT / "docs/carriers" / f"{page}.md").read_text("utf-8")
    assert codes_table(codes) in text
    for word, (event, disposition) in statuses.items():
        assert re.search(rf"^\| `{word}` \| {event}.*{disposition or ''} \|$", text, re.MULTILINE)


def test_what_the_final_codes_of_sip_mean_is_documented() -> None:
    meanings: dict[str, list[int]] = {}
    for code, disposition in sip_codes.DISPOSITIONS.items():
        meanings.setdefault(disposition, []).append(code)
    page = (ROOT / "docs/carriers/sip.md").read_text("utf-8")
    for disposition, found in meanings.items():
        row = f"| {', '.join(map(str, sorted(found)))} | `{disposition}`"
        assert row in page, f"docs/carriers/sip.md lacks {row}"
    for shape in (sip_config.Config, sip_config.TrunkConfig):
        for field in shape.__struct_encode_fields__:
            assert f"`{field}`" in page, f"docs/carriers/sip.md lacks {field}"


def test_where_doctor_points_to_is_a_page_for_every_kind_of_channel() -> None:
    assert set(doctor.PAGES) == set(KINDS)
    for kind, page in doctor.PAGES.items():
        assert f"kind: {kind}" in (text := (ROOT / page).read_text("utf-8")) or (
            f'"kind": "{kind}"' in text
        ), f"{page} does not describe {kind}"


def test_the_pages_that_commands_point_to_exist() -> None:
    pointers = [
        (path.name, page)
        for path in (ROOT / "src/campana").rglob("*.py")
        for page in re.findall(r"docs/[a-z/-]+\.md", path.read_text("utf-8"))
    ]
    assert pointers
    assert [each for each in pointers if not (ROOT / each[1]).is_file()] == []


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
