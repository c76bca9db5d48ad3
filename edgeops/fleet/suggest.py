"""Did you mean: the hint for a name that is not there."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """A hint naming the choice that is closest to `name`, or `""` when none is close."""
    from difflib import get_close_matches

    close = get_close_matches(name, sorted(choices), n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else ""
