"""`python -m edgeops` is `edgeops`."""

from edgeops.cli.main import main

main()
