"""Exceptions of libraries as ours: each place says which, and in which words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from edgeops.errors import EdgeOpsError

# Exceptions of these types, and what makes the error that is raised instead of one.
Rule = tuple[type[BaseException] | tuple[type[BaseException], ...], Callable[[Any], BaseException]]


@contextmanager
def translate(*rules: Rule) -> Iterator[None]:
    """Raises our error in place of a library's: that of the first rule that fits."""
    try:
        yield
    except Exception as error:
        for kinds, ours in rules:
            if isinstance(error, kinds):
                raise ours(error) from error
        raise


def doing(
    what: str, hint: str = "", error: type[EdgeOpsError] = EdgeOpsError
) -> AbstractContextManager[None]:
    """For `with`: an `OSError` as `cannot WHAT: reason`, as in `cannot write plan.json: ...`."""
    return translate((OSError, lambda cause: error(f"cannot {what}: {cause.strerror}", hint)))


def reaching(place: str, error: type[EdgeOpsError]) -> AbstractContextManager[None]:
    """For `with`: failures of requests to reach a place, also while its answer is under way."""
    from requests.exceptions import RequestException, SSLError
    from urllib3.exceptions import HTTPError

    not_trusted = f"{place} cannot be reached: its certificate is not trusted"
    unreachable = f"{place} cannot be reached"
    return translate(
        (SSLError, lambda _: error(not_trusted, "set SSL_CERT_FILE for a company's own CA")),
        ((RequestException, HTTPError), lambda _: error(unreachable, "check network and proxy")),
    )
