"""Translates exceptions of libraries into errors of edgeops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from edgeops.errors import EdgeOpsError

# Types of exceptions, and the function that creates the error to raise instead.
Rule = tuple[type[BaseException] | tuple[type[BaseException], ...], Callable[[Any], BaseException]]


@contextmanager
def translate(*rules: Rule) -> Iterator[None]:
    """Raise the error of the first matching rule instead of a library's exception."""
    try:
        yield
    except Exception as error:
        for kinds, ours in rules:
            if isinstance(error, kinds):
                raise ours(error) from error
        raise


def causes(error: BaseException) -> Iterator[BaseException]:
    """The exceptions inside one another: libraries keep them as cause, context or argument."""
    seen: list[BaseException] = []
    todo: list[Any] = [error]
    while todo:
        cause = todo.pop()
        if isinstance(cause, BaseException) and cause not in seen:
            seen.append(cause)
            todo += [cause.__cause__, cause.__context__, getattr(cause, "reason", None)]
            todo += cause.args
            yield cause


def doing(
    action: str, hint: str = "", error: type[EdgeOpsError] = EdgeOpsError
) -> AbstractContextManager[None]:
    """For `with`: raise an `OSError` as `cannot ACTION: reason` (`cannot write plan.json: ...`)."""
    return translate((OSError, lambda cause: error(f"cannot {action}: {cause.strerror}", hint)))


def reaching(place: str, error: type[EdgeOpsError]) -> AbstractContextManager[None]:
    """For `with`: translate failures of requests to reach a host, also while reading its answer."""
    from requests.exceptions import RequestException, SSLError
    from urllib3.exceptions import HTTPError

    not_trusted = f"{place} cannot be reached: its certificate is not trusted"
    unreachable = f"{place} cannot be reached"
    return translate(
        (SSLError, lambda _: error(not_trusted, "set SSL_CERT_FILE for a company's own CA")),
        ((RequestException, HTTPError), lambda _: error(unreachable, "check network and proxy")),
    )
