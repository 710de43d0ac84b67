"""The `campana` command: one file a group of words, everything shared in `session`."""

from __future__ import annotations

import typer

from campana import __version__
from campana.cli import (
    bots,
    call,
    channels,
    contacts,
    demo,
    doctor,
    flow_stock,
    flows,
    keys,
    lists,
    outlook,
    policy,
    prices,
    retention,
    sandbox,
    serve,
    setup,
    simulate,
    suppressions,
)

app = typer.Typer(
    name="campana",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Outbound calling and messaging campaigns. Exit codes: 0 done, 1 refused or failed, "
    "2 wrong usage, 3 the set-up must be mended first.",
)

for word in (serve.serve, serve.web, serve.work, serve.voice, setup.migrate, setup.config):
    app.command()(word)
app.command(hidden=True)(serve.talker)
app.command()(doctor.doctor)
app.command()(demo.demo)
app.command()(sandbox.sandbox)
app.command()(simulate.simulate)
app.command("allow-countries")(channels.allow)
app.command()(call.call)
for group in (
    keys.app,
    bots.app,
    lists.app,
    contacts.app,
    suppressions.app,
    channels.app,
    outlook.app,
    policy.app,
    prices.app,
    retention.app,
    flows.app,
    flow_stock.tables,
    flow_stock.credentials,
):
    app.add_typer(group)


@app.callback(invoke_without_command=True)
def version(
    show: bool = typer.Option(False, "--version", help="Print the version.", is_eager=True),
) -> None:
    """Print the version when that is all that is asked."""
    if show:
        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command."""
    app()
