"""The secrets in a channel's config: sealed when it is stored, opened when it is used.

Which fields are secret the carrier says (`SecretField`). A sealed text begins with MARK; what does
not was stored before there were seals, or under a key that is being replaced, and is sealed with
the newest key when a work process starts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import msgspec

from campana.carriers.account import SecretField
from campana.carriers.base import CarrierKind
from campana.domain.errors import FieldProblem
from campana.services import documents
from campana.services.context import Context
from campana.services.secrets import Secrets, Unreadable
from campana.store import channels

log = logging.getLogger(__name__)

MARK = "sealed:"

Json = dict[str, Any]


def config_of(context: Context, *, kind: CarrierKind, stored: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as the carrier has it
    """A stored config as its carrier takes it.

    Raises:
        Unreadable: a secret was sealed with a key we do not have.
        msgspec.ValidationError: it was written by another version of the program.
    """
    return msgspec.convert(opened(context.secrets, kind, stored), kind.config)


def shown(*, kind: CarrierKind, stored: Mapping[str, Any]) -> Json:
    """The config without its secrets; also where they cannot be opened."""
    blank = _changed(kind, stored, lambda _: None)
    for field in kind.secrets:
        for place in _places(field, blank):
            place.pop(field.name, None)
    return blank


def opened(secrets: Secrets, kind: CarrierKind, stored: Mapping[str, Any]) -> Json:
    """The config with its secrets as they were given.

    Raises:
        Unreadable: one was sealed with a key we do not have.
    """
    return _changed(kind, stored, lambda text: _open(secrets, text))


def sealed(
    secrets: Secrets, kind: CarrierKind, config: Mapping[str, Any], *, kept: Mapping[str, Any]
) -> Json:
    """The config as it is stored.

    A secret that stands in `kept` (sealed) keeps its seal: what is not changed is not written anew.
    """
    known: dict[str, str] = {}
    for field in kind.secrets:
        for place in _places(field, dict(kept)):
            text = place.get(field.name)
            if isinstance(text, str) and text.startswith(MARK):
                known[_open(secrets, text)] = text
    return _changed(kind, config, lambda text: known.get(text) or MARK + secrets.seal(text))


def patched(
    kind: CarrierKind, before: Mapping[str, Any], patch: Mapping[str, Any]
) -> tuple[Json, list[FieldProblem]]:
    """An opened config and what is to change of it, merged; a secret that is not named is kept.

    It is kept only for the place it was given for: where that changes, the secret is to be given
    again, and the problem says so.
    """
    merged = documents.merge(before, patch)
    problems: list[FieldProblem] = []
    for field in kind.secrets:
        if field.within is None:
            moved = [name for name in field.goes_to if merged.get(name) != before.get(name)]
            if moved and before.get(field.name) is not None and field.name not in patch:
                problems.append(
                    FieldProblem(
                        pointer=f"/{field.name}",
                        message=f"must be given again: with another {', '.join(moved)} it would"
                        " go elsewhere",
                    )
                )
    return merged, problems


def restored(
    kind: CarrierKind, config: Mapping[str, Any], *, before: Mapping[str, Any], written: Json
) -> Json:
    """The config with the secrets of its lists.

    Entries come anew, and without what is never shown: each finds its own again by where it goes.
    `written` is the same config before its defaults were filled in: what is null there was taken
    away.
    """
    copy = _changed(kind, config, lambda text: text)
    for field in kind.secrets:
        if field.within is None:
            continue
        known = {
            _whereto(field, place): place.get(field.name) for place in _places(field, dict(before))
        }
        pairs = zip(_places(field, copy), _places(field, written), strict=True)
        for place, as_written in pairs:
            if field.name not in as_written:
                place[field.name] = known.get(_whereto(field, place))
    return copy


def _whereto(field: SecretField, place: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(place.get(name) for name in field.goes_to)


def _changed(kind: CarrierKind, config: Mapping[str, Any], change: Callable[[str], Any]) -> Json:
    """A copy whose secrets went through `change`."""
    copy = cast("Json", msgspec.json.decode(msgspec.json.encode(config)))
    for field in kind.secrets:
        for place in _places(field, copy):
            text = place.get(field.name)
            if isinstance(text, str):
                place[field.name] = change(text)
    return copy


def _places(field: SecretField, config: Json) -> Iterator[Json]:
    """Where the field stands: the config, or each entry of a list in it."""
    if field.within is None:
        yield config
        return
    entries = config.get(field.within)
    if isinstance(entries, list):
        for entry in cast("list[object]", entries):
            if isinstance(entry, dict):
                yield cast("Json", entry)


def _open(secrets: Secrets, text: str) -> str:
    return secrets.open(text.removeprefix(MARK)) if text.startswith(MARK) else text


async def seal_all(context: Context) -> int:
    """Seal whatever stands in clear or under an older key (engine role).

    Returns how many channels that were. Several processes may do it at once.
    """
    async with context.db.read() as tx:
        standing = [
            channel
            for kind in context.carriers.values()
            if kind.secrets
            for channel in await channels.of_kind(tx, kind=kind.kind)
            if not _is_current(context.secrets, kind, channel.config)
        ]
    if not standing:
        return 0
    changed = 0
    async with context.db.transaction() as tx:
        for channel in await channels.lock_all(tx):
            kind = context.carriers.get(channel.kind)
            if kind is None or _is_current(context.secrets, kind, channel.config):
                continue
            try:
                known = opened(context.secrets, kind, channel.config)
            except Unreadable:
                log.error("channel %s: its secrets were sealed with another key", channel.id)
                continue
            config = sealed(context.secrets, kind, known, kept={})
            await channels.set_config(tx, channel_id=channel.id, config=config)
            changed += 1
    return changed


def _is_current(secrets: Secrets, kind: CarrierKind, config: Mapping[str, Any]) -> bool:
    """Is every secret sealed, and with the newest key?"""
    try:
        return all(
            text.startswith(MARK) and secrets.sealed_anew(text.removeprefix(MARK)) is None
            for field in kind.secrets
            for place in _places(field, dict(config))
            if isinstance(text := place.get(field.name), str)
        )
    except Unreadable:
        return False
