"""One work process of Campana as it is shipped, with one more row in its table of carriers.

    python -m bench.dispatch.worker

The settings are in the environment, as always. With BENCH_RECORD it also writes down every
statement it sends (`recording.py`), and then it is not measured.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

import uvloop

from bench.dispatch import recording
from campana import bootstrap, settings
from campana.carriers import KINDS


def main() -> None:
    logging.basicConfig(level="WARNING")
    KINDS["nothing"] = "bench.dispatch.carrier"
    if path := os.environ.get("BENCH_RECORD"):
        recording.begin(Path(path))
    chosen = settings.read()
    with bootstrap.database(chosen) as conninfo:
        uvloop.run(bootstrap.work(chosen, conninfo))


if __name__ == "__main__":
    main()
