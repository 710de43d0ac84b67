"""The door: `.venv/bin/python bench/import/run.py`. See bench/README.md."""

from __future__ import annotations

import sys
from pathlib import Path


def start() -> int:
    """Run the comparison with this folder on the path, from wherever it is called."""
    sys.path[0] = str(Path(__file__).resolve().parent)
    from comparison import main

    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(start())
