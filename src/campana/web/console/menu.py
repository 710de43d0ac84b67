"""Where a person can go: the screens their role may see, in their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from campana.services.people import Visitor
from campana.web.console.language import marked


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the menu."""

    path: str
    name: str
    icon: str
    scope: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A line as this page shows it."""

    path: str
    name: str
    icon: str
    is_here: bool


MENU = (
    Entry("/", marked("Wallboard"), "dashboard", "campaigns:read"),
    Entry("/campaigns", marked("Campaigns"), "speakerphone", "campaigns:read"),
    Entry("/reports", marked("Reports"), "chart-bar", "analytics:read"),
    Entry("/lists", marked("Lists"), "address-book", "lists:read"),
    Entry("/contacts", marked("Contacts"), "users", "contacts:read"),
    Entry("/conversations", marked("Conversations"), "messages", "conversations:read"),
    Entry("/templates", marked("Templates"), "template", "templates:read"),
    Entry("/bots", marked("Bots"), "robot", "bots:read"),
    Entry("/flows", marked("Flows"), "sitemap", "flows:read"),
    Entry("/suppressions", marked("Suppressions"), "ban", "suppressions:read"),
    Entry("/channels", marked("Channels"), "antenna", "channels:read"),
    Entry("/developers", marked("Developers"), "code", "keys:manage"),
    Entry("/people", marked("People"), "user-shield", "people:manage"),
    Entry("/settings", marked("Settings"), "settings", "settings:write"),
    Entry("/audit", marked("Audit log"), "history", "audit:read"),
)


KEYS: Mapping[str, str] = {
    "w": "/",
    "c": "/campaigns",
    "r": "/reports",
    "l": "/lists",
    "p": "/contacts",
    "i": "/conversations",
    "t": "/templates",
    "b": "/bots",
    "f": "/flows",
    "s": "/suppressions",
    "h": "/channels",
    "d": "/developers",
}
"""What is pressed after `g`, and where it leads: as `campana.js` has it."""


def keys_of(visitor: Visitor) -> list[tuple[str, str]]:
    """Those keys that lead this person somewhere, with the name of the screen."""
    names = {each.path: each.name for each in MENU if each.scope in visitor.scopes}
    return [(key, names[path]) for key, path in KEYS.items() if path in names]


def menu_of(visitor: Visitor, path: str) -> list[Shown]:
    """The lines this person may follow, and which of them the page is under."""
    return [
        Shown(each.path, each.name, each.icon, _is_under(each.path, path))
        for each in MENU
        if each.scope in visitor.scopes
    ]


def _is_under(entry: str, path: str) -> bool:
    return path == entry or (entry != "/" and path.startswith(entry + "/"))
