"""The hint "did you mean" for a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

_LONGEST = 128  # longer names are not typing errors, and slow to compare
_MOST = 1000


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """A hint naming the choice that is closest to `name`, or `""` when none is close."""
    close = nearest(name, choices)
    return f"did you mean `{close}`?" if close else ""


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """The choice that is closest to `name`, or None when none is close.

    Of more than a thousand choices only the first ones count.
    """
    from difflib import get_close_matches

    if len(name) > _LONGEST:
        return None
    near = islice((choice for choice in sorted(choices) if len(choice) <= _LONGEST), _MOST)
    close = get_close_matches(name, near, n=1, cutoff=0.6)
    return close[0] if close else None
