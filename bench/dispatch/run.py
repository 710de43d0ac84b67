"""The door: `.venv/bin/python bench/dispatch/run.py`. See bench/README.md."""

from __future__ import annotations

import sys
from pathlib import Path


def start() -> int:
    """Run it with the root of the checkout on the path, from wherever it is called."""
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    from bench.dispatch.comparison import main

    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(start())
