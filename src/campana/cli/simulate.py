"""`campana simulate`: a campaign's week in seconds, on the engine as it is."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from campana import settings
from campana.cli.files import read_document
from campana.cli.session import AsJson, out, print_json, told
from campana.domain.errors import InvalidParameter, SetupError
from campana.domain.window import zone_named
from campana.simulation import document, play, report, virtual_time
from campana.simulation.ground import ground


def simulate(
    file: Annotated[
        Path, typer.Argument(help="A campaign with contacts: YAML.", exists=True, dir_okay=False)
    ],
    seed: Annotated[int, typer.Option(help="The same seed, the same week.", min=0)] = 1,
    zone: Annotated[str, typer.Option(help="Whose clock the table goes by.")] = "UTC",
    as_json: AsJson = False,
) -> None:
    """Play a campaign on made-up people and a made-up carrier, in virtual time.

    Nobody is contacted, and nothing of yours is read or written: it runs on a database of its own,
    which is dropped at the end.
    """
    with told():
        if zone_named(zone) is None:
            raise InvalidParameter(f"--zone: {zone} is not a time zone")
        scenario = document.read(read_document(file), seed=seed).beside(file.parent)
        # What a worker logs in a week is no part of the answer.
        logging.getLogger("campana").setLevel(logging.CRITICAL)
        chosen = settings.read()
        try:
            chosen.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SetupError(
                f"cannot use the data directory {chosen.data_dir}: {error.strerror}"
            ) from error
        with (
            ground(chosen.data_dir / "simulation") as conninfo,
            tempfile.TemporaryDirectory() as folder,
        ):
            played = virtual_time.run(play.play(conninfo, scenario, seed=seed, folder=Path(folder)))
    if as_json:
        print_json(report.as_json(played, zone=zone))
    else:
        out.print(report.for_people(played, zone=zone))
