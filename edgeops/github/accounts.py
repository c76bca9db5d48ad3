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
    """An account; `person` is false for apps, `id` is None if only the login is known."""

    login: str
    id: int | None
    person: bool = True

    def is_same(self, other: Account) -> bool:
        """Whether both are the same account. A login can change hands, an id cannot."""
        if self.id is not None and other.id is not None:
            return self.id == other.id
        return self.login.casefold() == other.login.casefold()


def account_of(user: Any) -> Account | None:
    """The account in a response; None for a deleted or unknown account."""
    if not isinstance(user, dict) or not user.get("login"):
        return None
    return Account(str(user["login"]), user.get("id"), person=user.get("type") == "User")


def co_authors(message: str) -> Iterator[Account]:
    """The co-authors in the trailers of a commit message that have a GitHub address.

    Source: "Creating a commit with multiple authors" (GitHub Docs).
    """
    for trailer in _CO_AUTHOR.finditer(message):
        yield Account(trailer["login"], int(trailer["id"]) if trailer["id"] else None)
