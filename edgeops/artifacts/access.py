"""Short-lived read access to a private store, which devices get through their twin."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ReadAccess:
    """A query string that lets its bearer read from a host until `expires`: a secret."""

    host: str
    query: str = field(repr=False)
    expires: datetime
