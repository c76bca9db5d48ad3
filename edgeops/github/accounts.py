"""Accounts on GitHub, as the REST API names them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_CO_AUTHOR = re.compile(
    r"^co-authored-by:.*<(?:(?P<id>\d+)\+)?(?P<login>[\w-]+)@users\.noreply\.[\w.-]+>",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Account:
    """An account; `person` is false for apps, `id` None where only the name is told."""

    login: str
    id: int | None
    person: bool = True

    def is_same(self, other: Account) -> bool:
        """Whether both are one account. A name can change hands, a number cannot."""
        if self.id is not None and other.id is not None:
            return self.id == other.id
        return self.login.casefold() == other.login.casefold()


def account_of(user: Any) -> Account | None:
    """The account in an answer; None for one that was deleted or that GitHub does not know."""
    if not isinstance(user, dict) or not user.get("login"):
        return None
    return Account(str(user["login"]), user.get("id"), person=user.get("type") == "User")


def co_authors(message: str) -> Iterator[Account]:
    """Those whom the trailers of a commit name by an address of GitHub.

    Source: "Creating a commit with multiple authors" (GitHub Docs).
    """
    for trailer in _CO_AUTHOR.finditer(message):
        yield Account(trailer["login"], int(trailer["id"]) if trailer["id"] else None)
