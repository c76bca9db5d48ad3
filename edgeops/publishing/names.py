"""The names that the files of a release may have on a device."""

from __future__ import annotations

import re
from collections.abc import Iterable

from edgeops.errors import UsageError

MAX_FILES = 50
MAX_NAME = 128

# As `name` of a file in schemas/modelrelease.schema.json.
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")
_OF_THE_LOADER = ("current.json", "own")


def name_fault(name: str) -> str | None:
    """Why a file cannot have this name on a device; None if it can."""
    if len(name) > MAX_NAME:
        return f"it has {len(name)} characters; at most {MAX_NAME} are allowed"
    for part in name.split("/"):
        if not _PART.fullmatch(part):
            return (
                "a name has letters, digits, _ . + and -, in parts separated by /,"
                " none of which begins with . + or -"
            )
        if part.lower() in _OF_THE_LOADER:
            return f"`{part}` has a meaning of its own on devices"
    return None


def check_names(names: Iterable[str]) -> None:
    """Raise `UsageError` if a name is not possible, or two of them exclude each other.

    Names that differ only in case are one name on some file systems.
    """
    hint = "give it another name with --file NAME=PATH"
    seen: dict[str, str] = {}
    for name in names:
        if fault := name_fault(name):
            raise UsageError(f"a file cannot be named {name!r} on devices: {fault}", hint)
        if other := seen.get(name.lower()):
            raise UsageError(f"two files would be named {other} and {name} on devices", hint)
        seen[name.lower()] = name
    for low, name in seen.items():
        parts = low.split("/")
        for count in range(1, len(parts)):
            if file := seen.get("/".join(parts[:count])):
                raise UsageError(f"{file} would be a file and the folder of {name}", hint)
    if len(seen) > MAX_FILES:
        raise UsageError(
            f"a release has at most {MAX_FILES} files, not {len(seen)}",
            "publish an archive, which the module that uses it unpacks",
        )
