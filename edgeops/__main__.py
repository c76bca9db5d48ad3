"""The `edgeops` program, also as `python -m edgeops`."""

import gc
import os
import sys

# Objects made before the collector looks for circles among the youngest: a fleet has millions of
# values and hardly a circle, and the default of 700 takes a tenth of the time.
_YOUNG = 50_000


def main() -> None:
    """Run the command line, or complete one: a key press must not wait for all of the program."""
    if os.environ.get("_EDGEOPS_COMPLETE", "").startswith("complete_"):
        from edgeops.cli.complete import complete

        sys.exit(complete(os.environ))
    gc.set_threshold(_YOUNG)
    from edgeops.cli.main import main as run

    try:
        run()
    finally:
        gc.disable()  # or Python would look through all values once more when it ends


if __name__ == "__main__":
    main()
