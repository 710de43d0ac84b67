"""`campana doctor`: what is wrong with this installation, and how to mend it.

Each check is a function in CHECKS that returns findings; nothing is changed.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from campana import bootstrap, endpoints, settings
from campana.cli import invariants
from campana.cli.session import FAILED, AsJson, out, print_json, told
from campana.domain.errors import SetupError, Unavailable
from campana.domain.window import zone_named
from campana.services import endpoint_checks
from campana.services.channel_checks import Checked, check_all
from campana.settings import Settings
from campana.store import migrations
from campana.store.db import Role
from campana.voice.ears import hearing

LOW_DISK = 1 << 30

PAGES = {
    "email_smtp": "docs/carriers/email.md",
    "sandbox": "docs/operating.md",
    "sms_smpp": "docs/carriers/smpp.md",
    "sms_twilio": "docs/carriers/twilio.md",
    "voice_sip": "docs/carriers/sip.md",
    "whatsapp_cloud": "docs/carriers/whatsapp.md",
}
"""Where the settings of each kind of channel are described."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `hint` says how to mend it when it is not well."""

    what: str
    is_well: bool
    detail: str
    hint: str = ""
    is_optional: bool = False


def doctor(
    as_json: AsJson = False,
    ledger: Annotated[
        bool, typer.Option("--invariants", help="Judge the ledger instead: is every promise kept?")
    ] = False,
) -> None:
    """Look at everything Campana needs. Exit code 1 when something must be mended."""
    if ledger:
        with told():
            invariants.check(as_json=as_json)
        return
    try:
        chosen = settings.read()
    except SetupError as error:
        findings = [Finding(what="settings", is_well=False, detail=error.message)]
    else:
        findings = [finding for check in CHECKS for finding in check(chosen)]
    if as_json:
        print_json(
            [
                {"what": f.what, "ok": f.is_well, "detail": f.detail, "hint": f.hint}
                for f in findings
            ]
        )
    else:
        for finding in findings:
            _print(finding)
    if any(not f.is_well and not f.is_optional for f in findings):
        raise typer.Exit(FAILED)


def _print(finding: Finding) -> None:
    bad = "[yellow]--[/]" if finding.is_optional else "[red]!![/]"
    mark = "[green]ok[/]" if finding.is_well else bad
    out.print(f"{mark}  [bold]{finding.what}[/]  {finding.detail}", highlight=False)
    if finding.hint and not finding.is_well:
        out.print(f"      {finding.hint}", highlight=False)


def _python(_: Settings) -> Iterator[Finding]:
    yield Finding(
        what="python",
        is_well=(3, 11) <= sys.version_info[:2] <= (3, 14),
        detail=".".join(map(str, sys.version_info[:3])),
        hint="use Python 3.11 to 3.14",
    )


def _zones(_: Settings) -> Iterator[Finding]:
    yield Finding(
        what="time zones",
        is_well=zone_named("America/New_York") is not None,
        detail="the IANA zones can be read",
        hint="the tzdata package is missing or broken: prepare the environment again",
    )


def _data_dir(chosen: Settings) -> Iterator[Finding]:
    path = chosen.data_dir.resolve()
    standing = next(p for p in [path, *path.parents] if p.exists())
    may_write = os.access(standing, os.W_OK | os.X_OK)
    yield Finding(
        what="data directory",
        is_well=may_write and standing.is_dir(),
        detail=str(path),
        hint=f"make {standing} writable, or choose another with CAMPANA_DATA_DIR",
    )
    free = shutil.disk_usage(standing).free
    yield Finding(
        what="disk",
        is_well=free > LOW_DISK,
        detail=f"{free / (1 << 30):.1f} GiB free",
        hint="free some space: recordings and the database need it",
    )


def _database(chosen: Settings) -> Iterator[Finding]:
    kind = "the one in CAMPANA_DATABASE_URL" if chosen.database_url else "embedded"
    try:
        with bootstrap.database(chosen) as conninfo:
            number = migrations.server_version(conninfo)
            yield Finding(
                what="postgresql",
                is_well=number >= 16,
                detail=f"{number}, {kind}",
                hint="Campana needs PostgreSQL 16 or newer",
            )
            off = migrations.what_is_off(conninfo)
            yield Finding(
                what="durability",
                is_well=not off,
                detail=f"off: {', '.join(off)}" if off else "what is committed stays",
                hint="a server that crashes may forget whom it was told about: they are contacted "
                "twice (docs/reliability.md)",
                is_optional=True,
            )
            try:
                migrations.check(conninfo)
            except SetupError as error:
                yield Finding(
                    what="schema", is_well=False, detail=error.message, hint="campana migrate"
                )
            else:
                yield Finding(what="schema", is_well=True, detail="current")
    except SetupError as error:
        yield Finding(
            what="postgresql",
            is_well=False,
            detail=error.message,
            hint="see the message; the embedded server logs to the data directory",
        )


def _ears(chosen: Settings) -> Iterator[Finding]:
    """The models themselves: a file that is not the one is found before a call needs it."""
    try:
        hearing.load(chosen.asr_model_dir)
        detail, is_well = "bots understand what callees say", True
    except SetupError as error:
        detail, is_well = f"bots hear keys only: {error.message}", False
    yield Finding(
        what="voice: understanding",
        is_well=is_well,
        detail=detail,
        hint="install requirements-voice.lock, or mend CAMPANA_ASR_MODEL_DIR",
        is_optional=chosen.asr_model_dir is None,
    )


def _voice(_: Settings) -> Iterator[Finding]:
    log = Path(sys.prefix) / "voice-install.log"
    for package, gives in (("baresip", "calls over SIP"), ("hibari", "speech")):
        yield Finding(
            what=f"voice: {package}",
            is_well=find_spec(package) is not None,
            detail=gives,
            hint=f"it could not be installed here; {log} says why"
            if log.exists()
            else "install requirements-voice.lock",
            is_optional=True,
        )


def _sound(chosen: Settings) -> Iterator[Finding]:
    """The installation's endpoints that speak and hear; bots go on without them."""
    try:
        speech, hearing = endpoints.sound_endpoints(chosen)
    except SetupError as error:
        yield Finding(what="voice: endpoints", is_well=False, detail=error.message)
        return
    for each in asyncio.run(endpoint_checks.check(speech=speech, hearing=hearing)):
        yield Finding(
            what=f"voice: endpoint for {each.what}",
            is_well=each.problem is None,
            detail=each.problem or each.url,
            hint="until it is well, the models of the voice packages are used instead",
            is_optional=True,
        )


def _channels(chosen: Settings) -> Iterator[Finding]:
    """The accounts at providers that can be asked about; without a database, none is known."""
    try:
        with bootstrap.database(chosen) as conninfo:
            migrations.check(conninfo)
            checked = asyncio.run(_asked(chosen, conninfo))
    except (SetupError, Unavailable):
        return
    for each in checked:
        yield Finding(
            what=f"channel: {each.channel.name}",
            is_well=each.is_well,
            detail=each.detail,
            hint=f"see {PAGES[each.channel.kind]}; change it with PATCH"
            f" /v1/channels/{each.channel.id}",
            is_optional=True,
        )


async def _asked(chosen: Settings, conninfo: str) -> list[Checked]:
    async with bootstrap.opened(chosen, conninfo, role=Role.ENGINE, max_connections=2) as context:
        return await check_all(context)


CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _python,
    _zones,
    _data_dir,
    _database,
    _voice,
    _ears,
    _sound,
    _channels,
)
