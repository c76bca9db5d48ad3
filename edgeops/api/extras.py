"""Packages that only some functions need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from edgeops.errors import EdgeOpsError


@contextmanager
def extra(name: str) -> Iterator[None]:
    """For `with`: raise a missing package as `EdgeOpsError` with the extra to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == "edgeops":
            raise
        raise EdgeOpsError(
            f"the package {package} is not installed", f"pip install 'edgeops[{name}]'"
        ) from error
