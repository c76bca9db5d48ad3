"""The data paths in model.yaml, checked without the file system."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from edgeops.source.state import STATE, is_name_of

HINT = (
    "keep the data in the repository, or name its folder with --data-dir DIR"
    " and write the path from there"
)


def data_paths(spec: Any) -> Iterator[tuple[str, str]]:
    """The JSON pointer and the path of each data file in the `spec` of a model file."""
    data = spec.get("data") if isinstance(spec, dict) else None
    if not isinstance(data, dict):
        return
    for keys in (("path",), ("table", "path"), ("events",), ("weather", "path")):
        value: Any = data
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str):
            yield "/".join(("/spec/data", *keys)), value


def path_fault(path: str) -> tuple[str, str] | None:
    """Why a path is not allowed, and a hint; None if it is allowed."""
    if path.startswith("/"):
        return "is an absolute path", HINT
    parts = normal(path).split("/")
    if parts[0] == "..":
        return "leads out of the repository", HINT
    for part in parts:
        if held := _held(part):
            return f"is in {part}/, which holds {held}", "keep data in a folder of its own"
    return None


def _held(name: str) -> str | None:
    """The content of a reserved folder, by any name that a file system treats as the same."""
    if is_name_of(name, STATE):
        return "keys and caches"
    return "git's own files" if is_name_of(name, ".git") else None


def normal(path: str) -> str:
    """The path without `.` and `..`; this is safe because links are not followed."""
    return posixpath.normpath(path)
