"""`python -m campana`: the same as the `campana` command."""

from campana.cli import main

main()
