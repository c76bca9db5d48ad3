"""What stands for a missing value in a table: the same in training as in a file for a device."""

from __future__ import annotations

_WORDS = frozenset({"", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "-", "--", "?"})


def is_gap(cell: str) -> bool:
    """Whether a cell of a table says that there is no value."""
    return cell.strip().lower() in _WORDS
