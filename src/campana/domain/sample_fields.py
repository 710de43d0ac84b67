"""Values for the fields that a script names, where it is tried on nobody in particular."""

from __future__ import annotations

from campana.domain.placeholders import placeholders
from campana.domain.script import SAVED, Script, texts

_KNOWN = {"contact.first_name": "Maria", "contact.last_name": "Garcia"}


def sample_fields(script: Script) -> dict[str, str]:
    """A value for every field that the script names; what was saved, and `when` to call again, the
    bot knows itself."""
    named = {name for text in texts(script) for name in placeholders(text)} - {"when"}
    return {
        name: _KNOWN.get(name, name.rpartition(".")[2].replace("_", " "))
        for name in named
        if not name.startswith(SAVED)
    }
