"""Who may see the page: one-time links, and the sessions that they begin; in memory only."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable

SECONDS_OF_A_LINK = 300.0  # browsers first warn about the certificate
SECONDS_OF_A_SESSION = 12 * 3600.0
MAX_LINKS = 10
MAX_SESSIONS = 20


class Logins:
    """The links and sessions of a running hub, the oldest of which make room for new ones.

    Only digests are kept, so that how long a look takes says nothing about a token.
    `clock` is steady, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._links = _Tokens(clock, SECONDS_OF_A_LINK, MAX_LINKS)
        self._sessions = _Tokens(clock, SECONDS_OF_A_SESSION, MAX_SESSIONS)

    def new_link(self) -> str:
        """The token of a new link."""
        return self._links.new()

    def enter(self, link: str) -> str | None:
        """Use up the token of a link; gives that of a new session, None if the link is no more."""
        return self._sessions.new() if self._links.take(link) else None

    def is_open(self, session: str) -> bool:
        """Whether a session lasts."""
        return self._sessions.has(session)


class _Tokens:
    def __init__(self, clock: Callable[[], float], seconds: float, most: int) -> None:
        self._clock = clock
        self._seconds = seconds
        self._most = most
        self._ends: dict[bytes, float] = {}

    def new(self) -> str:
        token = secrets.token_urlsafe(32)
        while len(self._ends) >= self._most:
            del self._ends[next(iter(self._ends))]
        self._ends[_digest(token)] = self._clock() + self._seconds
        return token

    def has(self, token: str) -> bool:
        return self._ends.get(_digest(token), float("-inf")) > self._clock()

    def take(self, token: str) -> bool:
        return self._ends.pop(_digest(token), float("-inf")) > self._clock()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
