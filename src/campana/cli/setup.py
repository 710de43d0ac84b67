"""`campana migrate`, `campana config`: the ground a server stands on."""

from __future__ import annotations

from rich.table import Table

from campana import bootstrap, settings
from campana.cli.session import AsJson, out, print_json, told
from campana.store import migrations

_SECRET = frozenset({"CAMPANA_DATABASE_URL", "CAMPANA_SECRET_KEY"})


def migrate() -> None:
    """Create or upgrade the schema of the configured database. Safe to repeat."""
    with told(), bootstrap.database(settings.read()) as conninfo:
        migrations.migrate(conninfo)
    out.print("The schema is current.")


def config(as_json: AsJson = False) -> None:
    """List every setting, its meaning, and what it is now. Secrets are not shown."""
    with told():
        now = settings.read()
    shown: dict[str, str] = {}
    for name in settings.described():
        value = getattr(now, name.removeprefix("CAMPANA_").lower())
        shown[name] = "(set)" if value and name in _SECRET else "" if value is None else str(value)
    if as_json:
        print_json(shown)
        return
    table = Table("setting", "now", "meaning")
    for name, (_, meaning) in settings.described().items():
        table.add_row(name, shown[name], meaning)
    out.print(table)
