"""The `edgeops` program, also as `python -m edgeops`."""

import os
import sys


def main() -> None:
    """Run the command line, or complete one: a key press must not wait for all of the program."""
    if os.environ.get("_EDGEOPS_COMPLETE", "").startswith("complete_"):
        from edgeops.cli.complete import complete

        sys.exit(complete(os.environ))
    from edgeops.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
