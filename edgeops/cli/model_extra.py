"""What commands of models need besides the core."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from edgeops.errors import EdgeOpsError


@contextmanager
def extra_train() -> Iterator[None]:
    """Says which extra is missing. Raises `EdgeOpsError`."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == "edgeops":
            raise
        raise EdgeOpsError(
            f"the package {package} is not installed", "pip install 'edgeops[train]'"
        ) from error
