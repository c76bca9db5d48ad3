"""The paths of data in model.yaml, and what is wrong with them as texts."""

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
    """The JSON pointer of each path in the `spec` of a model file, and the path."""
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
    """Why a path cannot be read, and what to do about it; None where it can."""
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
    """What a reserved folder holds, under any name that some file system takes for it."""
    if is_name_of(name, STATE):
        return "keys and caches"
    return "git's own files" if is_name_of(name, ".git") else None


def normal(path: str) -> str:
    """The path without `.` and `..`: no link is followed, so nobody sees the difference."""
    return posixpath.normpath(path)
