"""`python -m meshtui`: the same as the command."""

from meshtui.cli.main import main

main()
