"""Refresh the messages of the console: `campana.pot`, and every language's `.po` after it.

The words of templates (`_`, `{% trans %}`) and of Python (`say`, `say_many`, `marked`) are read by
Babel. Words that pages make of codes (`no_answer` is shown as "No answer") and sentences that stand
beside a rule in the domain are taken from where they are, so that nobody has to list them twice.

Run `CAMPANA_REFRESH_MESSAGES=1 .venv/bin/python -m pytest -n0 tests/web/console/test_messages.py`,
or this. What is new is empty in a `.po`, and a test fails until somebody has translated it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from campana.domain import errors
from campana.domain.address import AddressKind
from campana.domain.answered_by import AnsweredBy
from campana.domain.attempt import AttemptState, EventType
from campana.domain.campaign import CampaignState, CampaignStatus, CampaignType, ChannelType
from campana.domain.conversation import ConversationStatus
from campana.domain.disposition import Disposition
from campana.domain.plans import NumberType
from campana.domain.role import ADMIN_SCOPES, MEANING, Role
from campana.domain.target import TargetState
from campana.domain.transfer import TransferOutcome
from campana.domain.waiting import ShownState, WaitReason
from campana.flow.events import WAITED_FOR
from campana.flow.nodes import NODES
from campana.services.accounts import SCOPES
from campana.services.duplicates import Fate
from campana.store.deliveries import DeliveryState
from campana.store.imports import ImportState
from campana.store.suppressions import Scope
from campana.web.console.problem_sentences import CONTEXT
from campana.web.errors import STATUS, title_of
from tools import problem_sentences

CONSOLE = Path(__file__).resolve().parent.parent / "src/campana/web/console"
FOLDER = CONSOLE / "messages"
TEMPLATE = FOLDER / "campana.pot"
KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "say": None,
    "say_many": (1, 2),
    "say_of": ((1, "c"), 2),
    "marked": None,
}
# Those that are written as texts: why a rule held back, what a message is and how far it has come,
# who said it, what a provider says, the parts of a bar, the outcomes of a call's transfer.
_TEXTS = (
    "window", "caps", "address_busy", "care_window_closed", "spend", "budget", "price_unknown",
    "deferred", "skipped", "dropped", "attempt", "message", "consent", "decision", "suppression",
    "suppressed", "granted", "revoked", "received", "queued", "sending", "sent", "person", "bot",
    "flow", "campaign", "api", "test", "text", "image", "audio", "video", "document", "sticker",
    "location", "contacts", "button", "reaction", "template", "call", "email", "published",
    "approved", "pending", "rejected", "paused", "disabled", "under_way", "good", "other",
    "between", "bad", "in_progress", "waiting", "active", "completed", "interrupted", "name",
    "rate_limited", "opt_out", "refused", "open", "off", "inbound", "outbound",
    "marketing", "utility", "authentication",
    "suppressed_workspace", "suppressed_campaign", "suppressed_channel",
)  # fmt: skip
# Codes whose words a page shows: `no_answer` as "No answer".
_WORDS: Iterable[Iterable[str]] = (
    AddressKind,
    AnsweredBy,
    AttemptState,
    CampaignState,
    ConversationStatus,
    DeliveryState,
    Disposition,
    Fate,
    ImportState,
    NumberType,
    Role,
    TargetState,
    TransferOutcome,
    NODES,
    _TEXTS,
)
# Codes that are shown as they are.
_CODES: Iterable[Iterable[str]] = (
    CampaignStatus,
    CampaignType,
    ChannelType,
    Role,
    Scope,
    ShownState,
    WaitReason,
)


def extracted() -> Catalog:
    """Every message of the console, in the order of the alphabet."""
    catalog = Catalog(project="Campana", charset="utf-8")
    found: list[tuple[str, Any, str | None]] = []
    for name, _, message, _, context in extract_from_dir(
        CONSOLE,
        method_map=[("templates/**.html", "jinja2"), ("**.py", "python")],
        options_map={
            "templates/**.html": {
                "newstyle_gettext": "true", "trimmed": "true",
                "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false",
            }
        },
        keywords=KEYWORDS,
    ):  # fmt: skip
        found.append((name, message, context))
    found += [("domain", message, None) for message in _of_codes()]
    found += [("domain", _words(code), "event") for code in EventType]
    found += [("below the console", each, CONTEXT) for each in problem_sentences.sentences()]
    for name, message, context in sorted(found, key=lambda each: (str(each[1]), each[0])):
        catalog.add(message, locations=[(name, 0)], context=context)
    return catalog


def _words(code: str) -> str:
    return code.replace("_", " ").capitalize()


def _of_codes() -> Iterator[str]:
    for codes in _WORDS:
        yield from (_words(code) for code in codes)
    for codes in _CODES:
        yield from (str(code) for code in codes)
    yield from (*MEANING.values(), *ADMIN_SCOPES.values(), *SCOPES.values(), *WAITED_FOR.values())
    for kind in STATUS:
        yield title_of(kind)
        yield kind().message if _is_plain(kind) else title_of(kind)


def _is_plain(kind: type[errors.CampanaError]) -> bool:
    """Whether one can be made of nothing, and then says its own sentence."""
    needed = inspect.signature(kind).parameters.values()
    return all(
        each.default is not each.empty or each.kind in {each.VAR_POSITIONAL, each.VAR_KEYWORD}
        for each in needed
    )


def written(catalog: Catalog) -> bytes:
    """The text of a catalog: places by file alone, so that it changes only when words do."""
    for message in catalog:
        message.locations = sorted({(name, 0) for name, _ in message.locations})
    text = BytesIO()
    write_po(
        text, catalog, width=100, omit_header=True, sort_output=True, ignore_obsolete=True,
        include_lineno=False,
    )  # fmt: skip
    return _head(catalog).encode() + text.getvalue()


def _head(catalog: Catalog) -> str:
    """What a program for translators asks for, and no names or dates."""
    told = ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8"]
    told.append("Content-Transfer-Encoding: 8bit")
    if catalog.locale is not None:
        told = [f"Language: {catalog.locale}", f"Plural-Forms: {catalog.plural_forms}", *told]
    lines = "".join(f'"{line}\\n"\n' for line in told)
    return f'msgid ""\nmsgstr ""\n{lines}\n'


def languages() -> list[Path]:
    """The catalog of each language."""
    return sorted(FOLDER.glob("*.po"))


def read(path: Path) -> Catalog:
    """What stands in the catalog of a language."""
    return read_po(BytesIO(path.read_bytes()), locale=path.stem)


def refresh() -> None:
    """Write all of them."""
    fresh = extracted()
    TEMPLATE.write_bytes(written(fresh))
    for path in languages():
        catalog = read(path)
        catalog.update(fresh, no_fuzzy_matching=True, update_creation_date=False)
        path.write_bytes(written(catalog))


def places(text: str) -> set[str]:
    """The names of the places in a message."""
    return set(re.findall(r"%\((\w+)\)s", text))


if __name__ == "__main__":
    refresh()
