"""Short-lived read access to a private store: used in requests, never logged or stored. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class StoreAccess:
    """A query string that opens the files of one host until `expires`. The query is a secret."""

    store: str
    host: str
    query: str = field(repr=False)
    expires: datetime

    def opens(self, url: str) -> bool:
        """Whether it grants access to this URL: host and port must both match."""
        return urlsplit(url).netloc.lower() == self.host.lower()

    def applied_to(self, url: str) -> str:
        """The URL with the access in its query."""
        return f"{url}{'&' if urlsplit(url).query else '?'}{self.query.lstrip('?')}"


def access_for(url: str, accesses: Iterable[StoreAccess]) -> StoreAccess | None:
    """The access that opens a URL; of several, the one that expires last."""
    fitting = [access for access in accesses if access.opens(url)]
    return max(fitting, key=lambda access: access.expires, default=None)


def parse_access(value: Any) -> tuple[tuple[StoreAccess, ...], list[str]]:
    """The read accesses in `desired.access`, and warnings about invalid ones."""
    if not isinstance(value, dict):
        return (), ["access must be an object"]
    accesses, warnings = [], []
    for store, entry in value.items():
        access = _parse_entry(store, entry)
        if access is None:
            warnings.append(f"access.{store[:40]} must have host, query and expires")
        else:
            accesses.append(access)
    return tuple(accesses), warnings


def _parse_entry(store: str, entry: Any) -> StoreAccess | None:
    if not isinstance(entry, dict):
        return None
    host, query, expires = (entry.get(key) for key in ("host", "query", "expires"))
    if not (isinstance(host, str) and isinstance(query, str) and isinstance(expires, str)):
        return None
    try:
        moment = datetime.fromisoformat(expires)
    except ValueError:
        return None
    return StoreAccess(store, host, query, moment if moment.tzinfo else moment.replace(tzinfo=UTC))
